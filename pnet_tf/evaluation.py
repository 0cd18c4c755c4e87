"""Scores a network on labelled photos, at its own size and at the photos'."""

import dataclasses
from collections.abc import Callable, Iterable

import numpy as np

from pnet_tf import metrics, resize
from pnet_tf.runtime.segmenter import Network

THRESHOLD = 0.5
NETWORK_SIZE = "network_size"
PHOTO_SIZE = "photo_size"

Sample = tuple[str, np.ndarray, np.ndarray]
"""Id, (h, w, 3) uint8 RGB, (h, w) uint8 labels."""


@dataclasses.dataclass(frozen=True)
class Photo:
    """One photo, what the network made of it, and its figures by the names of `metrics.Scores.add`."""

    id: str
    rgb: np.ndarray
    labels: np.ndarray
    predicted: np.ndarray
    """(h, w) bool at the photo's size."""
    network_size: dict[str, float]
    photo_size: dict[str, float]


def evaluate(
    network: Network,
    samples: Iterable[Sample],
    mode: str = "letterbox",
    on_photo: Callable[[Photo], None] | None = None,
) -> dict[str, dict[str, float]]:
    """Mean scores over labelled photos.

    Args:
      network: answers for one photo of its own size.
      samples: id, RGB photo and labels, one at a time.
      mode: "letterbox", the paper's test procedure, or "stretch".
      on_photo: called with every photo.

    Returns:
      NETWORK_SIZE and PHOTO_SIZE → the figures of `metrics.Scores.result`. At the network's size the
      letterbox border counts as background.
    """
    small, full = metrics.Scores(), metrics.Scores()
    for name, rgb, labels in samples:
        fitted, at = resize.fit_photo(rgb, network.height, network.width, mode)
        probability = network(fitted)
        fitted_labels = resize.fit_mask(labels, network.height, network.width, mode)
        at_network = small.add(probability > THRESHOLD, fitted_labels)
        predicted = resize.unfit(probability, at) > THRESHOLD
        at_photo = full.add(predicted, labels)
        if on_photo:
            on_photo(Photo(name, rgb, labels, predicted, at_network, at_photo))
    return {NETWORK_SIZE: small.result(), PHOTO_SIZE: full.result()}


def mean_of_sets(sets: dict[str, dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    """The mean of several sets' scores (set → what `evaluate` returns), each set counting as one, however large."""
    scores = list(sets.values())
    return {
        size: {name: float(np.mean([one[size][name] for one in scores])) for name in scores[0][size]}
        for size in (NETWORK_SIZE, PHOTO_SIZE)
    }
