"""The test set of Table 3: any labelled photos, seen in another light.

Section 4.4.2 says no more than that the test photos were augmented "to capture illumination variations". Here
every photo gets the three of section 4.2's texture operations that change light, saturation, brightness and
contrast, over the ranges of training. Noise, blur and sharpness belong to the camera and stay out.
"""

import zlib
from collections.abc import Iterable, Iterator

import numpy as np

from pnet_tf.data import texture


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


def changed(
    samples: Iterable[tuple[str, np.ndarray, np.ndarray]], seed: int
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """`records.samples`, or others like them, with every photo in another light; ids and labels stay."""
    for name, rgb, labels in samples:
        yield name, change(rgb, name, seed), labels
