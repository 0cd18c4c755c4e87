"""The portrait crop (paper, section 4.1): a 3:4 frame around the largest face that OpenCV finds."""

import numpy as np

ASPECT = 3 / 4
"""Width to height, as EG1800's 600×800."""

FACE_SHARE = 0.11
"""Share of the frame that the face box takes; section 1: a portrait's face covers at least 10 %."""

FACE_HEIGHT = 0.4
"""Where the face's centre lies, as a share of the frame's height from above: shoulders need the room below."""


def frame(height: int, width: int, face: tuple[float, float, float]) -> tuple[int, int, int, int]:
    """Top, left, height, width of the crop: 3:4, inside the photo, the face where portraits have it."""
    x, y, side = face
    full_height = side / np.sqrt(FACE_SHARE * ASPECT)
    crop_height = min(full_height, height, width / ASPECT)
    crop_width = crop_height * ASPECT
    top = np.clip(y - FACE_HEIGHT * crop_height, 0, height - crop_height)
    left = np.clip(x - crop_width / 2, 0, width - crop_width)
    return int(top), int(left), max(1, int(crop_height)), max(1, int(crop_width))
