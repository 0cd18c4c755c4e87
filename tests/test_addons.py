"""Our operations against tensorflow-addons', which computes them by code of its own."""

import dataclasses
import math

import cv2
import numpy as np
import pytest

from helpers import portrait
from pnet_tf.data import geometry, texture
from pnet_tf.losses.focal import boundary_focal
from pnet_tf.metrics import masks
from pnet_tf.resize import BORDER, Placement, place
from pnet_tf.stack import tf

tfa = pytest.importorskip(
    "tensorflow_addons", reason="tensorflow-addons imports with TensorFlow before 2.16 alone: make test-addons"
)

HEIGHT, WIDTH = 60, 48


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def photo(height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """Uneven everywhere, but at most some ten grey levels from a pixel to the next."""
    return cv2.resize(
        rng().integers(0, 256, (6, 5, 3)).astype(np.uint8), (width, height), interpolation=cv2.INTER_CUBIC
    )


def noise() -> np.ndarray:
    return rng().integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)


def largest_difference(ours: np.ndarray, theirs: tf.Tensor) -> float:
    return float(np.abs(ours.astype(np.float32) - theirs.numpy().astype(np.float32)).max())


# ── deformation: OpenCV's positions are multiples of 1/32 pixel, and it rounds to a grey level ──


def whole() -> Placement:
    return place(HEIGHT, WIDTH, HEIGHT, WIDTH, "letterbox")


def deformed(image: np.ndarray, **values) -> np.ndarray:
    edge_map = geometry.matrix(geometry.Deformation(**values), whole(), HEIGHT, WIDTH)
    return geometry.warp_photo(image, edge_map, HEIGHT, WIDTH)


def addons_transform(image: np.ndarray, edge_map: np.ndarray, interpolation: str, fill: int) -> tf.Tensor:
    """Addons' eight numbers lead from the output's pixel centres, which have whole coordinates, to the input's."""
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    back = np.linalg.inv(half) @ np.linalg.inv(edge_map) @ half
    return tfa.image.transform(
        tf.constant(image, tf.float32),
        back.ravel()[:8],
        interpolation,
        output_shape=(HEIGHT, WIDTH),
        fill_value=float(fill),
    )


def any_map(seed: int) -> np.ndarray:
    """From a photo of 90×110, turned, zoomed, shifted and sometimes mirrored."""
    drawn = geometry.draw_authors(np.random.default_rng(seed))
    drawn = dataclasses.replace(drawn, shift_x=0.05 * seed, shift_y=-0.03 * seed)
    return geometry.matrix(drawn, place(90, 110, HEIGHT, WIDTH, "letterbox"), HEIGHT, WIDTH)


@pytest.mark.parametrize("seed", range(6))
def test_warp_of_photo_and_teacher(seed):
    """The borders included."""
    image = photo(90, 110)
    edge_map = any_map(seed)
    ours = geometry.warp_photo(image, edge_map, HEIGHT, WIDTH)
    steepest = max(np.abs(np.diff(image.astype(np.float32), axis=axis)).max() for axis in (0, 1))
    theirs = addons_transform(image, edge_map, "bilinear", BORDER)
    # Along the border, grey lies beside any other value: there a 1/64 pixel is worth up to 2 levels an axis.
    assert largest_difference(ours, theirs) <= 1 + 2 * max(steepest, BORDER) / 64
    assert np.abs(ours - theirs.numpy()).mean() < 0.5
    teacher = geometry.warp_teacher(image[..., 0], edge_map, HEIGHT, WIDTH)
    theirs = addons_transform(image[..., :1], edge_map, "bilinear", 0)[..., 0]
    assert largest_difference(teacher, theirs) <= 1 + 2 * 255 / 64


@pytest.mark.parametrize("seed", range(6))
def test_warp_of_a_mask(seed):
    """Nearest neighbours may differ where a position is halfway between two of them, to 1/32 pixel."""
    _, mask = portrait(seed, 90, 110)
    edge_map = any_map(seed)
    ours = geometry.warp_mask(mask, edge_map, HEIGHT, WIDTH)
    theirs = addons_transform(mask[..., None], edge_map, "nearest", 0)[..., 0].numpy()
    assert set(np.unique(ours)) == {0, 1} and (ours != theirs).mean() < 0.002


