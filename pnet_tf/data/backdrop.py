"""Another photo's background behind the person, so that no person is learnt by the wall behind.

In the spirit of copy-paste (Ghiasi et al., "Simple Copy-Paste", 2021); not in the paper.
"""

import cv2
import numpy as np

from pnet_tf import fields

_SMALL = 64
"""Side at which a person is painted over: what is left there is a blur, as many portraits have it."""

_LEAST = 0.05
"""Share of background that a photo must have to lend it."""


def without_person(rgb: np.ndarray, labels: np.ndarray) -> np.ndarray | None:
    """A photo whose person, and whatever is ignored, is painted over with the surroundings.

    Args:
      rgb: (h, w, 3) uint8.
      labels: uint8 of BACKGROUND, FOREGROUND, IGNORE, of any size.

    Returns:
      (h, w, 3) uint8, or None where hardly any background is left to paint with.
    """
    person = (labels != fields.BACKGROUND).astype(np.float32)
    covered = cv2.resize(person, (_SMALL, _SMALL), interpolation=cv2.INTER_AREA)
    hole = cv2.dilate(covered, np.ones((5, 5), np.uint8)) > 0
    if hole.mean() > 1 - _LEAST:
        return None
    height, width = rgb.shape[:2]
    small = cv2.resize(rgb, (_SMALL, _SMALL), interpolation=cv2.INTER_AREA)
    filled = cv2.inpaint(small, hole.astype(np.uint8), 3, cv2.INPAINT_TELEA)
    share = cv2.GaussianBlur(hole.astype(np.float32), (3, 3), 0)
    filled, share = (cv2.resize(one, (width, height), interpolation=cv2.INTER_LINEAR) for one in (filled, share))
    return blend(filled, rgb, share)


def blend(over: np.ndarray, under: np.ndarray, share: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 twice and (h, w) float32 0..1: `over` where the share is 1, `under` where it is 0."""
    mixed = under + share[..., None] * (over.astype(np.float32) - under)
    return np.rint(mixed).astype(np.uint8)


def opacity(mask: np.ndarray) -> np.ndarray:
    """(H, W) uint8 labels → (H, W) float32 0..1: what stays of the photo, softened by a pixel at the edge."""
    return cv2.GaussianBlur((mask != fields.BACKGROUND).astype(np.float32), (3, 3), 0)
