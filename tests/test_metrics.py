"""Metrics on masks whose fractions can be counted by eye."""

import numpy as np
import pytest
from scipy import ndimage

from pnet_tf.metrics import masks

# label       prediction     true positive 2, false negative 1, false positive 1, true negative 2
# 1 1 1       1 1 0          foreground 2/4, background 2/4
# 0 0 0       1 0 0
LABELS = np.array([[1, 1, 1], [0, 0, 0]], np.uint8)
PREDICTED = np.array([[1, 1, 0], [1, 0, 0]], bool)


def test_confusion_is_label_by_prediction():
    assert masks.confusion(PREDICTED, LABELS).tolist() == [[2, 1], [1, 2]]


def test_iou_of_each_class():
    counts = np.array([[5, 1], [2, 4]])
    assert masks.iou(counts, 1) == 4 / 7
    assert masks.iou(counts, 0) == 5 / 8


def test_empty_masks_agree():
    counts = masks.confusion(np.zeros((2, 2), bool), np.zeros((2, 2), np.uint8))
    assert masks.iou(counts, 1) == 1.0
    assert masks.boundary_iou(np.zeros((9, 9), bool), np.zeros((9, 9), np.uint8)) == 1.0


def test_ignored_pixels_do_not_count():
    labels = LABELS.copy()
    labels[0, 2] = labels[1, 0] = 255  # the two mistakes
    assert masks.confusion(PREDICTED, labels).tolist() == [[2, 0], [0, 2]]


def test_the_three_definitions_differ_over_a_set():
    scores = masks.Scores()
    scores.add(PREDICTED, LABELS)  # foreground 1/2, background 1/2
    labels = np.zeros((2, 6), np.uint8)
    labels[:, :1] = 1
    scores.add(labels == 1, labels)  # perfect: 2 foreground, 10 background pixels
    result = scores.result()
    assert result["foreground_iou"] == pytest.approx((1 / 2 + 1) / 2)
    assert result["class_mean_iou"] == pytest.approx((1 / 2 + 1) / 2)
    # Over all pixels: foreground (2+2)/(4+2), background (2+10)/(4+10).
    assert result["two_class_iou"] == pytest.approx((4 / 6 + 12 / 14) / 2)


def test_boundary_iou_of_nested_squares():
    # 40×30 pixels: diagonal 50, band 1 pixel. A 10×10 square has 36 boundary pixels, its 10×9
    # part 34. They share top and bottom rows of 9, and the left column between them: 9 + 9 + 8.
    labels = np.zeros((30, 40), np.uint8)
    labels[5:15, 5:15] = 1
    predicted = np.zeros((30, 40), bool)
    predicted[5:15, 5:14] = True
    assert masks.boundary_iou(predicted, labels) == pytest.approx(26 / (36 + 34 - 26))


def test_the_frame_is_an_edge_for_boundary_iou():
    # A mask that fills the picture has a band along the frame: 30×40 less 28×38 inside.
    full = np.ones((30, 40), np.uint8)
    half = np.zeros((30, 40), bool)
    assert masks.boundary_iou(half, full) == 0.0
    assert masks._inner_band(full == 1, 1).sum() == 30 * 40 - 28 * 38


def test_mean_edge_iou_on_a_strip():
    """A foreground strip five pixels wide along the left frame: distances to background 5, 4, 3, 2, 1."""
    labels = np.zeros((40, 30), np.uint8)
    labels[:, :5] = 1
    predicted = np.zeros((40, 30), bool)
    predicted[:, :4] = True  # misses the outermost column
    predicted[:, 20:] = True  # false positives, which this metric does not see
    weights = {sigma: [np.exp(-(d**2) / (2 * sigma**2)) for d in (5, 4, 3, 2, 1)] for sigma in (3, 80)}
    found = masks.mean_edge_iou(predicted, labels)
    for sigma, (*hit, missed) in weights.items():
        assert found[sigma] == pytest.approx(sum(hit) / (sum(hit) + missed), rel=1e-5)
    assert found[3] < found[5] < found[80] < 0.81  # wide weights approach the plain share of 4/5
    assert masks.mean_edge_iou(labels == 1, labels) == dict.fromkeys(masks.EDGE_SIGMAS, 1.0)


def test_boundary_f_score_of_shifted_squares():
    # 300×400 pixels: diagonal 500, tolerance 3.75. A shift by 3 is within it, by 8 only where edges cross.
    labels = np.zeros((300, 400), np.uint8)
    labels[100:200, 100:200] = 1
    near, far = (np.roll(labels == 1, shift, axis=1) for shift in (3, 8))
    assert masks.boundary_f_score(labels == 1, labels) == 1.0
    assert masks.boundary_f_score(near, labels) == 1.0
    # Of 396 contour pixels all but the two upright sides match; those keep only what lies within reach of a
    # corner: 3 rows at either end, and 4 columns of the overhang are too far, one is within.
    assert 0.45 < masks.boundary_f_score(far, labels) < 0.55
    assert masks.boundary_f_score(np.zeros((300, 400), bool), labels) == 0.0


