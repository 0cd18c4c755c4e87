"""The mean that all losses take: over the pixels that somebody labelled, alike or those near the boundary more."""

from pnet_tf import fields
from pnet_tf.stack import tf

NEAR = 5
"""Side, in pixels, of the square around a pixel in which a boundary label makes it a pixel near the boundary."""


def emphasis(boundary: tf.Tensor, extra: float) -> tf.Tensor:
    """Weights of the pixels: 1, and 1 + `extra` near the boundary.

    Args:
      boundary: (B, H, W) integer boundary labels; IGNORE is no boundary.
      extra: not negative.

    Returns:
      (B, H, W) float32.
    """
    line = tf.cast(tf.equal(boundary, fields.FOREGROUND), tf.float32)[..., None]
    return 1.0 + extra * tf.nn.max_pool2d(line, NEAR, 1, "SAME")[..., 0]


def mean_of_labelled(per_pixel: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor | None = None) -> tf.Tensor:
    """Weighted mean of (B, H, W) float32 over the pixels whose label is not IGNORE; 0 if there are none."""
    counted = tf.cast(tf.not_equal(labels, fields.IGNORE), tf.float32)
    if weights is not None:
        counted *= weights
    return tf.math.divide_no_nan(tf.reduce_sum(per_pixel * counted), tf.reduce_sum(counted))
