"""The deformations, the paper's and the authors', each against an independent source."""

import cv2
import numpy as np
import pytest

from draws import DRAWS, noisy, rng
from helpers import portrait
from pnet_tf import resize
from pnet_tf.data import geometry


def test_deformations_keep_to_the_papers_ranges():
    """Section 4.2: ±45°, 0.5–1.5, ±0.25, each with probability 0.5; four standard errors are 3.2 %."""
    source = rng()
    drawn = [geometry.draw(source) for _ in range(DRAWS)]
    for name, neutral, low, high in (
        ("angle", 0, -45, 45),
        ("scale", 1, 0.5, 1.5),
        ("shift_x", 0, -0.25, 0.25),
        ("shift_y", 0, -0.25, 0.25),
    ):
        values = np.array([getattr(one, name) for one in drawn])
        changed = values[values != neutral]
        assert len(changed) / DRAWS == pytest.approx(0.5, abs=0.032), name
        assert low <= changed.min() < low + 0.02 * (high - low), name
        assert high - 0.02 * (high - low) < changed.max() <= high, name
        assert changed.mean() == pytest.approx((low + high) / 2, abs=0.03 * (high - low)), name
    assert np.mean([one.flip for one in drawn]) == pytest.approx(0.5, abs=0.032)
    both = np.mean([one.flip and one.angle != 0 for one in drawn])
    assert both == pytest.approx(0.25, abs=0.032)  # independent of each other


def test_half_the_strength_halves_every_deformation():
    for seed in range(20):
        whole, half = geometry.draw(rng(seed)), geometry.draw(rng(seed), 0.5)
        assert half.flip == whole.flip
        assert half.scale - 1 == pytest.approx((whole.scale - 1) / 2)
        for name in ("angle", "shift_x", "shift_y"):
            assert getattr(half, name) == pytest.approx(getattr(whole, name) / 2)


def test_quarter_turns_are_those_of_numpy():
    labels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    for count in range(4):
        turned = np.rot90(labels, count)
        assert np.array_equal(geometry.warp_mask(labels, geometry.quarter_turns(3, 4, count), *turned.shape), turned)


def placed(height: int, width: int) -> resize.Placement:
    return resize.place(height, width, height, width, "letterbox")


def warped(image: np.ndarray, **values) -> np.ndarray:
    height, width = image.shape[:2]
    edge_map = geometry.matrix(geometry.Deformation(**values), placed(height, width), height, width)
    return geometry.warp_photo(image, edge_map, height, width)


def test_neutral_deformation_is_the_identity():
    assert np.array_equal(warped(noisy()), noisy())


def test_flip_mirrors_exactly():
    assert np.array_equal(warped(noisy(), flip=True), noisy()[:, ::-1])


def test_shift_moves_by_a_share_of_the_size():
    image = noisy(size=(40, 80))
    moved = warped(image, shift_x=0.25, shift_y=-0.25)
    assert np.array_equal(moved[:-10, 20:], image[10:, :-20])
    assert (moved[:, :20] == 128).all() and (moved[-10:] == 128).all()


def test_right_angle_turns_counter_clockwise():
    image = noisy(size=(40, 40))
    edge_map = geometry.matrix(geometry.Deformation(angle=90.0), placed(40, 40), 40, 40)
    assert np.array_equal(geometry.warp_photo(image, edge_map, 40, 40), np.rot90(image))


def test_rotation_and_zoom_equal_opencvs_own_matrix():
    """cv2.getRotationMatrix2D turns about a pixel's centre: (w − 1)/2 is the centre of the picture."""
    image = noisy(size=(50, 50))
    reference = cv2.warpAffine(
        image, cv2.getRotationMatrix2D((24.5, 24.5), 30, 1.3), (50, 50), borderValue=(128, 128, 128)
    )
    difference = cv2.absdiff(warped(image, angle=30.0, scale=1.3), reference)
    assert difference.max() <= 2


def test_mask_stays_on_the_photo():
    """A photo that is its own mask: after any deformation the two still agree, but for the edge's own pixels."""
    _, mask = portrait(3, 200, 150)
    photo = np.repeat(mask[..., None] * np.uint8(255), 3, -1)
    source = rng(1)
    for _ in range(30):
        edge_map = geometry.matrix(geometry.draw(source), resize.place(200, 150, 96, 96, "letterbox"), 96, 96)
        image, labels = geometry.warp_photo(photo, edge_map, 96, 96), geometry.warp_mask(mask, edge_map, 96, 96)
        inside = geometry.warp_mask(np.ones_like(mask), edge_map, 96, 96)
        differs = ((image[..., 0] > 127) != labels.astype(bool)) & (inside == 1)
        edge = cv2.dilate(labels, np.ones((3, 3), np.uint8)) - cv2.erode(labels, np.ones((3, 3), np.uint8))
        assert not (differs & (edge == 0) & (cv2.erode(inside, np.ones((3, 3), np.uint8)) == 1)).any()


def test_borders_are_grey_and_background():
    edge_map = geometry.matrix(geometry.Deformation(scale=0.5), placed(40, 40), 40, 40)
    photo = geometry.warp_photo(np.zeros((40, 40, 3), np.uint8), edge_map, 40, 40)
    mask = geometry.warp_mask(np.ones((40, 40), np.uint8), edge_map, 40, 40)
    assert (photo[:9] == 128).all() and mask[:9].sum() == 0
    assert (photo[11:29, 11:29] == 0).all() and mask[10:30, 10:30].all()


def test_the_authors_geometry():
    """Turned and zoomed always; the photo at the mean of both axes' scales, its jittered centre in the middle."""
    source = rng()
    drawn = [geometry.draw_authors(source) for _ in range(500)]
    assert all(one.angle != 0 and one.scale != 1 and one.shift_x == one.shift_y == 0 for one in drawn)
    for _ in range(50):
        at = geometry.place_authors(source, 800, 600, 224, 224)
        ratio = (224 / 800 + 224 / 600) / 2
        assert (at.inner_height, at.inner_width) == pytest.approx((800 * ratio, 600 * ratio))
        jitter = np.array([(112 - at.left) / ratio - 300, (112 - at.top) / ratio - 400])
        assert np.abs(jitter).max() <= 56
        edge_map = geometry.matrix(geometry.Deformation(angle=33, scale=1.2), at, 224, 224)
        centre = edge_map @ [jitter[0] + 300, jitter[1] + 400, 1]
        assert centre[:2] == pytest.approx([112, 112])
