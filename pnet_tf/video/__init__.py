"""Clips and cameras: frames in, masks that hold still, frames out. PyAV (extra `[video]`), NumPy and OpenCV.

`for frame in video.read("clip.mp4")` gives frames, `video.Live(segmenter)` makes pictures of frames in somebody's loop.
"""

import importlib
from typing import Any

_ROOMS = {"Live": "live", "read": "reader"}


def __getattr__(name: str) -> Any:
    """`Live` and `read`, loaded when they are asked for, so that a command line's --help loads no OpenCV."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_ROOMS[name]}"), name)
