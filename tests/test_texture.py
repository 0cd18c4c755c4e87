"""The changes of texture, the paper's and the authors', each against an independent source."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageEnhance

from draws import DRAWS, noisy, rng
from pnet_tf.data import texture


@pytest.mark.parametrize(
    ("ours", "pillows", "low", "high"),
    [
        (texture.colour, ImageEnhance.Color, 0.4, 1.7),
        (texture.brightness, ImageEnhance.Brightness, 0.4, 1.7),
        (texture.contrast, ImageEnhance.Contrast, 0.6, 1.5),
        (texture.sharpness, ImageEnhance.Sharpness, 0.8, 1.3),
    ],
)
def test_enhancements_equal_pillows(ours, pillows, low, high):
    image = noisy()
    for factor in np.linspace(low, high, 7):
        reference = np.asarray(pillows(Image.fromarray(image)).enhance(float(factor)))
        assert cv2.absdiff(ours(image, float(factor)), reference).max() <= 1
    assert np.array_equal(ours(image, 1.0), image)
    assert cv2.absdiff(ours(image, low), image).max() > 5


def test_noise_has_the_papers_deviation():
    grey = np.full((200, 200, 3), 128, np.uint8)
    drawn = texture.noise(grey, texture.NOISE_SIGMA, rng()).astype(np.float64) - 128
    assert drawn.mean() == pytest.approx(0, abs=0.15)
    assert drawn.std() == pytest.approx(10, abs=0.15)
    assert abs(np.corrcoef(drawn[..., 0].ravel(), drawn[..., 1].ravel())[0, 1]) < 0.02
    assert np.array_equal(texture.noise(grey, 0.0, rng()), grey)


@pytest.mark.parametrize("kernel", texture.BLUR_KERNELS)
def test_blur_is_a_normalised_kernel_of_its_size(kernel):
    point = np.zeros((11, 11, 3), np.uint8)
    point[5, 5] = 255
    spread = texture.blur(point, kernel)
    reach = kernel // 2
    assert spread[5 - reach : 6 + reach, 5 - reach : 6 + reach].min() > 0
    assert int(spread.sum()) == pytest.approx(3 * 255, abs=3 * kernel**2)
    outside = spread.copy()
    outside[5 - reach : 6 + reach, 5 - reach : 6 + reach] = 0
    assert outside.sum() == 0
    assert (texture.blur(np.full((9, 9, 3), 77, np.uint8), kernel) == 77).all()


def test_texture_draws_keep_to_the_papers_ranges(monkeypatch):
    """Every operation with probability 0.5, its factor over its whole range, in the paper's order."""
    calls: list[tuple[str, float]] = []
    for name in ("noise", "blur", "colour", "brightness", "contrast", "sharpness"):
        monkeypatch.setattr(texture, name, lambda image, value, *_, name=name: calls.append((name, value)) or image)
    source, image = rng(), np.zeros((2, 2, 3), np.uint8)
    order = ["noise", "blur", "colour", "brightness", "contrast", "sharpness"]
    for _ in range(DRAWS):
        before = len(calls)
        texture.change(image, source)
        ranks = [order.index(name) for name, _ in calls[before:]]
        assert ranks == sorted(ranks)
    for name, low, high in (
        ("noise", 10, 10),
        ("blur", 3, 5),
        ("colour", 0.4, 1.7),
        ("brightness", 0.4, 1.7),
        ("contrast", 0.6, 1.5),
        ("sharpness", 0.8, 1.3),
    ):
        values = np.array([value for called, value in calls if called == name])
        assert len(values) / DRAWS == pytest.approx(0.5, abs=0.032), name
        assert values.min() == pytest.approx(low, abs=0.01) and values.max() == pytest.approx(high, abs=0.01), name
    kernels = [value for called, value in calls if called == "blur"]
    assert set(kernels) == {3, 5} and np.mean(np.array(kernels) == 3) == pytest.approx(0.5, abs=0.05)


def test_the_authors_texture(monkeypatch):
    """One coin for all four enhancements, steps of 0.1 without the top, blur and noise after them."""
    calls: list[list] = []
    for name in ("noise", "blur", "colour", "brightness", "contrast", "sharpness"):
        monkeypatch.setattr(texture, name, lambda image, value, *_, name=name: calls[-1].append((name, value)) or image)
    source, image = rng(), np.zeros((8, 8, 3), np.uint8)
    for _ in range(DRAWS):
        calls.append([])
        texture.change_authors(image, source)
    enhancements = ["colour", "brightness", "contrast", "sharpness"]
    for call in calls:
        names = [name for name, _ in call if name in enhancements]
        assert names in ([], enhancements)
        assert [name for name, _ in call] == names + [name for name, _ in call if name not in enhancements]
    assert np.mean([bool(call) and call[0][0] == "colour" for call in calls]) == pytest.approx(0.5, abs=0.032)
    factors = {round(10 * value) for call in calls for name, value in call if name == "colour"}
    assert factors == set(range(4, 17))
    sigmas = [value for call in calls for name, value in call if name == "noise"]
    assert len(sigmas) / DRAWS == pytest.approx(0.5, abs=0.032) and np.mean(sigmas) == pytest.approx(5, abs=0.3)
    gaussian = np.mean([any(name == "blur" for name, _ in call) for call in calls])
    assert gaussian == pytest.approx(0.5 * 0.3, abs=0.025)
