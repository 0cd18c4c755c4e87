"""The full objective (equation 13): L = L′m + α·Lc + β·Le."""

from pnet_tf import config, fields
from pnet_tf.losses.consistency import consistency_kl
from pnet_tf.losses.focal import boundary_focal
from pnet_tf.losses.pixels import emphasis
from pnet_tf.losses.segmentation import mask_cross_entropy, soft_cross_entropy
from pnet_tf.stack import tf


def objective(
    clean: dict[str, tf.Tensor], textured: dict[str, tf.Tensor], batch: dict[str, tf.Tensor], weights: config.Loss
) -> dict[str, tf.Tensor]:
    """Total and parts for one batch of paired views.

    Args:
      clean, textured: what the network says of A and A′: MASK_LOGITS, and BOUNDARY_LOGITS where the boundary has a
        weight, each (B, H, W, 2) float32.
      batch: MASK and BOUNDARY labels, (B, H, W); TEACHER (B, H, W) uint8 where distillation has a weight. Where
        the mask is IGNORE, no term counts.
      weights: α, β, γ and T; of distillation and boundary emphasis, which the paper lacks.

    Returns:
      Float32 scalars LOSS_TOTAL, LOSS_MASK (both views, equation 5), LOSS_BOUNDARY (mean of the
      views that carry it), LOSS_CONSISTENCY and LOSS_DISTILLATION (both views); all parts unweighted. A term
      of weight 0 is 0 and costs nothing.
    """
    mask = batch[fields.MASK]
    # A boundary label knows of no ignored pixels; the mask does.
    boundary = tf.where(mask == fields.IGNORE, mask, batch[fields.BOUNDARY])
    pixel_weights = emphasis(boundary, weights.boundary_emphasis) if weights.boundary_emphasis else None
    mask_loss = sum(mask_cross_entropy(mask, view[fields.MASK_LOGITS], pixel_weights) for view in (clean, textured))
    boundary_loss = consistency_loss = distillation_loss = tf.constant(0.0)
    if weights.boundary_weight:
        views = {"both": (clean, textured), "clean": (clean,), "textured": (textured,)}[weights.boundary_views]
        boundary_loss = sum(
            boundary_focal(boundary, view[fields.BOUNDARY_LOGITS], weights.focal_gamma, weights.focal_factor_gradient)
            for view in views
        ) / len(views)
    if weights.consistency_weight:
        consistency_loss = consistency_kl(
            clean[fields.MASK_LOGITS], textured[fields.MASK_LOGITS], weights.temperature, mask
        )
    if weights.distillation_weight:
        soft = tf.cast(batch[fields.TEACHER], tf.float32) / 255.0
        distillation_loss = sum(
            soft_cross_entropy(mask, soft, view[fields.MASK_LOGITS], pixel_weights) for view in (clean, textured)
        )
    total = mask_loss + weights.consistency_weight * consistency_loss + weights.boundary_weight * boundary_loss
    total += weights.distillation_weight * distillation_loss
    return {
        fields.LOSS_TOTAL: total,
        fields.LOSS_MASK: mask_loss,
        fields.LOSS_BOUNDARY: boundary_loss,
        fields.LOSS_CONSISTENCY: consistency_loss,
        fields.LOSS_DISTILLATION: distillation_loss,
    }
