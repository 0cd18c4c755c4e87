"""Intersection over union by its current definitions, and boundary scores, streaming over photos of any size.

Published figures differ by definition, so none is called just "IoU" here. NumPy and OpenCV alone.
"""

import dataclasses

import cv2
import numpy as np

from pnet_tf import fields

FOREGROUND_IOU = "foreground_iou"
CLASS_MEAN_IOU = "class_mean_iou"
TWO_CLASS_IOU = "two_class_iou"
BOUNDARY_IOU = "boundary_iou"
BOUNDARY_F_SCORE = "boundary_f_score"
MEAN_EDGE_IOU = "mean_edge_iou_{}"
"""With σ in pixels of the size that is evaluated."""

EDGE_SIGMAS = (3, 5, 10, 20, 40, 80)
"""Those of the paper's Table 2."""

BOUNDARY_SHARE = 0.02
"""Boundary IoU's band, as a share of the photo's diagonal (Cheng et al., "Boundary IoU", 2021)."""

F_SCORE_SHARE = 0.0075
"""How far apart two contour pixels may be and still match, as a share of the diagonal (Csurka et al. 2013)."""

DEFINITIONS = {
    FOREGROUND_IOU: "mean over photos of the person's IoU (equation 10)",
    CLASS_MEAN_IOU: "mean over photos of person and background",
    TWO_CLASS_IOU: "person and background over all pixels of the set at once",
    BOUNDARY_IOU: f"inner bands of {100 * BOUNDARY_SHARE:g} % of the diagonal (Cheng et al.)",
    BOUNDARY_F_SCORE: f"contours within {100 * F_SCORE_SHARE:g} % of the diagonal (Csurka et al.)",
    **{MEAN_EDGE_IOU.format(s): f"weights that fall with σ = {s} px from the edge (equation 11)" for s in EDGE_SIGMAS},
}
"""Every figure of `Scores.result` in its order, and how it is defined."""


def confusion(predicted: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The 2×2 pixel counts of one photo.

    Args:
      predicted: (h, w) bool, foreground or not.
      labels: (h, w) uint8 of BACKGROUND, FOREGROUND; IGNORE pixels count nowhere.

    Returns:
      (2, 2) int64 [label][prediction].
    """
    foreground, counted = labels == fields.FOREGROUND, labels != fields.IGNORE
    cells = [
        [counted & ~foreground & ~predicted, counted & ~foreground & predicted],
        [foreground & ~predicted, foreground & predicted],
    ]
    return np.array([[np.count_nonzero(cell) for cell in row] for row in cells], np.int64)


def iou(counts: np.ndarray, label: int) -> float:
    """Intersection over union of one class from `confusion`'s counts; 1 where both masks are empty."""
    union = counts[label].sum() + counts[:, label].sum() - counts[label, label]
    return float(counts[label, label] / union) if union else 1.0


def _inner_band(mask: np.ndarray, width: int) -> np.ndarray:
    # Erosion with a zero border: the frame counts as an edge of the mask, as in the metric's own code.
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    eroded = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=width)
    return mask & ~eroded[1:-1, 1:-1].astype(bool)


def boundary_iou(predicted: np.ndarray, labels: np.ndarray) -> float:
    """IoU of the two masks' inner boundary bands (Cheng et al. 2021); arguments as for `confusion`.

    The band is 2 % of the diagonal wide. 1 where both are empty. IGNORE pixels are background in both masks.
    """
    width = max(1, round(BOUNDARY_SHARE * float(np.hypot(*labels.shape))))
    ours = _inner_band(predicted & (labels != fields.IGNORE), width)
    theirs = _inner_band(labels == fields.FOREGROUND, width)
    union = np.count_nonzero(ours | theirs)
    return np.count_nonzero(ours & theirs) / union if union else 1.0


