"""Texture augmentation (paper, section 4.2): what changes a photo's look and not its shapes.

Every operation takes and returns (h, w, 3) uint8 RGB. The four enhancements mean what
Pillow's ImageEnhance means: a blend of the photo (factor 1) with its degenerate (factor 0).
"""

import cv2
import numpy as np

PROBABILITY = 0.5
NOISE_SIGMA = 10.0
BLUR_KERNELS = (3, 5)
COLOUR = (0.4, 1.7)
BRIGHTNESS = (0.4, 1.7)
CONTRAST = (0.6, 1.5)
SHARPNESS = (0.8, 1.3)
DARK = (0.05, 0.5)
"""Factors of `darken`; not in the paper."""

_LUMA = np.array([0.299, 0.587, 0.114])
_SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]], np.float32) / 13
"""The kernel that Pillow's sharpness blends with."""


def noise(rgb: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
    """Adds Gaussian noise of standard deviation `sigma` grey levels, drawn for every value."""
    drawn = rng.standard_normal(rgb.shape, np.float32)
    drawn *= sigma
    return cv2.add(rgb, drawn, dtype=cv2.CV_8U)


def blur(rgb: np.ndarray, kernel: int) -> np.ndarray:
    """Gaussian blur with an odd kernel size; OpenCV derives the standard deviation from it."""
    return cv2.GaussianBlur(rgb, (kernel, kernel), 0)


def colour(rgb: np.ndarray, factor: float) -> np.ndarray:
    """Saturation: factor 0 is grey (ITU-R 601 luma)."""
    return cv2.transform(rgb, factor * np.eye(3) + (1 - factor) * _LUMA)


def brightness(rgb: np.ndarray, factor: float) -> np.ndarray:
    """Brightness: factor 0 is black."""
    return cv2.addWeighted(rgb, factor, rgb, 0, 0)


def contrast(rgb: np.ndarray, factor: float) -> np.ndarray:
    """Contrast: factor 0 is the photo's mean grey everywhere."""
    mean = int(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).mean() + 0.5)
    return cv2.addWeighted(rgb, factor, rgb, 0, (1 - factor) * mean)


def sharpness(rgb: np.ndarray, factor: float) -> np.ndarray:
    """Sharpness: factor 0 is smoothed by a 3×3 kernel; the outermost pixels stay as they are."""
    smooth = rgb.copy()
    smooth[1:-1, 1:-1] = cv2.filter2D(rgb, -1, _SMOOTH)[1:-1, 1:-1]
    return cv2.addWeighted(rgb, factor, smooth, 1 - factor, 0)


def darken(rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The photo in less light, by a factor within `DARK` whose logarithm is uniform."""
    return brightness(rgb, float(np.exp(rng.uniform(*np.log(DARK)))))


def change_authors(rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A′ as the authors' code makes it.

    One coin for all four enhancements, their factors in steps of 0.1 without the top; then, each
    with probability 0.5, a blur (30 % Gaussian, 30 % median, 40 % box) and noise of σ ~ U(0, 10).
    """
    enhanced, blurred, noised = rng.random(3) < PROBABILITY
    bounds = (COLOUR, BRIGHTNESS, CONTRAST, SHARPNESS)
    factors = [rng.integers(round(10 * low), round(10 * high)) / 10 for low, high in bounds]
    kernel = int(BLUR_KERNELS[rng.integers(len(BLUR_KERNELS))])
    which, sigma = rng.random(), rng.uniform(0, NOISE_SIGMA)
    if enhanced:
        for operation, factor in zip((colour, brightness, contrast, sharpness), factors, strict=True):
            rgb = operation(rgb, factor)
    if blurred:
        if which < 0.3:
            rgb = blur(rgb, kernel)
        else:
            rgb = cv2.medianBlur(rgb, kernel) if which < 0.6 else cv2.blur(rgb, (kernel, kernel))
    return noise(rgb, sigma, rng) if noised else rgb


def change(rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A′ from A: the six operations in the paper's order, each with probability 0.5."""
    chosen = rng.random(6) < PROBABILITY
    kernel = BLUR_KERNELS[rng.integers(len(BLUR_KERNELS))]
    factors = [rng.uniform(*bounds) for bounds in (COLOUR, BRIGHTNESS, CONTRAST, SHARPNESS)]
    if chosen[0]:
        rgb = noise(rgb, NOISE_SIGMA, rng)
    if chosen[1]:
        rgb = blur(rgb, kernel)
    for applied, operation, factor in zip(chosen[2:], (colour, brightness, contrast, sharpness), factors, strict=True):
        if applied:
            rgb = operation(rgb, factor)
    return rgb
