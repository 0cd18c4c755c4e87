"""Losses against arithmetic done on paper."""

import math

import numpy as np
import pytest

from pnet_tf import config, fields
from pnet_tf.losses.consistency import consistency_kl
from pnet_tf.losses.focal import boundary_focal
from pnet_tf.losses.objective import objective
from pnet_tf.losses.pixels import emphasis
from pnet_tf.losses.segmentation import mask_cross_entropy, soft_cross_entropy
from pnet_tf.stack import tf


def logits(*margins: float) -> tf.Tensor:
    """One row of pixels whose foreground logit exceeds the background's by these margins (plus a shift of 3)."""
    return tf.constant([[[[3.0, 3.0 + margin] for margin in margins]]], tf.float32)


def labels(*values: int) -> tf.Tensor:
    return tf.constant([[values]], tf.uint8)


LN3 = math.log(3)  # a margin of ln 3 means a foreground probability of 3/4


def test_cross_entropy_is_the_mean_of_logarithms():
    # −(ln 3/4 + ln 1/2) / 2 for a foreground pixel at 3/4 and a background pixel at 1/2.
    value = mask_cross_entropy(labels(1, 0), logits(LN3, 0.0))
    assert float(value) == pytest.approx((math.log(4 / 3) + math.log(2)) / 2, abs=1e-6)


def test_soft_cross_entropy_on_paper():
    # Target 1/4 at a probability of 3/4: −(1/4 ln 3/4 + 3/4 ln 1/4); the ignored pixel counts nowhere.
    value = soft_cross_entropy(labels(1, 255), tf.constant([[[0.25, 1.0]]]), logits(LN3, -9.0))
    assert float(value) == pytest.approx(-(0.25 * math.log(0.75) + 0.75 * math.log(0.25)), abs=1e-6)


def test_soft_cross_entropy_is_least_where_the_probability_is_the_target():
    z = tf.Variable(logits(LN3))
    with tf.GradientTape() as tape:
        value = soft_cross_entropy(labels(0), tf.constant([[[0.75]]]), z)
    assert np.abs(tape.gradient(value, z)).max() < 1e-6


def test_ignored_pixels_count_nowhere():
    value = mask_cross_entropy(labels(1, 255), logits(LN3, 40.0))
    assert float(value) == pytest.approx(math.log(4 / 3), abs=1e-6)
    assert float(mask_cross_entropy(labels(255, 255), logits(1.0, 2.0))) == 0.0


def test_focal_at_gamma_zero_is_cross_entropy():
    z, y = logits(LN3, -1.0, 0.3), labels(1, 1, 0)
    assert float(boundary_focal(y, z, 0.0)) == pytest.approx(float(mask_cross_entropy(y, z)), abs=1e-6)


def test_focal_on_paper():
    # p = 3/4 on a foreground pixel: (1/4)² · ln(4/3); on a background pixel: (3/4)² · ln 4.
    expected = (math.log(4 / 3) / 16 + 9 / 16 * math.log(4)) / 2
    assert float(boundary_focal(labels(1, 0), logits(LN3, LN3), 2.0)) == pytest.approx(expected, abs=1e-6)


def test_kl_on_paper():
    # q = (1/4, 3/4) against (1/2, 1/2): ln 2 + (1/4) ln 1/4 + (3/4) ln 3/4.
    expected = math.log(2) + 0.25 * math.log(0.25) + 0.75 * math.log(0.75)
    assert float(consistency_kl(logits(LN3), logits(0.0), 1.0, labels(0))) == pytest.approx(expected, abs=1e-6)


def test_temperature_divides_logits_and_multiplies_by_its_square():
    # At T = 2 a margin of 2·ln 3 is what ln 3 is at T = 1.
    hot = float(consistency_kl(logits(2 * LN3), logits(0.0), 2.0, labels(0)))
    assert hot == pytest.approx(4 * float(consistency_kl(logits(LN3), logits(0.0), 1.0, labels(0))), rel=1e-5)


def test_equal_logits_have_no_divergence():
    assert float(consistency_kl(logits(1.5, -80.0), logits(1.5, -80.0), 1.0, labels(0, 1))) == pytest.approx(
        0.0, abs=1e-7
    )


