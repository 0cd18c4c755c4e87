"""What people want of one picture, on a free photo: nothing behind, everything inside, no old colours at the rim."""

import pathlib
import sys

import cv2
import numpy as np
import pytest

import pnet_tf
from pnet_tf.cutout import compose
from pnet_tf.cutout.matte import Matte

pytest.importorskip("skimage")
DEMO = pathlib.Path(__file__).parents[1] / "tools/demo"
FAR = 0.05
"""Of the diagonal, from the mask's edge."""


@pytest.fixture(scope="module")
def photos():
    sys.path.insert(0, str(DEMO))
    import photos

    yield photos
    sys.path.remove(str(DEMO))


@pytest.fixture(scope="module")
def segmenter():
    return pnet_tf.load("portraitnet")


@pytest.fixture(scope="module")
def astronaut(photos):
    """The photo without its sides, its mask, and which pixels are far outside and far inside."""
    rgb, mask = (np.ascontiguousarray(one[:, 60:460]) for one in photos.portrait("astronaut"))
    far = FAR * np.hypot(*mask.shape)
    outside, inside = (
        cv2.distanceTransform(one.astype(np.uint8), cv2.DIST_L2, 5) > far for one in (mask < 128, mask > 127)
    )
    return rgb, mask, outside, inside


def test_nothing_is_left_of_the_room_and_nothing_lacks_inside(astronaut, segmenter):
    rgb, _, outside, inside = astronaut
    alpha = segmenter.cut_out(rgb)[..., 3]
    assert (alpha[outside] == 0).mean() >= 0.97
    assert (alpha[inside] == 255).mean() >= 0.97


def test_white_is_white(astronaut, segmenter):
    rgb, _, outside, _ = astronaut
    white = segmenter.replace(rgb, np.array([255, 255, 255]))
    assert (white[outside] == 255).all(-1).mean() >= 0.97


def green(rgb: np.ndarray) -> int:
    """Pixels whose green is over the other two by 40."""
    return int((rgb[..., 1].astype(int) - rgb[..., [0, 2]].max(-1) >= 40).sum())


def test_a_green_wall_leaves_no_rim(photos, segmenter):
    """The same person before saturated green, then on white; the enlarged answer with the mixed colours has a rim."""
    rgb = photos.picture("astronaut")
    alpha = cv2.imread(str(DEMO / "astronaut_opacity.png"), cv2.IMREAD_GRAYSCALE)
    before = compose.over(Matte(rgb, alpha), np.array([0, 255, 0], np.uint8))
    white = np.array([255, 255, 255], np.uint8)
    answer = np.rint(255 * segmenter(before)).astype(np.uint8)
    rim = green(compose.over(Matte(before, answer, own_colours=False), white))
    assert rim > 1000 and green(segmenter.replace(before, white)) < rim / 10
