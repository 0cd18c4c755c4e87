"""The person's own colours where opacity is between 0 and 1, without the old background.

A pixel there is a mixture, I = αF + (1 − α)B. After Forte, "Approximate Fast Foreground Colour Estimation" (2021): F
and B are first guessed as the mean colours of sure foreground and background around, then F takes up what the mixture
leaves unexplained. The guesses are smooth, so they are made on a small copy.
"""

import cv2
import numpy as np

from pnet_tf.cutout import refine

SIDE = 256
"""Longer side, pixels, of the small copy."""

SIGMA = 1.5
"""Standard deviation of a neighbourhood, in pixels of the copy at each of its sizes."""

SHRINK = 4
LEVELS = 3
"""The copy, and ever smaller ones: a narrow neighbourhood counts where it has sure pixels, a wider one elsewhere."""

TRUST = 0.02
"""Weight of the wider neighbourhood's colour, where a narrow one full of sure pixels weighs 1."""

_AT_ONCE = 1 << 19


def _guess(small: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Mean colours (h, w, 3) float32 around each pixel of those that weigh; narrow neighbourhoods before wide ones."""
    levels = [np.dstack([small * weight[..., None], weight])]
    for _ in range(LEVELS - 1):
        height, width = (max(1, round(side / SHRINK)) for side in levels[-1].shape[:2])
        levels.append(cv2.resize(levels[-1], (width, height), interpolation=cv2.INTER_AREA))
    total = levels[-1].sum((0, 1))
    colour = total[:3] / max(total[3], 1e-6)
    guess = np.broadcast_to(colour.astype(np.float32), (*levels[-1].shape[:2], 3))
    for level in reversed(levels):
        near = cv2.GaussianBlur(level, (0, 0), SIGMA)
        wide = cv2.resize(np.ascontiguousarray(guess), level.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        guess = (near[..., :3] + TRUST * wide) / (near[..., 3:] + TRUST)
    return guess


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
