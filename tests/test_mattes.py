"""The matting errors on paper, and against SciPy."""

import json

import cv2
import numpy as np
import pytest
from scipy import ndimage

import pnet_tf
from helpers import portrait, write_photo
from pnet_tf.metrics import mattes


def soft(seed: int = 0, size: tuple[int, int] = (60, 80)) -> np.ndarray:
    noise = np.random.default_rng(seed).random(size)
    smooth = ndimage.gaussian_filter(noise, 6)
    return np.clip((smooth - 0.5) * 12 + 0.5, 0, 1).astype(np.float32)


def test_equal_opacities_have_no_error():
    mine = mattes.Mattes()
    mine.add(soft(), soft())
    assert mine.result() == {"sad": 0, "mse": 0, "gradient_error": 0, "connectivity_error": 0}
    assert mattes.Mattes().result() == {}


def test_sums_on_paper():
    """A tenth off on 2,000 pixels, half of the picture."""
    true = np.zeros((40, 100), np.float32)
    predicted = true.copy()
    predicted[:, :50] = 0.1
    assert mattes.sad(predicted, true) == pytest.approx(0.2)
    assert mattes.mse(predicted, true) == pytest.approx(0.005)


def test_gradients_are_those_of_scipys_gaussian():
    """Up to the norm: SciPy's derivative sums to the slope, the benchmark's kernels have unit length."""
    predicted, true = soft(1), soft(2)
    half = 4
    impulse = np.zeros((41, 41))
    impulse[20, 20] = 1
    kernel = ndimage.gaussian_filter(impulse, mattes.SIGMA, order=(0, 1), truncate=half / mattes.SIGMA)
    norm = np.sqrt((kernel**2).sum())

    def slopes(alpha: np.ndarray) -> np.ndarray:
        parts = [
            ndimage.gaussian_filter(
                alpha.astype(float), mattes.SIGMA, order=order, mode="nearest", truncate=half / mattes.SIGMA
            )
            for order in ((0, 1), (1, 0))
        ]
        return np.hypot(*parts) / norm

    expected = ((slopes(predicted) - slopes(true)) ** 2).sum() / 1000
    assert mattes.gradient_error(predicted, true) == pytest.approx(expected, rel=0.02)


def test_connectivity_by_scipys_labels():
    predicted, true = soft(3), soft(4)
    height = np.full(true.shape, np.nan)
    for level in range(1, 11):
        labels, count = ndimage.label((predicted >= level / 10) & (true >= level / 10))
        sizes = ndimage.sum_labels(np.ones_like(labels), labels, range(1, count + 1))
        inside = labels == 1 + np.argmax(sizes) if count else np.zeros(true.shape, bool)
        height[np.isnan(height) & ~inside] = (level - 1) / 10
    height[np.isnan(height)] = 1
    degrees = [1 - np.where(alpha - height >= 0.15, alpha - height, 0) for alpha in (predicted, true)]
    expected = np.abs(degrees[0] - degrees[1]).sum() / 1000
    assert mattes.connectivity_error(predicted, true) == pytest.approx(expected, abs=1e-3)


def test_an_island_is_not_connected():
    """A hand that floats: the right sum of opacity in the wrong place of the body costs connectivity alone."""
    true = np.zeros((40, 40), np.float32)
    true[10:30, 5:25] = 1
    floating = true.copy()
    floating[15:20, 30:35] = 1
    assert mattes.connectivity_error(floating, true) == pytest.approx(25 / 1000)


def test_the_tool_scores_grey_labels(tmp_path, capsys):
    from pnet_tf_tools import evaluate

    rgb, mask = portrait(0)
    write_photo(tmp_path / "Images/a.png", rgb)
    (tmp_path / "Labels").mkdir()
    opacity = cv2.GaussianBlur(mask * 255, (9, 9), 0)
    cv2.imwrite(str(tmp_path / "Labels/a.png"), opacity)
    flags = ["--model=portraitnet", f"--input_dir={tmp_path}", f"--json={tmp_path}/e.json", "--mattes"]
    assert evaluate.main(flags) == 0
    found = json.loads((tmp_path / "e.json").read_text())["mattes"]
    expected = mattes.mse(pnet_tf.load()(rgb), opacity / 255)
    assert found["mse"] == pytest.approx(expected, rel=1e-4)
    assert "connectivity_error" in capsys.readouterr().out
    assert evaluate.main(["--model=portraitnet", f"--records={tmp_path}/*", "--mattes"]) == 1
    assert "--mattes: records hold no opacities" in capsys.readouterr().err
