"""From a photo of any size to its foreground probability at the same size."""

from typing import Protocol

import numpy as np

from pnet_tf import resize

WHOLE = "whole"
"""How photos meet a network that fits them itself, as `peer.PeerNetwork` does."""


class Network(Protocol):
    """What a segmenter needs of a network: `network.TFLiteNetwork` and `model.predict.KerasNetwork` both have it."""

    height: int
    width: int

    def __call__(self, rgb: np.ndarray) -> np.ndarray: ...


def ask(network: Network, rgb: np.ndarray, mode: str) -> tuple[np.ndarray, resize.Placement]:
    """What the network says of a photo, at its own size, and where the photo lies in that.

    Args:
      network: see `Network`; with mode `WHOLE` one that takes photos of any size.
      rgb: (h, w, 3) uint8.
      mode: "letterbox", "stretch" or `WHOLE`.

    Returns:
      (H, W) float32 foreground probability 0..1 and the placement, for `resize.unfit`.
    """
    if mode == WHOLE:
        probability = network(rgb)
        return probability, resize.place(*rgb.shape[:2], *probability.shape, "stretch")
    fitted, at = resize.fit_photo(rgb, network.height, network.width, mode)
    return network(fitted), at


class Segmenter:
    """Fits a photo to the network's size, asks the network, and fits the answer to the photo."""

    def __init__(self, network: Network, mode: str = "letterbox"):
        """Takes a network and how photos meet its size, see `ask`."""
        self._network, self._mode = network, mode

    def __call__(self, rgb: np.ndarray) -> np.ndarray:
        """(h, w, 3) uint8 RGB → (h, w) float32 foreground probability 0..1."""
        return resize.unfit(*ask(self._network, rgb, self._mode))
