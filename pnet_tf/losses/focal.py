"""Focal boundary loss (equation 2; Lin et al., "Focal Loss for Dense Object Detection", 2017)."""

from pnet_tf import fields
from pnet_tf.stack import tf


def boundary_focal(labels: tf.Tensor, logits: tf.Tensor, gamma: float) -> tf.Tensor:
    """Two-class focal loss without α, mean over pixels.

    −(1/n) Σ (1 − p_y)^γ log p_y with p = softmax(z); γ = 0 is cross-entropy. The gradient runs
    through the factor too, as equation 2 has it.

    Args:
      labels: (B, H, W) integer of BACKGROUND, FOREGROUND.
      logits: (B, H, W, 2) float32.
      gamma: focusing exponent, at least 0.

    Returns:
      A float32 scalar.
    """
    foreground = tf.cast(tf.equal(labels, fields.FOREGROUND), tf.float32)
    margin = logits[..., 1] - logits[..., 0]
    cross_entropy = tf.nn.sigmoid_cross_entropy_with_logits(foreground, margin)
    # 1 − p_y as a sigmoid of its own: exact where p_y is within rounding of 1, and its logarithm finite.
    log_miss = tf.math.log_sigmoid(tf.where(foreground > 0, -margin, margin))
    return tf.reduce_mean(tf.exp(gamma * log_miss) * cross_entropy)
