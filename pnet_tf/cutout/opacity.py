"""From the network's doubt to opacity: 0 and 1 away from an edge, no crumbs beside people, no pinholes in them."""

import cv2
import numpy as np

LOW, HIGH = 0.2, 0.8
"""Probabilities that become 0 and 1, linear between (measured, LAB.md)."""

CRUMB_SHARE = 0.03
"""A piece smaller than this share of the largest, and than `CRUMB_PICTURE` of the picture, is nobody (by eye)."""

CRUMB_PICTURE = 0.004

PINHOLE_SHARE = 0.002
"""A hole smaller than this share of the people is none."""

MARGIN = 3
"""Grid pixels around a dropped piece that its soft edge reaches."""

SOFT = 10
"""Grid pixels from where a person ends at which doubt is none: hair and fingers are soft, a wall behind is not."""

KEEP = ("all", "largest")


def ramp(probability: np.ndarray) -> np.ndarray:
    """(…) float32 probability → float32 opacity 0..1; one half stays."""
    return np.clip((probability - LOW) * np.float32(1 / (HIGH - LOW)), 0, 1)


def cleaned(probability: np.ndarray, keep: str = "all") -> np.ndarray:
    """What `refine` takes: (h, w) float32 without crumbs and pinholes, and without doubt far from any edge."""
    return decided(without_crumbs(probability, keep))


def decided(probability: np.ndarray) -> np.ndarray:
    """Takes doubt away from edges: the farther from where the answer changes sides, the nearer to its side it must be.

    Args:
      probability: (h, w) float32 0..1, on the network's grid.

    Returns:
      (h, w) float32; every pixel stays on its side of one half.
    """
    person = (probability > 0.5).astype(np.uint8)
    if person.all() or not person.any():
        return person.astype(np.float32)
    # A pixel at the edge is one pixel from the other side.
    inside, outside = (cv2.distanceTransform(side, cv2.DIST_L2, 3) - 1 for side in (person, 1 - person))
    least = np.minimum(0.5 + inside / (2 * SOFT), 1)
    most = np.maximum(0.5 - outside / (2 * SOFT), 0)
    return np.where(person > 0, np.maximum(probability, least), np.minimum(probability, most)).astype(np.float32)


def without_crumbs(probability: np.ndarray, keep: str = "all") -> np.ndarray:
    """Drops pieces that nobody is, and fills pinholes.

    Args:
      probability: (h, w) float32 0..1, on the network's grid.
      keep: "all" keeps everybody, "largest" the largest piece alone.

    Returns:
      (h, w) float32; the same where nothing is to be done.
    """
    person = (probability > 0.5).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(person, connectivity=8)
    if count == 1:
        return probability
    areas = stats[:, cv2.CC_STAT_AREA].astype(np.float64)
    areas[0] = 0  # the background
    least = min(CRUMB_SHARE * areas.max(), CRUMB_PICTURE * person.size)
    kept = areas == areas.max() if keep == "largest" else areas >= least
    kept[0] = False
    result = _filled(probability, person, areas[kept].sum())
    if kept.sum() == count - 1:
        return result
    square = np.ones((2 * MARGIN + 1,) * 2, np.uint8)
    dropped, stays = ~kept, kept
    dropped[0] = False
    near_dropped, near_kept = (cv2.dilate(one[labels].astype(np.uint8), square) for one in (dropped, stays))
    result = result.copy()
    result[(near_dropped > 0) & (near_kept == 0) | dropped[labels]] = 0
    return result


def _filled(probability: np.ndarray, person: np.ndarray, people: float) -> np.ndarray:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(1 - person, connectivity=4)
    if count <= 2:  # the people, and one background
        return probability
    height, width = person.shape
    left, top, wide, high = (stats[:, one] for one in range(4))
    inner = (left > 0) & (top > 0) & (left + wide < width) & (top + high < height)
    pinholes = inner & (stats[:, cv2.CC_STAT_AREA] < PINHOLE_SHARE * people)
    pinholes[0] = False
    if not pinholes.any():
        return probability
    reach = cv2.dilate(pinholes[labels].astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return np.where(reach, np.maximum(probability, 1.0), probability).astype(np.float32)
