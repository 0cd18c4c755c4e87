"""Boundary labels from mask labels, at the network's resolution (paper, section 3.2 and Fig. 3)."""

import cv2
import numpy as np

from pnet_tf import fields

REFERENCE_SIZE = 224
"""The input size for which the paper states its width of 4 pixels."""


def pixels(width: float, height: int, input_width: int) -> int:
    """A boundary width stated at 224, in whole pixels at another input size (at least 1)."""
    return max(1, round(width * np.sqrt(height * input_width) / REFERENCE_SIZE))


def canny(labels: np.ndarray, width: float) -> np.ndarray:
    """Canny on the mask, widened to `width` pixels at 224.

    Args:
      labels: (h, w) uint8 of BACKGROUND, FOREGROUND, IGNORE (taken as background).

    Returns:
      (h, w) uint8: FOREGROUND on the boundary, BACKGROUND elsewhere. The photo's frame is no boundary.
    """
    person = np.where(labels == fields.FOREGROUND, 255, 0).astype(np.uint8)
    edges = cv2.Canny(person, 100, 200)
    size = pixels(width, *labels.shape)
    return (cv2.dilate(edges, np.ones((size, size), np.uint8)) > 0).astype(np.uint8)


def contour(labels: np.ndarray, width: float) -> np.ndarray:
    """The authors' way: the mask's contours drawn `width` pixels thick at 224, without the photo's frame.

    Arguments and result as for `canny`.
    """
    thickness = pixels(width, *labels.shape)
    margin = thickness + 1
    # A body that the frame cuts off goes on into the margin, so that its contour there is drawn
    # outside of the picture.
    person = cv2.copyMakeBorder(
        (labels == fields.FOREGROUND).astype(np.uint8), *[margin] * 4, borderType=cv2.BORDER_REPLICATE
    )
    found, _ = cv2.findContours(person, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    drawn = cv2.drawContours(np.zeros_like(person), found, -1, 1, thickness)
    return np.ascontiguousarray(drawn[margin:-margin, margin:-margin])


KINDS = {"canny": canny, "contour": contour}
