"""Paired views as a contact sheet, to look at before a long run."""

import cv2
import numpy as np

from pnet_tf import fields

GAP = 4
COLUMNS = ("A", "A'", "mask", "boundary", "boundary on A")
HEADING = 22


def _grey(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)


def _row(clean: np.ndarray, textured: np.ndarray, mask: np.ndarray, boundary: np.ndarray) -> np.ndarray:
    shown = np.full_like(mask, 128)  # ignored pixels
    shown[mask == fields.BACKGROUND], shown[mask == fields.FOREGROUND] = 0, 255
    marked = clean.copy()
    marked[boundary == fields.FOREGROUND] = (255, 0, 128)
    cells = [clean, textured, _grey(shown), _grey(boundary * np.uint8(255)), marked]
    return np.hstack([np.pad(cell, ((GAP, 0), (GAP, 0), (0, 0)), constant_values=255) for cell in cells])


def draw(batch: dict[str, np.ndarray]) -> np.ndarray:
    """A batch of `pipeline.training_batches` as NumPy arrays → an RGB sheet (h, w, 3) uint8, a record a row."""
    names = (fields.CLEAN, fields.TEXTURED, fields.MASK, fields.BOUNDARY)
    rows = [_row(*views) for views in zip(*(batch[name] for name in names), strict=True)]
    width = rows[0].shape[1]
    heading = np.full((HEADING, width, 3), 255, np.uint8)
    for index, name in enumerate(COLUMNS):
        place = (GAP + index * width // len(COLUMNS), HEADING - 6)
        cv2.putText(heading, name, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return np.vstack([heading, *rows])
