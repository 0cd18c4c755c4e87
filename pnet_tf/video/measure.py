"""How still masks hold in a clip, and what that costs where the truth is known: ours beside MediaPipe's way."""

from collections.abc import Callable, Iterable

import numpy as np

from pnet_tf import resize
from pnet_tf.metrics import clips
from pnet_tf.runtime.segmenter import Network, OverTime, ask
from pnet_tf.video.steady import STRENGTHS, Steady

PER_FRAME, MEDIAPIPE = "off", "mediapipe_0.7"
AGREEMENT = "iou_to_per_frame"
IOU, LOWEST = "iou", "lowest_iou"

RATIO = 0.7
_UNCERTAIN = (5.68842, -0.748699, -57.8051, 291.309, -624.717)
"""Coefficients of MediaPipe's polynomial (segmentation_smoothing_calculator)."""


class MediaPipeSmoothing:
    """MediaPipe's smoothing calculator at its ratio 0.7: only what is uncertain now is held back."""

    def __init__(self) -> None:
        self._before: np.ndarray | None = None

    def __call__(self, small: np.ndarray, probability: np.ndarray) -> np.ndarray:
        """As `steady.Steady`; the picture has no say."""
        found = probability
        if self._before is not None:
            squared = np.square(probability - 0.5)
            certain = np.zeros_like(squared)
            for coefficient in reversed(_UNCERTAIN):
                certain = squared * (coefficient + certain)
            found = probability + (self._before - probability) * (1 - np.minimum(certain, 1)) * np.float32(RATIO)
        self._before = found
        return found


def ways() -> dict[str, OverTime]:
    """Everything that is compared, each ready for one clip."""
    steady = {name: Steady(name) for name in STRENGTHS}
    return {PER_FRAME: lambda small, probability: probability, **steady, MEDIAPIPE: MediaPipeSmoothing()}


def _iou(one: np.ndarray, other: np.ndarray) -> float:
    union = int((one | other).sum())
    return int((one & other).sum()) / union if union else 1.0


def _masks(network: Network, mode: str, rgb: np.ndarray, over_time: dict[str, OverTime]) -> dict[str, np.ndarray]:
    """Way → (h, w) float32 probability at the frame's size."""
    probability, at = ask(network, rgb, mode)
    inside = resize.inner(probability, at)
    small, _ = resize.fit_photo(rgb, *inside.shape, "stretch")
    return {name: resize.enlarged(way(small, inside), *rgb.shape[:2]) for name, way in over_time.items()}


def steadiness(
    network: Network, mode: str, frames: Iterable[np.ndarray], on_frame: Callable[[], None] | None = None
) -> dict[str, dict[str, float]]:
    """Way → the figures of `metrics.clips`, and AGREEMENT, the mean IoU to the masks frame by frame.

    Args:
      network, mode: as for `segmenter.ask`.
      frames: (h, w, 3) uint8, in order.
      on_frame: called after each.
    """
    over_time = ways()
    still = {name: clips.Steadiness() for name in over_time}
    agreement: dict[str, list[float]] = {name: [] for name in over_time}
    for rgb in frames:
        masks = _masks(network, mode, rgb, over_time)
        for name, mask in masks.items():
            still[name].add(rgb, mask)
            agreement[name].append(_iou(mask > 0.5, masks[PER_FRAME] > 0.5))
        if on_frame:
            on_frame()
    return {name: {**still[name].result(), AGREEMENT: float(np.mean(agreement[name]))} for name in over_time}


def lag(network: Network, mode: str, frames: Iterable[tuple[np.ndarray, np.ndarray]]) -> dict[str, dict[str, float]]:
    """Way → mean and lowest IoU against the truth.

    Args:
      network, mode: as for `segmenter.ask`.
      frames: (h, w, 3) uint8 and (h, w) bool, in order.
    """
    over_time = ways()
    found: dict[str, list[float]] = {name: [] for name in over_time}
    for rgb, true in frames:
        for name, mask in _masks(network, mode, rgb, over_time).items():
            found[name].append(_iou(mask > 0.5, true))
    return {name: {IOU: float(np.mean(values)), LOWEST: float(np.min(values))} for name, values in found.items()}