def boundary_distance(foreground: np.ndarray) -> np.ndarray:
    """(h, w) bool → (h, w) float32: each foreground pixel's distance in pixels to the nearest other one, 0 outside.

    The mask must have a boundary, foreground on one side of it and background on the other.
    """
    return cv2.distanceTransform(foreground.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


def edge_weight(distance: np.ndarray, sigma: float) -> np.ndarray:
    """Equation 12 and Fig. 8: exp(−d²/2σ²) on the foreground, 0 elsewhere.

    Args:
      distance: any shape, from `boundary_distance`.
      sigma: pixels.

    Returns:
      Float64 0..1 of the same shape.
    """
    return np.where(distance > 0, np.exp(-(distance.astype(np.float64) ** 2) / (2 * sigma**2)), 0.0)


def mean_edge_iou(predicted: np.ndarray, labels: np.ndarray) -> dict[int, float]:
    """The paper's mean edge IoU of one photo (equations 11 and 12); arguments as for `confusion`.

    Pixels weigh as in `edge_weight`; background weighs nothing, so that false positives do not count. 1
    without a boundary.

    Returns:
      σ of `EDGE_SIGMAS` → weighted intersection over weighted union, 0..1.
    """
    foreground = labels == fields.FOREGROUND
    if not foreground.any() or foreground.all():
        return dict.fromkeys(EDGE_SIGMAS, 1.0)
    distance, found = boundary_distance(foreground)[foreground], predicted[foreground]
    weights = {sigma: edge_weight(distance, sigma) for sigma in EDGE_SIGMAS}
    return {sigma: float(weight[found].sum() / weight.sum()) for sigma, weight in weights.items()}


def _contour(mask: np.ndarray) -> np.ndarray:
    """A mask's outermost pixels; where the photo's frame cuts it off, there is none."""
    eroded = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE)
    return mask & ~eroded.astype(bool)


def boundary_f_score(predicted: np.ndarray, labels: np.ndarray) -> float:
    """F1 of the two contours (Csurka et al., "What is a good evaluation measure", 2013); arguments as for `confusion`.

    A contour pixel counts as found if the other contour passes within 0.75 % of the diagonal. 1 where
    neither mask has a contour, 0 where one has none. IGNORE pixels are background in both masks.
    """
    reach = F_SCORE_SHARE * float(np.hypot(*labels.shape))
    ours, theirs = _contour(predicted & (labels != fields.IGNORE)), _contour(labels == fields.FOREGROUND)
    if not ours.any() or not theirs.any():
        return float(ours.any() == theirs.any())
    to_ours, to_theirs = (
        cv2.distanceTransform((~one).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) for one in (ours, theirs)
    )
    precision, recall = (to_theirs[ours] <= reach).mean(), (to_ours[theirs] <= reach).mean()
    return float(2 * precision * recall / (precision + recall)) if precision + recall else 0.0


NOBODY_PHOTOS = "photos"
NOBODY_SHARE = "mean_share"
NOBODY_OVER = "over_{}_percent"
NOBODY_LIMITS = (1, 5)
"""Per cent of a picture with nobody on it that may be taken for a person before it counts."""


@dataclasses.dataclass
class Scores:
    """Running sums over a set of photos."""

    photos: int = 0
    counts: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros((2, 2), np.int64))
    sums: dict[str, float] = dataclasses.field(default_factory=dict)
    empty: list[float] = dataclasses.field(default_factory=list)
    """Of every photo with nobody on it, the share of its pixels that is taken for a person."""

    def add(self, predicted: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        """Counts one photo (arguments as for `confusion`) and returns its own figures."""
        counts = confusion(predicted, labels)
        foreground = iou(counts, fields.FOREGROUND)
        single = {
            FOREGROUND_IOU: foreground,
            CLASS_MEAN_IOU: (foreground + iou(counts, fields.BACKGROUND)) / 2,
            BOUNDARY_IOU: boundary_iou(predicted, labels),
            BOUNDARY_F_SCORE: boundary_f_score(predicted, labels),
            **{MEAN_EDGE_IOU.format(sigma): score for sigma, score in mean_edge_iou(predicted, labels).items()},
        }
        self.photos += 1
        if not counts[fields.FOREGROUND].any():
            self.empty.append(float(counts[fields.BACKGROUND, fields.FOREGROUND] / max(1, counts.sum())))
        self.counts += counts
        for name, value in single.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        return single

    def result(self) -> dict[str, float]:
        """The figures over the set by the names of `DEFINITIONS`, each 0..1."""
        means = {name: value / self.photos for name, value in self.sums.items()}
        both = (iou(self.counts, fields.BACKGROUND) + iou(self.counts, fields.FOREGROUND)) / 2
        figures = {**means, TWO_CLASS_IOU: both}
        return {name: figures[name] for name in DEFINITIONS}

    def nobody(self) -> dict[str, float]:
        """Of the photos with nobody on them: their number, the mean share of pixels taken for a person, 0..1, and the
        share of photos on which that is over each of `NOBODY_LIMITS`. Empty without such photos."""
        if not self.empty:
            return {}
        shares = np.array(self.empty)
        over = {NOBODY_OVER.format(limit): float((shares > limit / 100).mean()) for limit in NOBODY_LIMITS}
        return {NOBODY_PHOTOS: len(shares), NOBODY_SHARE: float(shares.mean()), **over}
