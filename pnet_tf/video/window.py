"""A window with the picture, and the keys pressed in it."""

import os
import sys

import cv2
import numpy as np

from pnet_tf.errors import InputError


class Window:
    """An OpenCV window; a context manager."""

    def __init__(self, title: str):
        """Opens it; raises InputError, with the remedy, where there is no screen or OpenCV has no windows."""
        if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            raise InputError("--output=window: no screen here (DISPLAY is not set); name a file, or virtual-camera")
        self._title = title
        try:
            cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO)
        except cv2.error:
            raise InputError(
                "--output=window: this OpenCV has no windows; pip install opencv-python in place of "
                "opencv-python-headless"
            ) from None

    def show(self, rgb: np.ndarray) -> str:
        """Shows (h, w, 3) uint8 RGB; returns the key pressed since, "" for none, "q" when the window was closed."""
        cv2.imshow(self._title, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
        code = cv2.waitKey(1) & 0xFF
        if code == 0xFF and cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) < 1:
            return "q"
        return "q" if code == 27 else "" if code == 0xFF else chr(code).lower()

    def __enter__(self) -> "Window":
        return self

    def __exit__(self, *_: object) -> None:
        cv2.destroyWindow(self._title)
