"""What is put behind a person, as people name it."""

import os
import pathlib
import re
from typing import Any

import numpy as np

from pnet_tf.errors import InputError
from pnet_tf.pictures import reader

_COLOUR = re.compile("#[0-9a-fA-F]{6}")


def backdrop(value: Any) -> np.ndarray:
    """A colour (3,) or a picture (h, w, 3), uint8 RGB.

    Args:
      value: "#rrggbb", three numbers 0..255, a picture's path, or such an array.

    Raises:
      InputError: anything else, a picture that cannot be read.

    >>> backdrop("#00ff80"), backdrop((9, 8, 7))
    (array([  0, 255, 128], dtype=uint8), array([9, 8, 7], dtype=uint8))
    """
    if isinstance(value, str) and _COLOUR.fullmatch(value):
        return np.array([int(value[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)
    if isinstance(value, (str, os.PathLike)):
        if not pathlib.Path(value).is_file():
            raise InputError(f"background {str(value)!r}: neither a colour #rrggbb nor a picture's file")
        return reader.read(value).rgb
    found = np.asarray(value)
    numbers = found.dtype.kind in "iu" and found.size and found.min() >= 0 and found.max() <= 255
    if numbers and (found.shape == (3,) or (found.ndim == 3 and found.shape[2] == 3)):
        return found.astype(np.uint8)
    has = f"{found.dtype} {found.shape}"
    raise InputError(f"background: #rrggbb, three numbers or a picture (h, w, 3) of 0..255, or its file, not {has}")
