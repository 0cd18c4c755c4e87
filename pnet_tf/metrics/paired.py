"""Two models on the same photos: what the differences between their figures say."""

import dataclasses
import statistics
from collections.abc import Sequence

import numpy as np

CONFIDENCE = 0.95


@dataclasses.dataclass(frozen=True)
class Difference:
    """One figure of one model less another's, photo by photo.

    Attributes:
      mean: of the differences.
      half_width: of the mean's interval at `CONFIDENCE`, by the normal distribution; a few dozen photos should stand
        behind it.
      ahead, behind: photos on which the first model is better, or worse.
    """

    mean: float
    half_width: float
    ahead: int
    behind: int


def difference(first: Sequence[float], second: Sequence[float]) -> Difference:
    """Compares the figures of two models on the same photos, in the same order; of one photo the interval is 0."""
    apart = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    error = apart.std(ddof=1) / np.sqrt(len(apart)) if len(apart) > 1 else 0.0
    quantile = statistics.NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    ahead, behind = int((apart > 0).sum()), int((apart < 0).sum())
    return Difference(float(apart.mean()), float(quantile * error), ahead, behind)
