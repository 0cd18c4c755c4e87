"""Photos from disk and pictures to disk."""

import pathlib

import cv2
import numpy as np

from pnet_tf import files
from pnet_tf.errors import InputError

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")


def read(path: str | pathlib.Path) -> np.ndarray:
    """(h, w, 3) uint8 RGB, upright as its EXIF orientation says.

    Raises:
      InputError: no such file, or not a picture.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    content = np.frombuffer(path.read_bytes(), np.uint8)
    bgr = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    if bgr is None:
        raise InputError(f"{path}: not a picture that can be read ({', '.join(SUFFIXES)})")
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def require_suffix(path: str | pathlib.Path) -> None:
    """Raises InputError if the file's suffix is no picture's."""
    if pathlib.Path(path).suffix.lower() not in SUFFIXES:
        raise InputError(f"{path}: pictures end with {', '.join(SUFFIXES)}")


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
