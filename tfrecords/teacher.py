"""What other networks say of a photo, as one soft mask for its record."""

import dataclasses
import functools
import threading
from collections.abc import Sequence

import cv2
import numpy as np

from pnet_tf.runtime import peer

FUSIONS = ("mean", "edge")

BAND = 0.02
"""How far from the first teacher's contour the second one has a say, as a share of the photo's diagonal."""

EDGE_SHARE = 0.8
"""What the second teacher weighs on that contour; other weights and bands were not compared here."""

LARGEST = 512
"""Longer side, pixels, of a stored soft mask that several teachers made."""


@dataclasses.dataclass(frozen=True)
class Teacher:
    """Segmenters that answer together.

    Attributes:
      models: each as `runtime.peer.PeerNetwork` takes it.
      thresholds: of each, the probability that counts as one half, see `recentred`.
      fusion: "mean" of their probabilities, or "edge": the first says who is there, the second where the edge runs.
      mirrored: each answers with the mean of what it says of the photo and of its mirror image.
      floor: probabilities up to here become 0, those from 1 − floor on become 1, linear between, see `ramped`.
    """

    models: tuple[str, ...]
    thresholds: tuple[float, ...]
    fusion: str = "mean"
    mirrored: bool = False
    floor: float = 0.0

    def __call__(self, rgb: np.ndarray) -> np.ndarray:
        """(h, w, 3) uint8 RGB → (h', w') float32 foreground probability 0..1 of the whole photo.

        A single teacher answers at its own size, several at the photo's or `LARGEST`, whichever is smaller.
        """
        answers = [
            recentred(ask(model, rgb, self.mirrored), threshold)
            for model, threshold in zip(self.models, self.thresholds, strict=True)
        ]
        together = answers[0] if len(answers) == 1 else combined(answers, self.fusion, *rgb.shape[:2])
        return ramped(together, self.floor)


def ask(model: str, rgb: np.ndarray, mirrored: bool) -> np.ndarray:
    """What one model says of a photo (h, w, 3) uint8 RGB, or it and its mirror image in the mean; (h', w') 0..1."""
    network = _network(model, threading.get_ident())
    said = np.clip(network(rgb), 0, 1)
    if mirrored:
        said = (said + np.clip(network(np.ascontiguousarray(rgb[:, ::-1])), 0, 1)[:, ::-1]) / 2
    return said


def combined(answers: Sequence[np.ndarray], fusion: str, height: int, width: int) -> np.ndarray:
    """Several answers for a photo of height × width as one, see `Teacher`; at most `LARGEST` pixels long."""
    scale = min(1.0, LARGEST / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    answers = [cv2.resize(one, size, interpolation=cv2.INTER_LINEAR) for one in answers]
    return fused(*answers) if fusion == "edge" else np.mean(answers, axis=0)


@functools.cache
def _network(model: str, thread: int) -> peer.PeerNetwork:
    """One for each thread, because none may serve two at once."""
    return peer.PeerNetwork(model)


def recentred(probability: np.ndarray, threshold: float) -> np.ndarray:
    """Probabilities 0..1, of any shape, with their odds divided by those of `threshold`, which so becomes one half.

    A teacher may draw people wider, or narrower, than the labels do; its logits then need another bias
    before a student can agree with both. `threshold` lies strictly between 0 and 1; what leaves 0..1 is clipped.
    """
    probability = np.clip(probability, 0, 1)
    inside, outside = probability * (1 - threshold), (1 - probability) * threshold
    return inside / (inside + outside)


def ramped(probability: np.ndarray, floor: float) -> np.ndarray:
    """Probabilities 0..1, of any shape: 0 up to `floor`, 1 from 1 − `floor` on, linear between; one half stays.

    A teacher's calibrated doubt about an empty wall, 0.05 or 0.1, is nothing that a cut-out should learn.
    `floor` lies in [0, 0.5).
    """
    return np.clip((probability - floor) / (1 - 2 * floor), 0, 1)


def fused(who: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Who is there by one teacher, where the edge runs by another.

    Along the contour of `who` > 0.5 the second weighs `EDGE_SHARE`; the weight falls linearly to nothing at `BAND`.

    Args:
      who, where: (h, w) float32 foreground probability 0..1.

    Returns:
      (h, w) float32; `who` itself where it has no contour.
    """
    person = (who > 0.5).astype(np.uint8)
    if person.min() == person.max():
        return who
    inside, outside = (cv2.distanceTransform(one, cv2.DIST_L2, 5) for one in (person, 1 - person))
    distance = inside + outside - 0.5  # the contour runs between the pixels
    weight = EDGE_SHARE * np.clip(1 - distance / (BAND * np.hypot(*who.shape)), 0, 1)
    return who + weight * (where - who)
