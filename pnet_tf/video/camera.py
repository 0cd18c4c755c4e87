"""A camera: always its newest frame; those that nobody had time for are dropped and counted."""

import os
import pathlib
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np

from pnet_tf.errors import InputError
from pnet_tf.quiet import silent_stderr

TRIES = 30
"""Reads without a frame after which a camera counts as gone."""

PAUSE = 0.03
"""Seconds between two such reads."""

PROBED = 8
"""Numbers that are tried where the system does not list its cameras."""

_LISTED = pathlib.Path("/sys/class/video4linux")


def cameras() -> dict[int, str]:
    """Number → name of the cameras that are there; of other systems than Linux those that open."""
    if sys.platform == "linux":
        found = {int(one.name[5:]): (one / "name").read_text().strip() for one in _LISTED.glob("video[0-9]*")}
        return dict(sorted(found.items()))
    found = {}
    for number in range(PROBED):
        with silent_stderr():
            capture = cv2.VideoCapture(number)
        if capture.isOpened():
            found[number] = f"camera {number}"
        capture.release()
    return found


def _number(name: str) -> int:
    if name.isdecimal():
        return int(name)
    for number, told in cameras().items():
        if name and name.lower() in told.lower():
            return number
    raise InputError(f"camera:{name}: no camera of that name; --list_cameras names those that are there")


def _why_closed(name: str, number: int) -> str:
    device = pathlib.Path(f"/dev/video{number}")
    if sys.platform == "linux" and not device.exists():
        return f"camera:{name}: no such camera; --list_cameras names those that are there"
    if sys.platform == "linux" and not os.access(device, os.R_OK | os.W_OK):
        return f"camera:{name}: no permission for {device}; sudo usermod -aG video $USER, then log in again"
    return f"camera:{name}: cannot be opened; close the program that uses it, or allow this one to use the camera"


class Camera:
    """Frames of a camera, the newest first of all; a context manager, iterated by one thread.

    Attributes:
      width, height: of its frames, pixels.
      rate: frames a second that it says it gives.
      dropped: frames that came while others were worked on.
    """

    def __init__(self, name: str):
        """Opens a camera by its number or a part of its name; raises InputError with the remedy if that fails."""
        number = _number(name)
        self._name = name
        with silent_stderr():  # OpenCV tells of every way in that it tried
            self._capture: Any = cv2.VideoCapture(number)
        if not self._capture.isOpened():
            self._capture.release()
            raise InputError(_why_closed(name, number))
        first = self._read()
        if first is None:
            self._capture.release()
            raise InputError(f"camera:{name}: opens, but gives no picture; close the program that uses it")
        self.height, self.width = first.shape[:2]
        self.rate = float(self._capture.get(cv2.CAP_PROP_FPS)) or 30.0
        self.dropped = 0
        self._newest: np.ndarray | None = first
        self._gone = self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._keep_reading, daemon=True)
        self._thread.start()

    def _read(self) -> np.ndarray | None:
        """(h, w, 3) uint8 RGB; None when the camera is gone."""
        for _ in range(TRIES):
            taken, bgr = self._capture.read()
            if taken and bgr is not None:
                return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
            time.sleep(PAUSE)
        return None

    def _keep_reading(self) -> None:
        while not self._closed:
            frame = self._read()
            with self._changed:
                if frame is None:
                    self._gone = True
                else:
                    self.dropped += self._newest is not None
                    self._newest = frame
                self._changed.notify()
                if self._gone:
                    return

    def __iter__(self) -> Iterator[np.ndarray]:
        """(h, w, 3) uint8 RGB, one at a time; raises InputError when the camera gives no more."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._newest is not None or self._gone)
                if self._newest is None:
                    raise InputError(f"camera:{self._name}: gives no more pictures; is it still plugged in?")
                frame, self._newest = self._newest, None
            yield frame

    def __enter__(self) -> "Camera":
        return self

    def __exit__(self, *_: object) -> None:
        """Ends reading and gives the camera back."""
        self._closed = True
        self._thread.join()
        self._capture.release()
