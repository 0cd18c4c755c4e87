"""The largest face of a photo, by the detector that comes inside OpenCV."""

import functools
import pathlib
import threading

import cv2
import numpy as np

DETECTION_SIDE = 640
"""Longer side, pixels, at which faces are looked for."""

_lock = threading.Lock()


@functools.cache
def _detector() -> cv2.CascadeClassifier:
    # The cascade comes inside opencv-python 4.
    return cv2.CascadeClassifier(str(pathlib.Path(cv2.data.haarcascades) / "haarcascade_frontalface_alt2.xml"))


def find(rgb: np.ndarray) -> tuple[float, float, float] | None:
    """The largest face of a photo (h, w, 3) uint8: centre x, centre y and side of its box, pixels; None without."""
    scale = min(1.0, DETECTION_SIDE / max(rgb.shape[:2]))
    grey = cv2.cvtColor(cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    with _lock:  # a CascadeClassifier is not for two threads at once
        boxes = _detector().detectMultiScale(cv2.equalizeHist(grey), 1.1, 4, minSize=(32, 32))
    if len(boxes) == 0:
        return None
    x, y, width, height = max(boxes, key=lambda box: int(box[2]) * int(box[3]))
    return (x + width / 2) / scale, (y + height / 2) / scale, max(width, height) / scale
