"""Somebody else in the picture: the person of another record, smaller, so that groups and distant people are learnt.

Copy-paste of whole people (Ghiasi et al., "Simple Copy-Paste", 2021); not in the paper.
"""

import cv2
import numpy as np

from pnet_tf import fields
from pnet_tf.data import geometry

TALL = (0.15, 0.8)
"""How tall the other stands, as a share of the view's height."""

_LEAST_PIXELS = 400
_CUT = 0.03
"""Share of a side of the photo on which the mask may lie before the person counts as cut off there."""


def _box(labels: np.ndarray) -> tuple[int, int, int, int] | None:
    """left, top, right, bottom of the person, edge coordinates; None without anybody, or cut off at a side."""
    person = labels == fields.FOREGROUND
    if person.sum() < _LEAST_PIXELS or max(side.mean() for side in (person[0], person[:, 0], person[:, -1])) > _CUT:
        return None
    rows, columns = (np.flatnonzero(person.any(axis)) for axis in (1, 0))
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


def place(labels: np.ndarray, height: int, width: int, rng: np.random.Generator) -> np.ndarray | None:
    """Where the other record's person comes to stand in a view of height × width.

    Who is cut off by the lower edge of the photo is so in the view, too.

    Args:
      labels: (h, w) uint8 of BACKGROUND, FOREGROUND, IGNORE.

    Returns:
      The 3×3 map from its photo's pixels to the view's, in edge coordinates; None where that person is cut off at a
      side, or is none.
    """
    box = _box(labels)
    if box is None:
        return None
    left, top, right, bottom = box
    scale = rng.uniform(*TALL) * height / (bottom - top)
    mirror = -1 if rng.random() < 0.5 else 1
    x = rng.uniform(0, width)
    y = rng.uniform(0.5, 1.05) * height
    if (labels[-1] == fields.FOREGROUND).any():
        y = height + 1
    matrix = np.diag([mirror * scale, scale, 1.0])
    matrix[0, 2] = x - mirror * scale * (left + right) / 2
    matrix[1, 2] = y - scale * bottom
    return matrix


def paste(
    clean: np.ndarray, mask: np.ndarray, teacher: np.ndarray, photo: np.ndarray, labels: np.ndarray, at: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A view with the other behind whoever is there.

    Args:
      clean, mask, teacher: the view as `views.make_pair` returns it.
      photo: (h, w, 3) uint8, the other record's, and its `labels`, (h, w) uint8.
      at: from `place`.

    Returns:
      The three anew; ignored pixels of either stay ignored.
    """
    height, width = mask.shape
    theirs = geometry.warp_mask(labels, at, height, width)
    soft = cv2.GaussianBlur((theirs == fields.FOREGROUND).astype(np.float32), (3, 3), 0)
    soft *= 1 - np.maximum(cv2.GaussianBlur((mask != fields.BACKGROUND).astype(np.float32), (3, 3), 0), teacher / 255)
    there = geometry.warp_photo(photo, at, height, width)
    mixed = clean + soft[..., None] * (there.astype(np.float32) - clean)
    joined = np.where(mask == fields.BACKGROUND, theirs, mask)
    taught = teacher + soft * (255 - teacher.astype(np.float32))
    return np.rint(mixed).astype(np.uint8), joined, np.rint(taught).astype(np.uint8)