def test_the_frame_is_no_contour_for_the_f_score():
    labels = np.ones((30, 40), np.uint8)
    assert masks.boundary_f_score(np.ones((30, 40), bool), labels) == 1.0
    labels[:, 20:] = 0
    assert masks._contour(labels == 1).sum() == 30


def test_figures_come_by_name_and_in_order():
    scores = masks.Scores()
    scores.add(PREDICTED, LABELS)
    assert list(scores.result()) == list(masks.DEFINITIONS)
    assert {f"mean_edge_iou_{sigma}" for sigma in (3, 5, 10, 20, 40, 80)} < set(masks.DEFINITIONS)


def blobs(seed: int, height: int = 60, width: int = 80) -> tuple[np.ndarray, np.ndarray]:
    """A prediction and a label that agree in part: smoothed noise, thresholded twice."""
    noise = np.random.default_rng(seed).normal(size=(2, height, width))
    shared, other = (ndimage.gaussian_filter(one, 6) / ndimage.gaussian_filter(one, 6).std() for one in noise)
    return shared + 0.4 * other > 0, (shared > 0).astype(np.uint8)


@pytest.mark.parametrize("seed", range(3))
def test_against_keras(seed):
    from pnet_tf.stack import keras

    predicted, labels = blobs(seed)
    scores = masks.Scores()
    single = scores.add(predicted, labels)
    foreground, both = keras.metrics.BinaryIoU(target_class_ids=[1]), keras.metrics.MeanIoU(num_classes=2)
    for metric in (foreground, both):
        metric.update_state(labels, predicted.astype(np.uint8))
    assert single["foreground_iou"] == pytest.approx(float(foreground.result()), abs=1e-6)
    assert single["class_mean_iou"] == pytest.approx(float(both.result()), abs=1e-6)
    more_predicted, more_labels = blobs(seed + 10)
    scores.add(more_predicted, more_labels)
    both.update_state(more_labels, more_predicted.astype(np.uint8))
    assert scores.result()["two_class_iou"] == pytest.approx(float(both.result()), abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_against_scipy(seed):
    """The boundary figures again, with SciPy's morphology and distances, as their papers define them."""
    predicted, labels = blobs(seed)  # diagonal 100: a band of 2 pixels, contours within 0.75
    label, square = labels == 1, np.ones((3, 3), bool)

    bands = [one & ~ndimage.binary_erosion(one, square, iterations=2) for one in (predicted, label)]
    assert masks.boundary_iou(predicted, labels) == pytest.approx(
        (bands[0] & bands[1]).sum() / (bands[0] | bands[1]).sum()
    )

    depth = ndimage.distance_transform_edt(label)
    for sigma, found in masks.mean_edge_iou(predicted, labels).items():
        weight = np.exp(-(depth**2) / (2 * sigma**2)) * label
        assert found == pytest.approx(
            (weight * (predicted & label)).sum() / (weight * (predicted | label)).sum(), rel=1e-5
        )

    ours, theirs = (one & ~ndimage.binary_erosion(one, square, border_value=1) for one in (predicted, label))
    precision = (ndimage.distance_transform_edt(~theirs)[ours] <= 0.75).mean()
    recall = (ndimage.distance_transform_edt(~ours)[theirs] <= 0.75).mean()
    assert 0.1 < precision < 0.9
    expected = 2 * precision * recall / (precision + recall)
    assert masks.boundary_f_score(predicted, labels) == pytest.approx(expected)


def test_what_is_predicted_on_ignored_pixels_changes_no_figure():
    predicted, labels = blobs(0)
    labels[20:40, 30:60] = 255
    other = predicted ^ ((labels == 255) & (np.random.default_rng(0).random(labels.shape) < 0.5))
    assert (other != predicted).sum() > 100
    assert masks.Scores().add(predicted, labels) == pytest.approx(masks.Scores().add(other, labels))


def test_edge_weight_on_a_disc():
    """Equation 12 on a shape with known distances: 1 at the edge's limit, e^(-1/2) where the distance is σ."""
    y, x = np.mgrid[-40:41, -40:41]
    distance = masks.boundary_distance(np.hypot(x, y) < 30)
    # Along a row through the centre: pixel x = 0 has 30 to the first outside one, x = 20 has 10, x = 29 has 1.
    assert [distance[40, 40 + at] for at in (0, 20, 29, 30)] == pytest.approx([30, 10, 1, 0], abs=1e-5)
    weight = masks.edge_weight(distance, 10)
    assert weight[40, 60] == pytest.approx(np.exp(-1 / 2))
    assert weight[40, 40] == pytest.approx(np.exp(-9 / 2))
    assert weight[40, 70] == 0.0
