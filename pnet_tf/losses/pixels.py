"""The mean that all losses take: over the pixels that somebody labelled."""

from pnet_tf import fields
from pnet_tf.stack import tf


def mean_of_labelled(per_pixel: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Mean of (B, H, W) float32 over the pixels whose label is not IGNORE; 0 if there are none."""
    counted = tf.cast(tf.not_equal(labels, fields.IGNORE), tf.float32)
    return tf.math.divide_no_nan(tf.reduce_sum(per_pixel * counted), tf.reduce_sum(counted))