def test_teacher_gets_no_gradient():
    teacher, student = tf.Variable(logits(1.0)), tf.Variable(logits(-1.0))
    with tf.GradientTape() as tape:
        loss = consistency_kl(teacher, student, 1.0, labels(1))
    to_teacher, to_student = tape.gradient(loss, [teacher, student])
    assert to_teacher is None
    assert np.abs(to_student).max() > 0.1


@pytest.mark.parametrize("margin", [-100.0, 100.0])
@pytest.mark.parametrize("label", [0, 1])
def test_extreme_logits_stay_finite(margin, label):
    z = tf.Variable(logits(margin))
    for loss in (
        lambda: mask_cross_entropy(labels(label), z),
        lambda: boundary_focal(labels(label), z, 2.0),
        lambda: boundary_focal(labels(label), z, 0.5),
        lambda: consistency_kl(logits(-margin), z, 1.0, labels(label)),
    ):
        with tf.GradientTape() as tape:
            value = loss()
        assert np.isfinite(value)
        assert np.isfinite(tape.gradient(value, z)).all()


def test_objective_is_the_weighted_sum():
    views = [
        {fields.MASK_LOGITS: logits(LN3, 0.0), fields.BOUNDARY_LOGITS: logits(0.0, LN3)},
        {fields.MASK_LOGITS: logits(0.0, 1.0), fields.BOUNDARY_LOGITS: logits(1.0, -1.0)},
    ]
    batch = {fields.MASK: labels(1, 0), fields.BOUNDARY: labels(0, 1)}
    weights = config.Loss(boundary_weight=0.3, consistency_weight=2.0)
    parts = {name: float(value) for name, value in objective(*views, batch, weights).items()}
    assert parts["loss"] == pytest.approx(
        parts["mask_loss"] + 2 * parts["consistency_loss"] + 0.3 * parts["boundary_loss"], rel=1e-6
    )
    both = sum(float(mask_cross_entropy(batch[fields.MASK], view[fields.MASK_LOGITS])) for view in views)
    assert parts["mask_loss"] == pytest.approx(both, rel=1e-6)


def test_distillation_learns_from_both_views():
    views = [{fields.MASK_LOGITS: logits(margin), fields.BOUNDARY_LOGITS: logits(0.0)} for margin in (LN3, 0.0)]
    batch = {fields.MASK: labels(1), fields.BOUNDARY: labels(0), fields.TEACHER: labels(51)}
    weights = config.Loss(boundary_weight=0.0, consistency_weight=0.0, distillation_weight=0.5)
    parts = {name: float(value) for name, value in objective(*views, batch, weights).items()}
    # Target 51/255 = 1/5 at 3/4 and at 1/2.
    expected = -(math.log(0.75) / 5 + math.log(0.25) * 4 / 5) + math.log(2)
    assert parts["distillation_loss"] == pytest.approx(expected, abs=1e-6)
    assert parts["loss"] == pytest.approx(parts["mask_loss"] + 0.5 * expected, abs=1e-6)


def test_emphasis_reaches_two_pixels_from_the_boundary():
    line = np.zeros((1, 7, 9), np.uint8)
    line[0, 3, 4], line[0, 0, 0] = 1, fields.IGNORE
    expected = np.ones((7, 9))
    expected[1:6, 2:7] = 4
    assert np.array_equal(emphasis(line, 3.0)[0], expected)


def test_emphasis_weighs_the_mean():
    # Weights 3, 3, 3, 1: a mistake of ln 2 on three pixels and of ln 4/3 on the last, at a tenth of the whole.
    batch = {fields.MASK: labels(1, 1, 1, 1), fields.BOUNDARY: labels(1, 0, 0, 0), fields.TEACHER: labels(*[255] * 4)}
    view = {fields.MASK_LOGITS: logits(0.0, 0.0, 0.0, LN3), fields.BOUNDARY_LOGITS: logits(0.0, 0.0, 0.0, 0.0)}
    weights = config.Loss(boundary_emphasis=2.0, distillation_weight=1.0)
    parts = objective(view, view, batch, weights)
    expected = 2 * (9 * math.log(2) + math.log(4 / 3)) / 10
    assert float(parts["mask_loss"]) == pytest.approx(expected, abs=1e-6)
    assert float(parts["distillation_loss"]) == pytest.approx(expected, abs=1e-6)


