"""Whether a mask is empty where nobody is, and full inside a body: no ghost of the room, no hole in the person."""

import cv2
import numpy as np

from pnet_tf import fields

FAR_SHARE = 0.05
"""How far from the label's edge a pixel has to lie, as a share of the photo's diagonal."""

EMPTY = 1.5 / 256
FULL = 253.5 / 256
"""Probabilities below and above these are 0 or 1, and 254 or 255, in a uint8 output of scale 1/256."""

FAR_EMPTY = "far_empty"
INSIDE_FULL = "inside_full"

DEFINITIONS = {
    FAR_EMPTY: f"pixels {100 * FAR_SHARE:g} % of the diagonal and more from the person that are 0 or 1 of 255",
    INSIDE_FULL: f"pixels {100 * FAR_SHARE:g} % of the diagonal and more inside the person that are 254 or 255",
}


class Opacity:
    """Running counts over a set of photos."""

    def __init__(self) -> None:
        self._counts = {name: np.zeros(2, np.int64) for name in DEFINITIONS}

    def add(self, probability: np.ndarray, labels: np.ndarray) -> None:
        """Counts one photo.

        Args:
          probability: (h, w) float32 foreground probability 0..1.
          labels: (h, w) uint8; where a pixel is IGNORE, neither side of it counts.
        """
        reach = FAR_SHARE * float(np.hypot(*labels.shape))
        background, foreground = labels == fields.BACKGROUND, labels == fields.FOREGROUND
        for name, side, good in (
            (FAR_EMPTY, background, probability < EMPTY),
            (INSIDE_FULL, foreground, probability > FULL),
        ):
            # Without an edge there is nothing to keep away from; OpenCV would measure nonsense.
            far = side if side.all() else cv2.distanceTransform(side.astype(np.uint8), cv2.DIST_L2, 5) > reach
            self._counts[name] += np.count_nonzero(far & good), np.count_nonzero(far)

    def result(self) -> dict[str, float]:
        """The shares of all pixels of the set, 0..1, by the names of `DEFINITIONS`; one without pixels is left out."""
        return {name: float(good / every) for name, (good, every) in self._counts.items() if every}