@pytest.mark.parametrize("angle", [-45.0, -10.0, 30.0])
def test_rotation(angle):
    """Both turn counter-clockwise about the photo's middle."""
    theirs = tfa.image.rotate(tf.constant(photo(), tf.float32), np.radians(angle), "bilinear", fill_value=float(BORDER))
    assert largest_difference(deformed(photo(), angle=angle), theirs) <= 1 + 2 * BORDER / 64


def test_translation():
    """Whole pixels: nothing to interpolate."""
    moved = deformed(photo(), shift_x=12 / WIDTH, shift_y=-15 / HEIGHT)
    theirs = tfa.image.translate(tf.constant(photo(), tf.float32), [12, -15], fill_value=float(BORDER))
    assert largest_difference(moved, theirs) == 0


# ── texture ──────────────────────────────────────────────────────────────────


def test_blur_of_3_pixels():
    """OpenCV's kernel 1/4 1/2 1/4 is a Gaussian of σ = 1/√(2 ln 2): exp(−1/2σ²) = 1/2. Frames are mirrored by both."""
    theirs = tfa.image.gaussian_filter2d(tf.constant(noise(), tf.float32), 3, 1 / math.sqrt(2 * math.log(2)))
    assert largest_difference(texture.blur(noise(), 3), theirs) <= 0.51


def test_blur_of_5_pixels():
    """OpenCV's kernel 1/16 1/4 3/8 1/4 1/16 is binomial, addons' is 0.071 0.244 0.370 …: σ = 0.3·(5/2 − 1.5) + 0.8.

    Their outer products lie Σ|difference| = 0.0573 apart, so that photos within ±127.5 of mid-grey differ by
    at most 7.3 levels.
    """
    theirs = tfa.image.gaussian_filter2d(tf.constant(noise(), tf.float32), 5, 1.1)
    assert largest_difference(texture.blur(noise(), 5), theirs) <= 7.3 + 0.5


@pytest.mark.parametrize("factor", [0.0, 0.8, 1.0, 1.3, 2.0])
def test_sharpness(factor):
    """Both mean Pillow's. Ours rounds the smoothed photo and the blend, addons cuts both off: below 1.5 each."""
    limit = 1 + 1.5 * abs(1 - factor)
    assert largest_difference(texture.sharpness(noise(), factor), tfa.image.sharpness(noise(), factor)) <= limit


# ── loss and metric ──────────────────────────────────────────────────────────


@pytest.mark.parametrize("gamma", [0.0, 1.0, 2.0, 3.5])
def test_focal_loss_and_its_gradient(gamma):
    labels = tf.constant(rng().integers(0, 2, (2, 8, 9)))
    logits = tf.constant(rng().normal(0, 3, (2, 8, 9, 2)), tf.float32)
    theirs = tfa.losses.SigmoidFocalCrossEntropy(
        from_logits=True, alpha=0.0, gamma=gamma, reduction=tf.keras.losses.Reduction.NONE
    )
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(logits)
        margin = (logits[..., 1] - logits[..., 0])[..., None]
        expected = tf.reduce_mean(theirs(tf.cast(labels, tf.float32)[..., None], margin))
        loss = boundary_focal(labels, logits, gamma)
    assert float(loss) == pytest.approx(float(expected), rel=1e-5)
    gradients = [tape.gradient(one, logits).numpy() for one in (loss, expected)]
    assert np.abs(gradients[0] - gradients[1]).max() < 1e-6


@pytest.mark.parametrize("seed", range(3))
def test_distance_to_the_boundary(seed):
    _, mask = portrait(seed, 120, 90)
    theirs = tfa.image.euclidean_dist_transform(tf.constant(mask[..., None] * np.uint8(255)))[..., 0]
    assert theirs.numpy().max() > 20
    assert largest_difference(masks.boundary_distance(mask == 1), theirs) < 1e-3


@pytest.mark.parametrize("sigma", masks.EDGE_SIGMAS)
def test_mean_edge_iou(sigma):
    """Equations 11 and 12 once more, on addons' distances."""
    (_, mask), (_, other) = portrait(1, 120, 90), portrait(2, 120, 90)
    distance = tfa.image.euclidean_dist_transform(tf.constant(mask[..., None] * np.uint8(255)))[..., 0].numpy()
    weight = np.exp(-(distance[mask == 1] ** 2) / (2 * sigma**2))
    expected = weight[other[mask == 1] == 1].sum() / weight.sum()
    assert 0.3 < expected < 0.99
    assert masks.mean_edge_iou(other == 1, mask)[sigma] == pytest.approx(expected, rel=1e-4)
