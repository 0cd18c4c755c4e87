"""Focal boundary loss (equation 2; Lin et al., "Focal Loss for Dense Object Detection", 2017)."""

from pnet_tf import fields
from pnet_tf.losses.pixels import mean_of_labelled
from pnet_tf.stack import tf


def boundary_focal(labels: tf.Tensor, logits: tf.Tensor, gamma: float, factor_gradient: bool = True) -> tf.Tensor:
    """Two-class focal loss without α, mean over the pixels that count.

    −(1/n) Σ (1 − p_y)^γ log p_y with p = softmax(z); γ = 0 is cross-entropy.

    Args:
      labels: (B, H, W) integer of BACKGROUND, FOREGROUND; IGNORE pixels count nowhere.
      logits: (B, H, W, 2) float32.
      gamma: focusing exponent, at least 0.
      factor_gradient: whether the gradient runs through (1 − p_y)^γ, as equation 2 has it, or takes it for a
        constant, as the authors' code does.

    Returns:
      A float32 scalar.
    """
    foreground = tf.cast(tf.equal(labels, fields.FOREGROUND), tf.float32)
    margin = logits[..., 1] - logits[..., 0]
    cross_entropy = tf.nn.sigmoid_cross_entropy_with_logits(foreground, margin)
    # 1 − p_y as a sigmoid of its own: exact where p_y is within rounding of 1, and its logarithm finite.
    log_miss = tf.math.log_sigmoid(tf.where(foreground > 0, -margin, margin))
    factor = tf.exp(gamma * log_miss)
    return mean_of_labelled((factor if factor_gradient else tf.stop_gradient(factor)) * cross_entropy, labels)
