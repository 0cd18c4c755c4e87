"""The photos that a network does worst on, as a sheet: photo, label, prediction and where the two differ."""

import heapq

import cv2
import numpy as np

from pnet_tf import evaluation, fields, grid
from pnet_tf.metrics import masks

HEIGHT = 280
"""Of a picture in the sheet, pixels."""

MISSED = (213, 94, 0)
ADDED = (0, 114, 178)
BACKDROP = (150, 215, 190)
"""Vermillion and blue of Okabe and Ito's palette, which colour-blind people tell apart, and no skin's colour."""

HEADINGS = (
    [("photo", grid.BLACK)],
    [("label", grid.BLACK)],
    [("prediction", grid.BLACK)],
    [("missed", MISSED), ("added", ADDED)],
)


def _grey(rgb: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


def on_backdrop(rgb: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The photo, (h, w, 3) uint8 RGB, with all that (h, w) bool `mask` leaves out under BACKDROP."""
    backdrop = cv2.addWeighted(_grey(rgb), 0.2, np.full_like(rgb, BACKDROP), 0.8, 0)
    return np.where(mask[..., None], rgb, backdrop)


def difference(rgb: np.ndarray, labels: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """The photo in pale grey, MISSED where foreground is not found, ADDED where background is taken for it.

    Args:
      rgb: (h, w, 3) uint8.
      labels: (h, w) uint8 of BACKGROUND, FOREGROUND, IGNORE.
      predicted: (h, w) bool.

    Returns:
      (h, w, 3) uint8 RGB.
    """
    shown = _grey(rgb) // 2 + 127
    shown[(labels == fields.FOREGROUND) & ~predicted] = MISSED
    shown[(labels == fields.BACKGROUND) & predicted] = ADDED
    return shown


def _row(photo: evaluation.Photo) -> list[np.ndarray]:
    size = (max(1, round(photo.rgb.shape[1] * HEIGHT / photo.rgb.shape[0])), HEIGHT)
    rgb = cv2.resize(photo.rgb, size, interpolation=cv2.INTER_AREA)
    labels = cv2.resize(photo.labels, size, interpolation=cv2.INTER_NEAREST_EXACT)
    predicted = cv2.resize(photo.predicted.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST_EXACT) > 0
    cut_outs = [on_backdrop(rgb, mask) for mask in (labels == fields.FOREGROUND, predicted)]
    return [rgb, *cut_outs, difference(rgb, labels, predicted)]


class Worst:
    """Keeps the photos of the lowest foreground IoU, at their own size, out of all it is called with.

    Holds small pictures of `count` photos, however many there are.
    """

    def __init__(self, count: int):
        self._count = count
        self._seen = 0
        self._kept: list[tuple[float, int, str, list[np.ndarray]]] = []
        """A heap, the best of them in front; of equal ones the later."""

    def __call__(self, photo: evaluation.Photo) -> None:
        self._seen += 1
        rank = (-photo.photo_size[masks.FOREGROUND_IOU], -self._seen)
        if len(self._kept) < self._count:
            heapq.heappush(self._kept, (*rank, photo.id, _row(photo)))
        elif rank > self._kept[0][:2]:
            heapq.heapreplace(self._kept, (*rank, photo.id, _row(photo)))

    def ranking(self) -> list[tuple[str, float]]:
        """Id and foreground IoU of the photos kept, the worst first."""
        return [(name, -negative) for negative, _, name, _ in sorted(self._kept, reverse=True)]

    def draw(self) -> np.ndarray:
        """The sheet, (h, w, 3) uint8 RGB, a photo a row, the worst first."""
        rows = [row for *_, row in sorted(self._kept, reverse=True)]
        captions = [f"foreground IoU {100 * score:.1f}   {name}" for name, score in self.ranking()]
        return grid.draw(HEADINGS, rows, captions)
