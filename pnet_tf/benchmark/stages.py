"""What a finished picture costs behind the network: CPU time by stage, on one thread, at sizes of photos."""

import dataclasses
import statistics
import time
from collections.abc import Callable

import cv2
import numpy as np

from pnet_tf import resize
from pnet_tf.cutout import compose, opacity, refine
from pnet_tf.cutout.matte import Matte

GRID = 224
ROUNDS = 5


@dataclasses.dataclass(frozen=True)
class Stages:
    """CPU milliseconds, medians of `ROUNDS`, for one photo of width × height.

    Attributes:
      opacity: crumbs, holes and doubt, on the network's grid.
      refine: the edge at the photo's size.
      colours: the person's own colours there.
      blur, colour, cut_out: the finished picture, without the stages before.
    """

    width: int
    height: int
    opacity: float
    refine: float
    colours: float
    blur: float
    colour: float
    cut_out: float


def drawn(width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """A head on shoulders before a room of soft noise, (h, w, 3) uint8, and its probability on the grid (h', w')."""
    rng = np.random.default_rng(0)
    room = cv2.resize(rng.integers(0, 256, (24, 32, 3), np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
    at = resize.place(height, width, GRID, GRID, "letterbox")
    person = np.zeros((at.inner_height, at.inner_width), np.uint8)
    middle = at.inner_width // 2
    high = at.inner_height
    for centre, axes in ((0.35, (high // 6, high // 5)), (1.0, (high // 3, round(0.45 * high)))):
        cv2.ellipse(person, (middle, round(centre * high)), axes, 0, 0, 360, 255, -1)
    probability = cv2.GaussianBlur(person, (0, 0), 1.0).astype(np.float32) / 255
    large = cv2.resize(person, (width, height), interpolation=cv2.INTER_LINEAR)
    room[large > 127] = room[large > 127] // 4 + np.array([150, 110, 90], np.uint8)
    return room, probability


def _milliseconds(call: Callable[[], object]) -> float:
    taken = []
    for _ in range(ROUNDS):
        started = time.process_time()
        call()
        taken.append((time.process_time() - started) * 1e3)
    return statistics.median(taken)


def measure(width: int, height: int) -> Stages:
    """Times the stages on a drawn portrait; OpenCV works on one thread meanwhile."""
    rgb, probability = drawn(width, height)
    small, _ = resize.fit_photo(rgb, *probability.shape, "stretch")
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        alpha = refine.at_photo_size(rgb, small, probability)
        known = Matte(rgb, alpha)
        _ = known.band
        return Stages(
            width,
            height,
            _milliseconds(lambda: opacity.cleaned(probability)),
            _milliseconds(lambda: refine.at_photo_size(rgb, small, probability)),
            _milliseconds(lambda: Matte(rgb, alpha).band),
            _milliseconds(lambda: compose.blurred(known)),
            _milliseconds(lambda: compose.over(known, np.array([0, 255, 0], np.uint8))),
            _milliseconds(lambda: compose.cut_out(known)),
        )
    finally:
        cv2.setNumThreads(threads)
