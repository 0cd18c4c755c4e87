"""Labelled photos as another camera would see them: the test set of Table 3, turned, or in little light.

Section 4.4.2 says no more than that the test photos were augmented "to capture illumination variations". Here
every photo gets the three of section 4.2's texture operations that change light, saturation, brightness and
contrast, over the ranges of training. Noise, blur and sharpness belong to the camera and stay out.
"""

import zlib
from collections.abc import Iterable, Iterator

import numpy as np

from pnet_tf.data import texture

Samples = Iterable[tuple[str, np.ndarray, np.ndarray]]
"""Id, (h, w, 3) uint8 RGB and (h, w) uint8 labels, as `records.samples` has them."""


def change(rgb: np.ndarray, record_id: str, seed: int) -> np.ndarray:
    """(h, w, 3) uint8 RGB in the light that seed and id decide; the same shape and type."""
    rng = np.random.default_rng([seed, zlib.crc32(record_id.encode())])
    for operation, bounds in (
        (texture.colour, texture.COLOUR),
        (texture.brightness, texture.BRIGHTNESS),
        (texture.contrast, texture.CONTRAST),
    ):
        rgb = operation(rgb, rng.uniform(*bounds))
    return rgb


def changed(samples: Samples, seed: int) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """The samples with every photo in another light; ids and labels stay."""
    for name, rgb, labels in samples:
        yield name, change(rgb, name, seed), labels


def turned_and_dimmed(samples: Samples, quarters: int, light: float) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """The samples, photos and labels turned by quarters counter-clockwise, the photos' values times `light`."""
    for name, rgb, labels in samples:
        dimmed = texture.brightness(rgb, light) if light != 1 else rgb
        yield name, *(np.ascontiguousarray(np.rot90(one, quarters)) for one in (dimmed, labels))
