"""Pictures to disk."""

import pathlib

import cv2
import numpy as np

from pnet_tf import files
from pnet_tf.errors import InputError
from pnet_tf.pictures import header


def require_suffix(path: str | pathlib.Path) -> None:
    """Raises InputError if the file's suffix is no picture's."""
    if pathlib.Path(path).suffix.lower() not in header.SUFFIXES:
        raise InputError(f"{path}: pictures end with {', '.join(header.SUFFIXES)}")


def write(path: str | pathlib.Path, picture: np.ndarray) -> None:
    """Writes grey (h, w), RGB (h, w, 3) or RGBA (h, w, 4) uint8 as the suffix says, whole or not at all.

    Raises:
      InputError: a place that cannot be written, a suffix that is no picture's, transparency into JPEG.
    """
    require_suffix(path)
    suffix = pathlib.Path(path).suffix.lower()
    if picture.ndim == 3:
        if picture.shape[2] == 4 and suffix not in (".png", ".webp"):
            raise InputError(f"{path}: {suffix} has no transparency; use .png")
        order = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
        picture = cv2.cvtColor(picture, order)
    files.write_bytes(path, cv2.imencode(suffix, picture)[1].tobytes())
