"""How still a clip's masks hold, after the motion of the picture is made good. NumPy and OpenCV alone."""

import dataclasses

import cv2
import numpy as np

SIDES, CHANGE = "side_changes", "mean_change"
DEFINITIONS = {
    SIDES: "pixels that change sides of one half from frame to frame / foreground pixels, motion made good",
    CHANGE: "sum of |p - p before, moved along| / foreground pixels",
}

_FARNEBACK = (0.5, 4, 15, 3, 5, 1.2, 0)
"""Pyramid scale, levels, window, iterations, neighbourhood, its Gaussian, flags."""


def moved_along(before: np.ndarray, grey_before: np.ndarray, grey: np.ndarray) -> np.ndarray:
    """What of the frame before lies at each pixel now, by Farnebäck's flow (2003), which the smoother does not use.

    Args:
      before: (h, w) float32.
      grey_before, grey: (h, w) uint8.

    Returns:
      (h, w) float32.
    """
    flow = cv2.calcOpticalFlowFarneback(grey, grey_before, None, *_FARNEBACK)
    columns, rows = np.meshgrid(*(np.arange(side, dtype=np.float32) for side in grey.shape[::-1]))
    at = columns + flow[..., 0], rows + flow[..., 1]
    return cv2.remap(before, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


@dataclasses.dataclass
class Steadiness:
    """Running means over a clip's frames, which come in order."""

    _grey: np.ndarray | None = None
    _mask: np.ndarray | None = None
    _found: list[tuple[float, float]] = dataclasses.field(default_factory=list)

    def add(self, rgb: np.ndarray, probability: np.ndarray) -> None:
        """Counts the next frame, (h, w, 3) uint8, with its (h, w) float32 foreground probability."""
        grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        if self._grey is not None:
            before = moved_along(self._mask, self._grey, grey)
            people = max(int((probability > 0.5).sum()), 1)
            sides = int(((probability > 0.5) != (before > 0.5)).sum())
            self._found.append((sides / people, float(np.abs(probability - before).sum()) / people))
        self._grey, self._mask = grey, probability

    def result(self) -> dict[str, float]:
        """Means by the names of `DEFINITIONS`; nothing of fewer than two frames."""
        return dict(zip(DEFINITIONS, np.mean(self._found, axis=0).tolist(), strict=True)) if self._found else {}
