"""Consistency constraint loss (equations 6 and 9)."""

from pnet_tf.losses.pixels import mean_of_labelled
from pnet_tf.stack import tf


def consistency_kl(
    teacher_logits: tf.Tensor, student_logits: tf.Tensor, temperature: float, labels: tf.Tensor
) -> tf.Tensor:
    """KL divergence of the student's soft labels from the teacher's, times T², mean over the pixels that count.

    (T²/n) Σ q · log(q / q′) with q = softmax(teacher / T), q′ = softmax(student / T), summed over
    the classes. The teacher, the clean view A, gets no gradient.

    Args:
      teacher_logits, student_logits: (B, H, W, 2) float32.
      temperature: T > 0.
      labels: (B, H, W) integer mask labels, of which only IGNORE matters: such pixels count nowhere.

    Returns:
      A float32 scalar, at least 0.
    """
    teacher, student = ((one[..., 1] - one[..., 0]) / temperature for one in (teacher_logits, student_logits))
    teacher = tf.stop_gradient(teacher)
    # Two classes: the divergence is the cross-entropy to q less q's own, both stable for large logits.
    q = tf.sigmoid(teacher)
    cross_entropy, entropy = (tf.nn.sigmoid_cross_entropy_with_logits(q, one) for one in (student, teacher))
    return mean_of_labelled(cross_entropy - entropy, labels) * temperature**2
