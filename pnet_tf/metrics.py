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

    The band is 2 % of the diagonal wide. 1 where both are empty.
    """
    width = max(1, round(BOUNDARY_SHARE * float(np.hypot(*labels.shape))))
    ours, theirs = _inner_band(predicted, width), _inner_band(labels == fields.FOREGROUND, width)
    counted = labels != fields.IGNORE
    union = np.count_nonzero((ours | theirs) & counted)
    return np.count_nonzero(ours & theirs & counted) / union if union else 1.0


def mean_edge_iou(predicted: np.ndarray, labels: np.ndarray) -> dict[int, float]:
    """The paper's mean edge IoU of one photo (equations 11 and 12); arguments as for `confusion`.

    A foreground pixel weighs exp(−d²/2σ²), d its distance in pixels to the nearest pixel that is not
    foreground; background weighs nothing, so that false positives do not count. 1 without a boundary.

    Returns:
      σ of `EDGE_SIGMAS` → weighted intersection over weighted union, 0..1.
    """
    foreground = labels == fields.FOREGROUND
    if not foreground.any() or foreground.all():
        return dict.fromkeys(EDGE_SIGMAS, 1.0)
    distance = cv2.distanceTransform(foreground.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[foreground]
    found = predicted[foreground]
    scores = {}
    for sigma in EDGE_SIGMAS:
        weight = np.exp(-(distance.astype(np.float64) ** 2) / (2 * sigma**2))
        scores[sigma] = float(weight[found].sum() / weight.sum())
    return scores


def _contour(mask: np.ndarray) -> np.ndarray:
    """A mask's outermost pixels; where the photo's frame cuts it off, there is none."""
    eroded = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE)
    return mask & ~eroded.astype(bool)


def boundary_f_score(predicted: np.ndarray, labels: np.ndarray) -> float:
    """F1 of the two contours (Csurka et al., "What is a good evaluation measure", 2013); arguments as for `confusion`.

    A contour pixel counts as found if the other contour passes within 0.75 % of the diagonal. 1 where
    neither mask has a contour, 0 where one has none.
    """
    reach = F_SCORE_SHARE * float(np.hypot(*labels.shape))
    ours, theirs = _contour(predicted), _contour(labels == fields.FOREGROUND)
    if not ours.any() or not theirs.any():
        return float(ours.any() == theirs.any())
    to_ours, to_theirs = (
        cv2.distanceTransform((~one).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) for one in (ours, theirs)
    )
    precision, recall = (to_theirs[ours] <= reach).mean(), (to_ours[theirs] <= reach).mean()
    return float(2 * precision * recall / (precision + recall)) if precision + recall else 0.0


@dataclasses.dataclass
class Scores:
    """Running sums over a set of photos."""

    photos: int = 0
    counts: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros((2, 2), np.int64))
    sums: dict[str, float] = dataclasses.field(default_factory=dict)

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
        self.counts += counts
        for name, value in single.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        return single

    def result(self) -> dict[str, float]:
        """The figures over the set, each 0..1.

        FOREGROUND_IOU: mean over photos of the foreground's IoU (equation 10).
        CLASS_MEAN_IOU: mean over photos of the mean of foreground and background.
        TWO_CLASS_IOU: mean of the two classes' IoU over all pixels of the set at once.
        BOUNDARY_IOU, BOUNDARY_F_SCORE, MEAN_EDGE_IOU for each σ: means over photos.
        """
        means = {name: value / self.photos for name, value in self.sums.items()}
        both = (iou(self.counts, fields.BACKGROUND) + iou(self.counts, fields.FOREGROUND)) / 2
        return {**means, TWO_CLASS_IOU: both}
