"""Paired views as a contact sheet, to look at before a long run."""

import cv2
import numpy as np

from pnet_tf import fields, grid

COLUMNS = ("A", "A'", "mask", "boundary", "boundary on A")


def _grey(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)


def _row(clean: np.ndarray, textured: np.ndarray, mask: np.ndarray, boundary: np.ndarray) -> list[np.ndarray]:
    shown = np.full_like(mask, 128)  # ignored pixels
    shown[mask == fields.BACKGROUND], shown[mask == fields.FOREGROUND] = 0, 255
    marked = clean.copy()
    marked[boundary == fields.FOREGROUND] = (255, 0, 128)
    return [clean, textured, _grey(shown), _grey(boundary * np.uint8(255)), marked]


def draw(batch: dict[str, np.ndarray]) -> np.ndarray:
    """A batch of `pipeline.training_batches` as NumPy arrays → an RGB sheet (h, w, 3) uint8, a record a row."""
    names = (fields.CLEAN, fields.TEXTURED, fields.MASK, fields.BOUNDARY)
    rows = [_row(*views) for views in zip(*(batch[name] for name in names), strict=True)]
    return grid.draw([[(name, grid.BLACK)] for name in COLUMNS], rows)
