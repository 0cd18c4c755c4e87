"""Paired views as a contact sheet, to look at before a long run."""

import cv2
import numpy as np

from pnet_tf import fields, grid

COLUMNS = ("A", "A'", "mask", "boundary", "boundary on A")
PREDICTED = ("predicted mask", "predicted boundary")


def _grey(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)


def _row(
    clean: np.ndarray, textured: np.ndarray, mask: np.ndarray, boundary: np.ndarray, *predicted: np.ndarray
) -> list[np.ndarray]:
    shown = np.full_like(mask, 128)  # ignored pixels
    shown[mask == fields.BACKGROUND], shown[mask == fields.FOREGROUND] = 0, 255
    marked = clean.copy()
    marked[boundary == fields.FOREGROUND] = (255, 0, 128)
    seen = [_grey(np.rint(255 * one).astype(np.uint8)) for one in predicted]
    return [clean, textured, _grey(shown), _grey(boundary * np.uint8(255)), marked, *seen]


def draw(batch: dict[str, np.ndarray], foreground: dict[str, np.ndarray] | None = None) -> np.ndarray:
    """Views and labels of some records, and what a network says of them, a record a row.

    Args:
      batch: of `pipeline.training_batches`, as NumPy arrays.
      foreground: MASK_LOGITS, and BOUNDARY_LOGITS of a network that has them → probabilities (B, H, W) float32 0..1;
        or None.

    Returns:
      An RGB sheet (h, w, 3) uint8.
    """
    shown = [batch[name] for name in (fields.CLEAN, fields.TEXTURED, fields.MASK, fields.BOUNDARY)]
    columns = COLUMNS
    if foreground is not None:
        predicted = [name for name in (fields.MASK_LOGITS, fields.BOUNDARY_LOGITS) if name in foreground]
        shown += [foreground[name] for name in predicted]
        columns += PREDICTED[: len(predicted)]
    rows = [_row(*views) for views in zip(*shown, strict=True)]
    return grid.draw([[(name, grid.BLACK)] for name in columns], rows)
