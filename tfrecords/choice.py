"""Which teacher draws a set's people as its labels do: every candidate's scores over thresholds, on labelled photos."""

import itertools
from collections.abc import Callable, Iterable, Sequence

import cv2
import numpy as np

from pnet_tf import fields
from pnet_tf.metrics import masks
from tfrecords import teacher

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7)

Table = dict[str, dict[float, dict[str, float]]]
"""Candidate → threshold → the figures of `masks.Scores.result`, at the photo's size."""


def candidates(models: Sequence[str]) -> dict[str, tuple[tuple[int, ...], str]]:
    """Name → which of the models, by number, and how they answer together: each alone, the mean of each pair and of
    all, and for each pair either way the first's people with the second's edges."""
    numbers = range(len(models))
    found = {models[one]: ((one,), "mean") for one in numbers}
    several = list(itertools.combinations(numbers, 2)) + ([tuple(numbers)] if len(models) > 2 else [])
    found |= {f"mean of {' and '.join(models[i] for i in some)}": (some, "mean") for some in several}
    pairs = itertools.permutations(numbers, 2)
    return found | {f"{models[i]}, its edges from {models[j]}": ((i, j), "edge") for i, j in pairs}


def score(
    samples: Iterable[tuple[str, np.ndarray, np.ndarray]],
    models: Sequence[str],
    mirrored: bool,
    on_photo: Callable[[str, np.ndarray, np.ndarray, dict[str, np.ndarray]], None] = lambda *one: None,
) -> Table:
    """Scores all candidates; each model answers once for a photo, or twice if mirrored.

    Args:
      samples: id, (h, w, 3) uint8 RGB, (h, w) uint8 labels.
      models: as `runtime.peer.PeerNetwork` takes them.
      mirrored: see `teacher.ask`.
      on_photo: told each sample with each candidate's probability (h, w) float32.
    """
    named = candidates(models)
    scores = {name: {threshold: masks.Scores() for threshold in THRESHOLDS} for name in named}
    for name, rgb, labels in samples:
        answers = [teacher.ask(model, rgb, mirrored) for model in models]
        said = {}
        for candidate, (numbers, fusion) in named.items():
            some = [answers[number] for number in numbers]
            together = some[0] if len(some) == 1 else teacher.combined(some, fusion, *labels.shape)
            said[candidate] = cv2.resize(together, labels.shape[::-1], interpolation=cv2.INTER_LINEAR)
            for threshold in THRESHOLDS:
                scores[candidate][threshold].add(said[candidate] > threshold, labels)
        on_photo(name, rgb, labels, said)
    return {name: {at: one.result() for at, one in row.items()} for name, row in scores.items()}


def best(table: Table) -> tuple[str, float]:
    """The candidate and threshold with the largest sum of foreground and Boundary IoU."""
    return max(
        ((name, at) for name in table for at in THRESHOLDS),
        key=lambda one: table[one[0]][one[1]][masks.FOREGROUND_IOU] + table[one[0]][one[1]][masks.BOUNDARY_IOU],
    )


def agreement(labels: np.ndarray, probability: np.ndarray, threshold: float) -> float:
    """Foreground IoU of (h, w) uint8 labels with (h, w) probability above the threshold."""
    return masks.iou(masks.confusion(probability > threshold, labels), fields.FOREGROUND)
