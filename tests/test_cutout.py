"""From probability to picture, each stage by itself."""

import numpy as np
import pytest

from pnet_tf.cutout import colours, compose, opacity, refine
from pnet_tf.cutout.matte import Matte


def halves(height: int = 120, width: int = 160) -> tuple[np.ndarray, np.ndarray]:
    """A photo, dark on the left and light on the right, and its opacity: the right half."""
    rgb = np.full((height, width, 3), 40, np.uint8)
    rgb[:, width // 2 :] = 210
    alpha = np.zeros((height, width), np.uint8)
    alpha[:, width // 2 :] = 255
    return rgb, alpha


def test_doubt_becomes_0_and_1_and_one_half_stays():
    found = opacity.ramp(np.array([0, 0.05, opacity.LOW, 0.5, opacity.HIGH, 0.97, 1], np.float32))
    assert found == pytest.approx([0, 0, 0, 0.5, 1, 1, 1])


def blobs() -> np.ndarray:
    """100×100: a person of 40×40 with a pinhole, somebody else of 12×12, and a crumb of 2×2 with a soft rim."""
    probability = np.zeros((100, 100), np.float32)
    probability[10:50, 10:50] = 1
    probability[30, 30] = 0.3
    probability[70:82, 70:82] = 0.9
    probability[5:9, 89:93] = 0.4
    probability[6:8, 90:92] = 0.7
    return probability


def test_everybody_stays_and_crumbs_go():
    found = opacity.without_crumbs(blobs())
    assert found[5:9, 89:93].max() == 0  # the crumb with its rim
    assert (found[70:82, 70:82] == blobs()[70:82, 70:82]).all()
    assert found[30, 30] == 1  # the pinhole
    largest = opacity.without_crumbs(blobs(), "largest")
    assert largest[60:].max() == 0 and largest[40, 40] == 1


def test_an_empty_picture_and_a_hole_under_an_arm_stay_as_they_are():
    nobody = np.full((50, 50), 0.1, np.float32)
    assert opacity.without_crumbs(nobody) is nobody
    arm = np.zeros((100, 100), np.float32)
    arm[10:90, 10:90] = 1
    arm[40:50, 40:50] = 0
    assert np.array_equal(opacity.without_crumbs(arm), arm)


def test_doubt_far_from_an_edge_is_decided():
    """A person in the left half: beside it a shine of 0.4, in it a doubt of 0.6, and a soft rim of five columns."""
    probability = np.zeros((60, 100), np.float32)
    probability[:, :50] = 1
    probability[:, 48:53] = [0.9, 0.7, 0.5, 0.3, 0.1]
    probability[20:40, 80:90], probability[20:40, 5:15] = 0.4, 0.6
    found = opacity.decided(probability)
    assert found[30, 85] == 0 and found[30, 10] == 1
    assert np.array_equal(found[:, 48:53], probability[:, 48:53])  # the rim stays as soft as it was
    assert np.array_equal(found > 0.5, probability > 0.5)


@pytest.mark.parametrize("value", [0.4, 0.6])
def test_a_picture_of_one_side_alone_is_decided(value):
    assert (opacity.decided(np.full((20, 20), value, np.float32)) == round(value)).all()


def test_the_edge_follows_the_photo():
    """On the grid the edge lies two photo pixels off; the photo's own edge wins."""
    rgb, alpha = halves()
    small = rgb[::4, ::4]
    probability = (alpha[::4, ::4] / np.float32(255)).copy()
    probability[:, 20] = 0.5  # the grid's first column of the right half is in doubt
    plain = refine.at_photo_size(rgb, small, probability, refine=False)
    refined = refine.at_photo_size(rgb, small, probability)
    wrong = [np.abs(one.astype(int) - alpha).mean() for one in (plain, refined)]
    assert wrong[1] < 0.35 * wrong[0]
    assert (refined[:, :60] == 0).all() and (refined[:, 100:] == 255).all()


def test_the_filter_is_the_papers():
    """He and Sun 2015 by its definition, a window at a time, inside the border."""
    rng = np.random.default_rng(0)
    grey, probability = rng.random((2, 24, 30)).astype(np.float32)
    radius = refine.RADIUS

    def window(values: np.ndarray, y: int, x: int) -> np.ndarray:
        return values[y - radius : y + radius + 1, x - radius : x + radius + 1].astype(np.float64)

    a, b = np.zeros((2, 24, 30))
    for y in range(radius, 24 - radius):
        for x in range(radius, 30 - radius):
            g, p = window(grey, y, x), window(probability, y, x)
            a[y, x] = ((g * p).mean() - g.mean() * p.mean()) / (g.var() + refine.EPSILON)
            b[y, x] = p.mean() - a[y, x] * g.mean()
    found = refine.coefficients(grey, probability)
    for y, x in ((10, 12), (8, 20), (15, 9)):
        assert found[y, x] == pytest.approx([window(a, y, x).mean(), window(b, y, x).mean()], abs=1e-4)


@pytest.mark.parametrize("size", [(120, 160), (37, 1000), (1, 1), (700, 900)])
def test_every_size_has_an_opacity(size):
    rgb = np.full((*size, 3), 90, np.uint8)
    probability = np.full((28, 30), 0.5, np.float32)
    small = np.full((28, 30, 3), 90, np.uint8)
    found = refine.at_photo_size(rgb, small, probability)
    assert found.shape == size and abs(int(found.mean()) - 128) <= 1


def test_fields_are_sampled_bilinearly():
    fields = np.arange(12, dtype=np.float32).reshape(3, 4, 1)
    found = refine.sampled(fields, np.array([0, 1.5, 3, 9.0]), np.array([0, 0.5, 2, 9.0]))
    assert found[:, 0] == pytest.approx([0, 3.5, 11, 11], abs=0.05)


def test_the_persons_own_colours_without_the_old_background():
    """A skin-coloured person before saturated green: pixels half of each show skin when they are cut out."""
    skin, green = np.array([200, 140, 110]), np.array([0, 200, 0])
    alpha = np.zeros((80, 100), np.uint8)
    alpha[:, 50:] = 255
    alpha[:, 46:54] = np.linspace(0, 255, 8).astype(np.uint8)
    share = alpha[..., None] / 255
    rgb = np.rint(share * skin + (1 - share) * green).astype(np.uint8)
    band, found = colours.foreground(rgb, alpha)
    assert len(band) == 80 * 6
    assert np.abs(found - skin).max() <= 12
    mixed = rgb.reshape(-1, 3)[band]
    assert np.abs(mixed - skin).max() > 100


def test_nothing_is_sure_is_no_error():
    band, found = colours.foreground(np.full((4, 4, 3), 7, np.uint8), np.full((4, 4), 128, np.uint8))
    assert len(band) == len(found) == 16


def test_cut_out_and_over():
    rgb = np.full((1, 3, 3), 200, np.uint8)
    matte = Matte(rgb, np.array([[0, 64, 255]], np.uint8), own_colours=False)
    rgba = compose.cut_out(matte)
    assert rgba[0, :, 3].tolist() == [0, 64, 255] and (rgba[..., :3] == 200).all()
    assert compose.over(matte, np.zeros(3, np.uint8))[0, :, 0].tolist() == [0, round(200 * 64 / 255), 200]
    picture = np.full((2, 2, 3), 100, np.uint8)
    assert compose.over(matte, picture)[0, :, 1].tolist() == [100, round((200 * 64 + 100 * 191) / 255), 200]
    assert (picture == 100).all() and (rgb == 200).all()  # nobody's picture is painted on


def test_blur_keeps_the_person_out_of_the_background():
    """A white person before black: none of the white may leak into the background's blur."""
    _, alpha = halves(100, 100)
    found = compose.blurred(Matte(np.dstack([alpha] * 3), alpha))
    assert found[:, :45].max() <= 2
    assert (found[:, 50:] == 255).all()


@pytest.mark.parametrize("size", [(10, 40), (40, 10), (100, 100), (7, 7)])
def test_backdrop_fills_the_photo(size):
    assert compose.filled(np.zeros((*size, 3), np.uint8), 30, 20).shape == (30, 20, 3)
