"""A clip from disk as everybody means it: upright frames in order, each with its time, and the sound beside them.

FFmpeg by PyAV reads what cameras and editors write; Pillow reads animated pictures, with their opacity.
"""

import dataclasses
import fractions
import importlib
import pathlib
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from pnet_tf.errors import InputError

SUFFIXES = (
    ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".wmv", ".flv", ".3gp",
    ".ogv", ".y4m", ".mjpeg", ".mxf", ".vob",
)  # fmt: skip
"""Of files that are clips; what Pillow takes for an animation is one, too."""

ANIMATED = (".gif", ".webp", ".png", ".avif")
"""Of pictures that may have several frames that are a clip."""

MILLISECONDS = fractions.Fraction(1, 1000)
STILL = 100
"""Milliseconds of a frame for which an animation says none, as browsers have it."""


@dataclasses.dataclass(frozen=True)
class Frame:
    """One frame.

    Attributes:
      rgb: (h, w, 3) uint8, upright.
      pts: its time, in units of the clip's `time_base`.
      opacity: (h, w) uint8, the frame's own; None where it is opaque.
      sound: the clip's sound between the frame before and this one, packets of PyAV.
    """

    rgb: np.ndarray
    pts: int
    opacity: np.ndarray | None = None
    sound: tuple[Any, ...] = ()


class Clip(Protocol):
    """What `read` returns: iterated once, it gives `Frame`s; leaving its `with` block, or `close`, closes the file.

    Attributes:
      path: of the file.
      width, height: upright, pixels.
      rate: frames a second, in the mean; None if the file does not say.
      time_base: seconds in a unit of `Frame.pts`.
      frames: how many there are, as the file says; None if it does not.
      estimate: the same, or what the duration lets one expect; None without either.
      sound: the sound's stream (PyAV), or None.
      left_out: kinds of the file's other streams, such as subtitle.
      taken: when, as the file says it (ISO 8601), or None.
      colours: matrix and range that the frames were coded with, as `writer` takes them.
      damaged: frames so far that could not be decoded; the frame before stands for each.
    """

    path: pathlib.Path
    width: int
    height: int
    rate: fractions.Fraction | None
    time_base: fractions.Fraction
    frames: int | None
    estimate: int | None
    sound: Any
    left_out: tuple[str, ...]
    taken: str | None
    damaged: int

    def __iter__(self) -> Iterator[Frame]: ...

    def close(self) -> None: ...


def av() -> Any:
    """PyAV; raises InputError with the remedy where it is not installed."""
    try:
        module = importlib.import_module("av")
    except ImportError:
        raise InputError("clips need PyAV: pip install 'pnet-tf[video]'") from None
    module.logging.set_level(module.logging.PANIC)  # FFmpeg's own words go to stderr
    return module


def is_clip(path: str | pathlib.Path) -> bool:
    """Whether a file is a clip: by its suffix, or because it is a picture with several frames."""
    path = pathlib.Path(path)
    suffix = path.suffix.lower()
    if suffix in SUFFIXES:
        return True
    if suffix not in ANIMATED or not path.is_file():
        return False
    from pnet_tf.pictures import reader

    return reader.frame_count(path) > 1


def read(path: str | pathlib.Path) -> Clip:
    """Opens a clip.

    Raises:
      InputError: no such file, no clip, or one without frames; while it is iterated, what cannot be decoded at all.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    if path.suffix.lower() in ANIMATED:
        from pnet_tf.video.animation import Animation

        return Animation(path)
    from pnet_tf.video.container import Container

    return Container(path)
