"""Mask cross-entropy (equations 1 and 5)."""

from pnet_tf import fields
from pnet_tf.losses.pixels import mean_of_labelled
from pnet_tf.stack import tf


def mask_cross_entropy(labels: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor | None = None) -> tf.Tensor:
    """Two-class softmax cross-entropy, mean over the pixels that count.

    −(1/n) Σ log softmax(z)[y], where the paper writes the sum.

    Args:
      labels: (B, H, W) integer of BACKGROUND, FOREGROUND; IGNORE pixels count nowhere.
      logits: (B, H, W, 2) float32.
      weights: (B, H, W) float32 of the pixels in the mean, see `pixels.emphasis`; all alike by default.

    Returns:
      A float32 scalar; 0 if every pixel is ignored.
    """
    return soft_cross_entropy(labels, tf.cast(tf.equal(labels, fields.FOREGROUND), tf.float32), logits, weights)


def soft_cross_entropy(
    labels: tf.Tensor, foreground: tf.Tensor, logits: tf.Tensor, weights: tf.Tensor | None = None
) -> tf.Tensor:
    """Cross-entropy to a foreground probability instead of a class (Hinton et al., "Distilling the Knowledge", 2015).

    Args:
      labels: (B, H, W) integer; IGNORE pixels count nowhere.
      foreground: (B, H, W) float32 target probability 0..1.
      logits: (B, H, W, 2) float32.
      weights: as in `mask_cross_entropy`.

    Returns:
      A float32 scalar; 0 if every pixel is ignored.
    """
    # Two classes: softmax cross-entropy of z is sigmoid cross-entropy of z[1] − z[0].
    per_pixel = tf.nn.sigmoid_cross_entropy_with_logits(foreground, logits[..., 1] - logits[..., 0])
    return mean_of_labelled(per_pixel, labels, weights)
