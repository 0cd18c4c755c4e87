"""A photo and its foreground probability → what people want to look at."""

import cv2
import numpy as np

BLUR_SHARE = 0.03
"""Standard deviation of the background blur, as a share of the photo's longer side."""

BLUR_SIDE = 512
"""Longer side, pixels, at which the background is blurred."""


def cut_out(rgb: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 and (h, w) float32 0..1 → (h, w, 4) uint8 RGBA, the probability as opacity."""
    alpha = np.rint(probability * 255).astype(np.uint8)
    return np.dstack([rgb, alpha])


def over(rgb: np.ndarray, probability: np.ndarray, background: np.ndarray) -> np.ndarray:
    """The person of `rgb` in front of `background`; all (h, w, 3) uint8, probability (h, w) float32 0..1."""
    alpha = probability[..., None]
    return np.rint(rgb * alpha + background * (1 - alpha)).astype(np.uint8)


def blurred(rgb: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """The photo's background (h, w, 3) uint8, out of focus and without the person's colours in it.

    Each background pixel weighs as much as it is background (normalised convolution); a plain blur
    would smear the person into a halo.
    """
    height, width = rgb.shape[:2]
    # What is blurred has no detail: a small copy gives the same picture in a fraction of the time.
    scale = min(1.0, BLUR_SIDE / max(height, width))
    small, at = (cv2.resize(one, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) for one in (rgb, probability))
    sigma = BLUR_SHARE * max(small.shape[:2])
    weight = (1 - at[..., None]).astype(np.float32) + 1e-3
    spread = cv2.GaussianBlur(small * weight, (0, 0), sigma) / cv2.GaussianBlur(weight, (0, 0), sigma)[..., None]
    background = np.clip(np.rint(spread), 0, 255).astype(np.uint8)
    return cv2.resize(background, (width, height), interpolation=cv2.INTER_LINEAR)


def filled(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """A picture (h, w, 3) uint8 scaled and cropped about its centre to fill height × width."""
    scale = max(height / picture.shape[0], width / picture.shape[1])
    size = (max(width, round(picture.shape[1] * scale)), max(height, round(picture.shape[0] * scale)))
    scaled = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    top, left = (scaled.shape[0] - height) // 2, (scaled.shape[1] - width) // 2
    return scaled[top : top + height, left : left + width]
