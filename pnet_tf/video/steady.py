"""Masks over time: held where the picture holds still, let go where it changes; on the network's grid.

A dense flow says where each pixel was in the frame before. Where the picture there looks the same the mask is mostly
what it was, moved along; where it does not (something came into view, the flow lost its way, motion is fast) it is the
network's new answer. After a cut nothing looks the same, so nothing of the old mask is left.
"""

import dataclasses

import cv2
import numpy as np

SAME = 0.045
"""Difference of grey values (0..1), after motion and light are made good, up to which two pixels look the same."""

FAST = 5.0
"""Motion in pixels of the grid a frame, beyond which the flow is little trusted."""

CUT = 0.5
"""Share of a frame that looks the same as before, below which it is another scene."""

_WINDOW = (5, 5)


@dataclasses.dataclass(frozen=True)
class Strength:
    """How much of the mask before is kept at most, where the picture is the same."""

    kept: float


STRENGTHS = {"light": Strength(0.86), "strong": Strength(0.93)}
"""Measured by tools/demo/motion.py and `pnet-evaluate --clip` (LAB.md)."""


def _light_made_good(moved: np.ndarray, grey: np.ndarray) -> np.ndarray:
    """The picture before with the mean and contrast of the new one, so that a lamp that flickers is no motion."""
    return (moved - moved.mean()) * (grey.std() / (moved.std() + 1e-6)) + grey.mean()


class Steady:
    """Takes the network's answers in order and returns steadier ones; one object for one clip.

    Attributes:
      cuts: scene cuts so far.
    """

    def __init__(self, strength: str = "light"):
        """Takes a name of `STRENGTHS`."""
        self._kept = STRENGTHS[strength].kept
        self._flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._grey: np.ndarray | None = None
        self._mask: np.ndarray | None = None
        self.cuts = 0

    def __call__(self, small: np.ndarray, probability: np.ndarray) -> np.ndarray:
        """The next frame's mask.

        Args:
          small: (h, w, 3) uint8 RGB, the frame on the network's grid.
          probability: (h, w) float32 0..1, the network's answer there. A frame of another size begins anew.

        Returns:
          (h, w) float32 0..1.
        """
        grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        found = probability
        if self._mask is not None and self._mask.shape == probability.shape:
            found = self._held(grey, probability)
        self._grey, self._mask = grey, found
        return found

    def _held(self, grey: np.ndarray, probability: np.ndarray) -> np.ndarray:
        height, width = grey.shape
        flow = self._flow.calc(grey, self._grey, None)
        columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        before = (columns + flow[..., 0], rows + flow[..., 1])
        mask, looked = (
            cv2.remap(one, *before, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for one in (self._mask, self._grey)
        )
        now = grey.astype(np.float32) / 255
        apart = cv2.blur(np.abs(now - _light_made_good(looked.astype(np.float32) / 255, now)), _WINDOW)
        same = np.exp(-np.square(apart / SAME))
        if same.mean() < CUT:
            self.cuts += 1
            return probability
        trust = same * np.exp(-(np.square(flow[..., 0]) + np.square(flow[..., 1])) / FAST**2)
        share = np.float32(self._kept) * trust
        return share * mask + (1 - share) * probability
