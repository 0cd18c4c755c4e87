"""A photo and how much of each pixel is the person."""

import dataclasses
import functools

import numpy as np

from pnet_tf.cutout import colours


@dataclasses.dataclass(frozen=True)
class Matte:
    """What all pictures are made of.

    Attributes:
      rgb: (h, w, 3) uint8.
      opacity: (h, w) uint8.
      own_colours: whether pixels at the edge show the person's own colours instead of the photo's mixture.
    """

    rgb: np.ndarray
    opacity: np.ndarray
    own_colours: bool = True

    @functools.cached_property
    def band(self) -> tuple[np.ndarray, np.ndarray]:
        """Positions (n,) in the flattened photo where opacity is between 0 and 255, and the colours there (n, 3)."""
        if self.own_colours:
            return colours.foreground(self.rgb, self.opacity)
        found = np.flatnonzero((self.opacity > 0) & (self.opacity < 255))
        return found, self.rgb.reshape(-1, 3)[found]
