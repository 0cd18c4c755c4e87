"""How far an opacity is from the true one: the four measures of Rhemann et al., "A Perceptually Motivated Online
Benchmark for Image Matting" (CVPR 2009), over whole pictures. NumPy and OpenCV alone.

Sums are divided by 1000, as the benchmark's tables have them. All take (h, w) float32 opacities 0..1.
"""

import dataclasses

import cv2
import numpy as np

SAD, MSE, GRADIENT, CONNECTIVITY = "sad", "mse", "gradient_error", "connectivity_error"

SIGMA = 1.4
"""Standard deviation, pixels, of the Gaussian whose derivative is the gradient."""

STEP = 0.1
"""Between the levels at which a pixel's connection to the source region is looked at."""

TOLERANCE = 0.15
"""How far below its own opacity a pixel may hang on and still count as connected."""

DEFINITIONS = {
    SAD: "sum of absolute differences of opacity / 1000, mean over photos",
    MSE: "mean squared difference of opacity",
    GRADIENT: f"sum of squared differences of the gradients' lengths (σ = {SIGMA}) / 1000",
    CONNECTIVITY: "sum of differences of the degrees of connectedness / 1000",
}


def sad(predicted: np.ndarray, true: np.ndarray) -> float:
    """Σ |α − α*| / 1000."""
    return float(np.abs(predicted.astype(np.float64) - true).sum() / 1000)


def mse(predicted: np.ndarray, true: np.ndarray) -> float:
    """Mean of (α − α*)²."""
    return float(np.square(predicted.astype(np.float64) - true).mean())


def _slopes(alpha: np.ndarray) -> np.ndarray:
    """Length of the gradient after a Gaussian, kernels of unit norm as in the benchmark."""
    half = int(np.ceil(SIGMA * np.sqrt(-2 * np.log(np.sqrt(2 * np.pi) * SIGMA * 0.01))))
    at = np.arange(-half, half + 1, dtype=np.float64)
    bell = np.exp(-(at**2) / (2 * SIGMA**2)) / (SIGMA * np.sqrt(2 * np.pi))
    slope = -at * bell / SIGMA**2
    norm = np.linalg.norm(np.outer(bell, slope))
    across, down = (
        cv2.sepFilter2D(alpha.astype(np.float64), cv2.CV_64F, x / norm, y, borderType=cv2.BORDER_REPLICATE)
        for x, y in ((slope, bell), (bell, slope))
    )
    return np.hypot(across, down)


def gradient_error(predicted: np.ndarray, true: np.ndarray) -> float:
    """Σ (|∇α| − |∇α*|)² / 1000."""
    return float(np.square(_slopes(predicted) - _slopes(true)).sum() / 1000)


def connectivity_error(predicted: np.ndarray, true: np.ndarray) -> float:
    """Σ |φ(α) − φ(α*)| / 1000, φ the degree to which a pixel hangs on the largest region that both have."""
    height = np.full(true.shape, -1.0)
    for level in np.arange(1, round(1 / STEP) + 1) * STEP:
        both = ((predicted >= level) & (true >= level)).astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(both, connectivity=4)
        largest = labels == 1 + np.argmax(stats[1:, cv2.CC_STAT_AREA]) if count > 1 else np.zeros_like(both, bool)
        height[(height == -1) & ~largest] = level - STEP
    height[height == -1] = 1

    def degree(alpha: np.ndarray) -> np.ndarray:
        above = alpha.astype(np.float64) - height
        return 1 - above * (above >= TOLERANCE)

    return float(np.abs(degree(predicted) - degree(true)).sum() / 1000)


@dataclasses.dataclass
class Mattes:
    """Running sums over a set of photos."""

    photos: int = 0
    sums: dict[str, float] = dataclasses.field(default_factory=lambda: dict.fromkeys(DEFINITIONS, 0.0))

    def add(self, predicted: np.ndarray, true: np.ndarray) -> None:
        """Counts one photo."""
        self.photos += 1
        for name, measure in ((SAD, sad), (MSE, mse), (GRADIENT, gradient_error), (CONNECTIVITY, connectivity_error)):
            self.sums[name] += measure(predicted, true)

    def result(self) -> dict[str, float]:
        """Means over the photos by the names of `DEFINITIONS`; nothing without photos."""
        return {name: value / self.photos for name, value in self.sums.items()} if self.photos else {}
