"""From a photo of any size to its foreground probability at the same size."""

from typing import Protocol

import numpy as np

from pnet_tf import resize


class Network(Protocol):
    """What a segmenter needs of a network: `network.TFLiteNetwork` and `model.predict.KerasNetwork` both have it."""

    height: int
    width: int

    def __call__(self, rgb: np.ndarray) -> np.ndarray: ...


class Segmenter:
    """Fits a photo to the network's size, asks the network, and fits the answer to the photo."""

    def __init__(self, network: Network, mode: str = "letterbox"):
        """Takes a network and how photos meet its size: "letterbox" (as in training) or "stretch"."""
        self._network, self._mode = network, mode

    def __call__(self, rgb: np.ndarray) -> np.ndarray:
        """(h, w, 3) uint8 RGB → (h, w) float32 foreground probability 0..1."""
        fitted, at = resize.fit_photo(rgb, self._network.height, self._network.width, self._mode)
        return resize.unfit(self._network(fitted), at)
