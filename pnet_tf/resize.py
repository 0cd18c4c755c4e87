"""Photos of any size to the network's and masks back again: letterbox or stretch.

A leaf that evaluation, data and the runtime share, so that they cannot disagree.
"""

import dataclasses

import cv2
import numpy as np

BORDER = 128
"""Grey value around a letterboxed photo, as in the authors' test code."""


@dataclasses.dataclass(frozen=True)
class Placement:
    """Where a photo of `height` × `width` lies inside the network's input (pixels; whole ones from `place`)."""

    top: float
    left: float
    inner_height: float
    inner_width: float
    height: int
    width: int


def place(height: int, width: int, target_height: int, target_width: int, mode: str) -> Placement:
    """The placement of a photo; mode "letterbox" keeps its aspect ratio and centres it, "stretch" fills."""
    if mode == "stretch":
        return Placement(0, 0, target_height, target_width, height, width)
    scale = min(target_height / height, target_width / width)
    inner_height = min(target_height, max(1, round(height * scale)))
    inner_width = min(target_width, max(1, round(width * scale)))
    top, left = (target_height - inner_height) // 2, (target_width - inner_width) // 2
    return Placement(top, left, inner_height, inner_width, height, width)


def _scaled(image: np.ndarray, height: int, width: int) -> np.ndarray:
    shrinks = height < image.shape[0] or width < image.shape[1]
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def enlarged(inside: np.ndarray, height: int, width: int) -> np.ndarray:
    """(h, w) float32 on the network's grid → (height, width), bilinear."""
    return _scaled(inside, height, width)


def fit_photo(rgb: np.ndarray, target_height: int, target_width: int, mode: str) -> tuple[np.ndarray, Placement]:
    """(h, w, 3) uint8 → (target_height, target_width, 3) uint8 with a grey border, and its placement.

    Shrinks by area averaging, enlarges bilinearly.
    """
    at = place(*rgb.shape[:2], target_height, target_width, mode)
    canvas = np.full((target_height, target_width, 3), BORDER, np.uint8)
    canvas[at.top : at.top + at.inner_height, at.left : at.left + at.inner_width] = _scaled(
        rgb, at.inner_height, at.inner_width
    )
    return canvas, at


def fit_mask(mask: np.ndarray, target_height: int, target_width: int, mode: str, border: int = 0) -> np.ndarray:
    """(h, w) uint8 labels → (target_height, target_width) uint8, nearest, `border` around it."""
    at = place(*mask.shape, target_height, target_width, mode)
    canvas = np.full((target_height, target_width), border, np.uint8)
    canvas[at.top : at.top + at.inner_height, at.left : at.left + at.inner_width] = cv2.resize(
        mask, (at.inner_width, at.inner_height), interpolation=cv2.INTER_NEAREST_EXACT
    )
    return canvas


def inner(probability: np.ndarray, at: Placement) -> np.ndarray:
    """What of the network's (H, W) answer is the photo, without the letterbox's border."""
    return np.ascontiguousarray(probability[at.top : at.top + at.inner_height, at.left : at.left + at.inner_width])


def unfit(probability: np.ndarray, at: Placement) -> np.ndarray:
    """The network's (H, W) float32 answer at the photo's own (height, width), bilinear."""
    return _scaled(inner(probability, at), at.height, at.width)
