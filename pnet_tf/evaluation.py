"""Scores a network on labelled photos, at its own size and at the photos'."""

from collections.abc import Callable, Iterable

import numpy as np

from pnet_tf import metrics, resize
from pnet_tf.runtime.segmenter import Network

THRESHOLD = 0.5
NETWORK_SIZE = "network_size"
PHOTO_SIZE = "photo_size"

Sample = tuple[str, np.ndarray, np.ndarray]
"""Id, (h, w, 3) uint8 RGB, (h, w) uint8 labels."""


def evaluate(
    network: Network,
    samples: Iterable[Sample],
    mode: str = "letterbox",
    on_photo: Callable[[str, dict[str, float]], None] | None = None,
) -> dict[str, dict[str, float]]:
    """Mean scores over labelled photos.

    Args:
      network: answers for one photo of its own size.
      samples: id, RGB photo and labels, one at a time.
      mode: "letterbox", the paper's test procedure, or "stretch".
      on_photo: called with each photo's id and its own figures at the photo's size.

    Returns:
      NETWORK_SIZE and PHOTO_SIZE → the figures of `metrics.Scores.result`. At the network's size the
      letterbox border counts as background.
    """
    small, full = metrics.Scores(), metrics.Scores()
    for name, rgb, labels in samples:
        fitted, at = resize.fit_photo(rgb, network.height, network.width, mode)
        probability = network(fitted)
        small.add(probability > THRESHOLD, resize.fit_mask(labels, network.height, network.width, mode))
        figures = full.add(resize.unfit(probability, at) > THRESHOLD, labels)
        if on_photo:
            on_photo(name, figures)
    return {NETWORK_SIZE: small.result(), PHOTO_SIZE: full.result()}
