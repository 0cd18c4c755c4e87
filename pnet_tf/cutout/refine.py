"""The edge at the photo's own size: a guided filter on the network's grid, applied to the photo's grey values.

He and Sun, "Fast Guided Filter" (2015): on the small grid the opacity is a linear function of the photo's grey around
each pixel, a · grey + b; the two coefficients are smooth and enlarge well, and the photo brings the detail. Away from
edges nothing is computed.
"""

import cv2
import numpy as np

from pnet_tf.cutout import opacity

RADIUS = 2
"""Of the windows, in pixels of the network's grid (measured, LAB.md)."""

EPSILON = 1e-3
"""Added to the grey's variance (grey 0..1): below it a difference is noise."""

REACH = 3
"""Grid pixels around doubt in which the filter is applied; farther out it says 0 or 1 but for fractions."""

_UNSURE = 128
_AT_ONCE = 1 << 19
"""Pixels computed at a time, so that memory does not grow with the photo."""


def _mean(values: np.ndarray) -> np.ndarray:
    return cv2.blur(values, (2 * RADIUS + 1,) * 2, borderType=cv2.BORDER_REFLECT_101)


def coefficients(grey: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """a and b of the guided filter, smoothed.

    Args:
      grey: (h, w) float32 0..1, the photo on the grid.
      probability: (h, w) float32 0..1.

    Returns:
      (h, w, 2) float32.
    """
    mean_grey, mean = _mean(grey), _mean(probability)
    covariance = _mean(grey * probability) - mean_grey * mean
    variance = _mean(grey * grey) - mean_grey * mean_grey
    slope = covariance / (variance + EPSILON)
    return np.dstack([_mean(slope), _mean(mean - slope * mean_grey)])


def at_photo_size(rgb: np.ndarray, small: np.ndarray, probability: np.ndarray, refine: bool = True) -> np.ndarray:
    """The opacity of a photo's pixels.

    Args:
      rgb: (h, w, 3) uint8, the photo.
      small: (h', w', 3) uint8, the photo on the network's grid.
      probability: (h', w') float32 0..1 there.
      refine: follow the photo's grey values; otherwise the probability is enlarged bilinearly.

    Returns:
      (h, w) uint8, 0 and 255 away from edges.
    """
    fields = probability[..., None]
    if refine:
        fields = coefficients(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255, probability)
    height, width = rgb.shape[:2]
    near = np.ones((2 * REACH + 1,) * 2 if refine else (3, 3), np.uint8)
    sure = np.where(cv2.erode(probability, near) >= opacity.HIGH, np.uint8(255), np.uint8(0))
    sure[(cv2.dilate(probability, near) > opacity.LOW) & (sure == 0)] = _UNSURE
    result = cv2.resize(sure, (width, height), interpolation=cv2.INTER_NEAREST_EXACT).reshape(-1)
    scale_y, scale_x = probability.shape[0] / height, probability.shape[1] / width
    unsure = np.flatnonzero(result == _UNSURE)
    colours = rgb.reshape(-1, 3)
    for start in range(0, len(unsure), _AT_ONCE):
        chosen = unsure[start : start + _AT_ONCE]
        rows, columns = np.divmod(chosen, width)
        found = sampled(fields, (columns + 0.5) * scale_x - 0.5, (rows + 0.5) * scale_y - 0.5)
        value = found[:, 0]
        if refine:
            grey = cv2.cvtColor(colours[chosen][None], cv2.COLOR_RGB2GRAY)[0]
            value = value * (grey * np.float32(1 / 255)) + found[:, 1]
        result[chosen] = np.rint(255 * opacity.ramp(value)).astype(np.uint8)
    return result.reshape(height, width)


def sampled(fields: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(h, w, C) float32 fields between their pixels: values (n, C) at n points, bilinear, the border repeated."""
    wide = 1 << 12  # OpenCV's pictures have no side over 2^15
    padded = -len(x) % wide
    at = [np.pad(one.astype(np.float32), (0, padded)).reshape(-1, wide) for one in (x, y)]
    found = cv2.remap(np.ascontiguousarray(fields), *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return found.reshape(-1, fields.shape[2])[: len(x)]
