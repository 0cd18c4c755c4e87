"""The person's own colours where opacity is between 0 and 1, without the old background.

A pixel there is a mixture, I = αF + (1 − α)B. After Forte, "Approximate Fast Foreground Colour Estimation" (2021): F
and B are first guessed as the mean colours of sure foreground and background around, then F takes up what the mixture
leaves unexplained. The guesses are smooth, so they are made on a small copy.
"""

import cv2
import numpy as np

from pnet_tf.cutout import refine

SIDE = 384
"""Longer side, pixels, of the small copy."""

SIGMAS = (1.5, 6.0, 24.0)
"""Standard deviations, pixels of the small copy, of ever wider neighbourhoods: the first with sure pixels counts."""

_AT_ONCE = 1 << 19


def _guess(small: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Mean colours (h, w, 3) float32 around each pixel of those that weigh; narrow neighbourhoods before wide ones."""
    total, share = np.zeros_like(small), np.full(weight.shape, 1e-6, np.float32)
    for sigma in SIGMAS:
        near = cv2.GaussianBlur(weight, (0, 0), sigma)
        colour = cv2.GaussianBlur(small * weight[..., None], (0, 0), sigma)
        left = 1 - np.minimum(share, 1)
        total += colour * left[..., None] * 8
        share += near * left * 8
    return total / share[..., None]


def _sure(opacity: np.ndarray, value: int) -> np.ndarray:
    return (opacity == value).astype(np.float32)


def foreground(rgb: np.ndarray, opacity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The person's colours in the band.

    Args:
      rgb: (h, w, 3) uint8.
      opacity: (h, w) uint8.

    Returns:
      (n,) int64, the band's pixels as positions in the flattened photo, and (n, 3) uint8, their colours.
    """
    band = np.flatnonzero((opacity > 0) & (opacity < 255))
    if not len(band):
        return band, np.empty((0, 3), np.uint8)
    height, width = opacity.shape
    scale = min(1.0, SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    at = cv2.resize(opacity, size, interpolation=cv2.INTER_AREA)
    ours, theirs = _guess(small, _sure(at, 255)), _guess(small, _sure(at, 0))
    fields = np.concatenate([ours, theirs], axis=2)
    colours, alphas, found = rgb.reshape(-1, 3), opacity.reshape(-1), np.empty((len(band), 3), np.uint8)
    for start in range(0, len(band), _AT_ONCE):
        chosen = band[start : start + _AT_ONCE]
        rows, columns = np.divmod(chosen, width)
        guess = refine.sampled(
            fields, (columns + 0.5) * (size[0] / width) - 0.5, (rows + 0.5) * (size[1] / height) - 0.5
        )
        alpha = alphas[chosen, None].astype(np.float32) / 255
        mine, other = guess[:, :3], guess[:, 3:]
        mine = mine + alpha * (colours[chosen] - alpha * mine - (1 - alpha) * other)
        found[start : start + len(chosen)] = np.rint(np.clip(mine, 0, 255)).astype(np.uint8)
    return band, found