def test_weight_zero_switches_a_term_off():
    view = {fields.MASK_LOGITS: logits(LN3), fields.BOUNDARY_LOGITS: logits(0.0)}
    other = {fields.MASK_LOGITS: logits(0.0), fields.BOUNDARY_LOGITS: logits(0.0)}
    batch = {fields.MASK: labels(1), fields.BOUNDARY: labels(1)}
    parts = objective(view, other, batch, config.Loss(boundary_weight=0.0, consistency_weight=0.0))
    assert float(parts["boundary_loss"]) == float(parts["consistency_loss"]) == 0.0
    assert float(parts["loss"]) == float(parts["mask_loss"])


def test_focal_factor_without_gradient():
    """At p = 3/4 of a foreground pixel: dL/dz = −(1 − p)² · (1 − p) with the factor constant."""
    for factor_gradient in (True, False):
        z = tf.Variable(logits(LN3))
        with tf.GradientTape() as tape:
            loss = boundary_focal(labels(1), z, 2.0, factor_gradient)
        gradient = float(tape.gradient(loss, z)[0, 0, 0, 1])
        constant = -((1 / 4) ** 2) * (1 / 4)
        through = constant - 2 * (1 / 4) ** 2 * (3 / 4) * math.log(4 / 3)  # d(1 − p)²/dz = −2(1 − p)·p(1 − p)
        assert gradient == pytest.approx(through if factor_gradient else constant, rel=1e-5)


def test_boundary_loss_on_chosen_views():
    same = {fields.MASK_LOGITS: logits(0.0)}
    clean, textured = {**same, fields.BOUNDARY_LOGITS: logits(0.0)}, {**same, fields.BOUNDARY_LOGITS: logits(LN3)}
    batch = {fields.MASK: labels(1), fields.BOUNDARY: labels(1)}
    found = {
        views: float(objective(clean, textured, batch, config.Loss(boundary_views=views))["boundary_loss"])
        for views in ("clean", "textured", "both")
    }
    assert found["clean"] == pytest.approx(math.log(2) / 4)
    assert found["textured"] == pytest.approx(math.log(4 / 3) / 16)
    assert found["both"] == pytest.approx((found["clean"] + found["textured"]) / 2)


def test_an_ignored_pixel_counts_in_no_term_and_gets_no_gradient():
    """The same batch with and without a pixel that nobody labelled, at logits that would cost 100."""
    weights = config.Loss(boundary_weight=0.3, consistency_weight=2.0)

    def losses(*margins: float) -> tuple[dict, list[np.ndarray]]:
        views = [{name: tf.Variable(logits(*(sign * m for m in margins))) for name in names} for sign in (1, -1)]
        marks = [[1, 255][: len(margins)], [0, 1][: len(margins)]]
        batch = {fields.MASK: labels(*marks[0]), fields.BOUNDARY: labels(*marks[1])}
        with tf.GradientTape() as tape:
            parts = objective(*views, batch, weights)
        variables = [view[name] for view in views for name in names]
        return parts, [one.numpy() for one in tape.gradient(parts[fields.LOSS_TOTAL], variables)]

    names = (fields.MASK_LOGITS, fields.BOUNDARY_LOGITS)
    (alone, _), (beside, gradients) = losses(LN3), losses(LN3, 100.0)
    for name, value in alone.items():
        assert float(beside[name]) == pytest.approx(float(value), rel=1e-6)
    for gradient in gradients:
        assert np.abs(gradient[:, :, 1]).max() == 0.0 and np.abs(gradient[:, :, 0]).max() > 0.0


def test_focal_at_gamma_zero_has_the_gradient_of_cross_entropy():
    gradients = []
    for loss in (lambda z: boundary_focal(labels(1, 0), z, 0.0), lambda z: mask_cross_entropy(labels(1, 0), z)):
        z = tf.Variable(logits(LN3, -1.0))
        with tf.GradientTape() as tape:
            value = loss(z)
        gradients.append(tape.gradient(value, z).numpy())
    assert gradients[0] == pytest.approx(gradients[1], abs=1e-6)
    assert gradients[1][0, 0, 0, 1] == pytest.approx((3 / 4 - 1) / 2, abs=1e-6)  # p − y, mean of two pixels
