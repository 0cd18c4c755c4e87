"""What the tests of augmentations draw with: how often, from what, and a picture with detail everywhere."""

import cv2
import numpy as np

DRAWS = 4000


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def noisy(seed: int = 0, size: tuple[int, int] = (60, 50)) -> np.ndarray:
    smooth = cv2.resize(rng(seed).integers(0, 256, (6, 5, 3)).astype(np.uint8), size[::-1])
    return cv2.add(smooth, rng(seed).normal(0, 20, smooth.shape), dtype=cv2.CV_8U)
