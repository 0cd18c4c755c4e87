"""Scores a network on labelled photos, at its own size and at the photos'."""

import dataclasses
from collections.abc import Callable, Iterable

import numpy as np

from pnet_tf import resize
from pnet_tf.cutout import refine
from pnet_tf.metrics import masks, mattes, opacity
from pnet_tf.runtime.segmenter import WHOLE, Network, ask

THRESHOLD = 0.5
NETWORK_SIZE = "network_size"
PHOTO_SIZE = "photo_size"
NOBODY = "nobody"
OPACITY = "opacity"

MATTES = "mattes"

Sample = tuple[str, np.ndarray, np.ndarray]
"""Id, (h, w, 3) uint8 RGB, (h, w) labels: uint8, or float32 opacity 0..1 where it is known."""


@dataclasses.dataclass(frozen=True)
class Photo:
    """One photo, what the network made of it, and its figures by the names of `masks.Scores.add`."""

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
    refined: bool = False,
) -> dict[str, dict[str, float]]:
    """Mean scores over labelled photos.

    Args:
      network: answers for one photo of its own size, or with mode `segmenter.WHOLE` of any.
      samples: see `Sample`, one at a time; where labels are opacities, one half and more is foreground.
      mode: "letterbox", the paper's test procedure, "stretch", or `segmenter.WHOLE`.
      on_photo: called with every photo.
      refined: at the photo's size, score what `cutout.refine` makes of the answer.

    Returns:
      NETWORK_SIZE and PHOTO_SIZE → the figures of `masks.Scores.result`; OPACITY → `opacity.Opacity.result`, at the
      photo's size; NOBODY → `masks.Scores.nobody`, where photos have nobody on them; MATTES → `mattes.Mattes.result`,
      where labels are opacities. At the network's size the letterbox border counts as background.
    """
    small, full, clear, soft = masks.Scores(), masks.Scores(), opacity.Opacity(), mattes.Mattes()
    for name, rgb, labels in samples:
        true, labels = labels, (labels >= THRESHOLD).astype(np.uint8) if labels.dtype == np.float32 else labels
        probability, at = ask(network, rgb, mode)
        fitted = resize.fit_mask(labels, *probability.shape, "stretch" if mode == WHOLE else mode)
        at_network = small.add(probability > THRESHOLD, fitted)
        enlarged = _refined(rgb, probability, at) if refined else resize.unfit(probability, at)
        predicted = enlarged > THRESHOLD
        at_photo = full.add(predicted, labels)
        clear.add(enlarged, labels)
        if true is not labels:
            soft.add(enlarged, true)
        if on_photo:
            on_photo(Photo(name, rgb, labels, predicted, at_network, at_photo))
    found = {NETWORK_SIZE: small.result(), PHOTO_SIZE: full.result(), OPACITY: clear.result()}
    found |= {NOBODY: full.nobody(), MATTES: soft.result()}
    return {name: figures for name, figures in found.items() if figures}


def _refined(rgb: np.ndarray, probability: np.ndarray, at: resize.Placement) -> np.ndarray:
    """(h, w) float32 0..1, the opacity at the photo's size."""
    inside = resize.inner(probability, at)
    small, _ = resize.fit_photo(rgb, *inside.shape, "stretch")
    return refine.at_photo_size(rgb, small, inside) / np.float32(255)


def mean_of_sets(sets: dict[str, dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    """The mean of several sets' scores (set → what `evaluate` returns), each set counting as one, however large."""
    scores = list(sets.values())
    return {
        size: {name: float(np.mean([one[size][name] for one in scores])) for name in scores[0][size]}
        for size in (NETWORK_SIZE, PHOTO_SIZE)
    }
