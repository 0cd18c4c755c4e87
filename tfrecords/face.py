"""The portrait crop (paper, section 4.1): a 3:4 frame around the largest face that OpenCV finds."""

import functools
import pathlib
import threading

import cv2
import numpy as np

ASPECT = 3 / 4
"""Width to height, as EG1800's 600×800."""

FACE_SHARE = 0.11
"""Share of the frame that the face box takes; section 1: a portrait's face covers at least 10 %."""

FACE_HEIGHT = 0.4
"""Where the face's centre lies, as a share of the frame's height from above: shoulders need the room below."""

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


def frame(height: int, width: int, face: tuple[float, float, float]) -> tuple[int, int, int, int]:
    """Top, left, height, width of the crop: 3:4, inside the photo, the face where portraits have it."""
    x, y, side = face
    full_height = side / np.sqrt(FACE_SHARE * ASPECT)
    crop_height = min(full_height, height, width / ASPECT)
    crop_width = crop_height * ASPECT
    top = np.clip(y - FACE_HEIGHT * crop_height, 0, height - crop_height)
    left = np.clip(x - crop_width / 2, 0, width - crop_width)
    return int(top), int(left), max(1, int(crop_height)), max(1, int(crop_width))
