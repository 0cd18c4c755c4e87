"""Channel pruning: hidden channels of the encoder's blocks that carry next to nothing.

After He, Zhang, Sun, "Channel Pruning for Accelerating Very Deep Neural Networks" (ICCV 2017): what a block loses
with a channel, the remaining ones make good by least squares. MobileNetV2's own training left many channels dead, so
that much goes at hardly any loss. The training graph keeps its shape; `deploy.fold` leaves out the channels
whose projection is zero.
"""

import dataclasses

import numpy as np

from pnet_tf.model.encoder import inverted_residuals
from pnet_tf.stack import keras, tf

GROUP = 16
"""XNNPACK's kernels work on 16 channels of int8 at a time; a smaller remainder costs as much."""

_BATCH = 10
_RIDGE = 1e-6
"""Added to the covariance's diagonal, relative to its mean: dead channels make it singular."""


@dataclasses.dataclass(frozen=True)
class Block:
    """What became of one block's hidden channels.

    Attributes:
      projection: the name of the layer that reads them.
      channels, kept: how many there were and how many are read now.
      lost: share of the projection's variance that is gone, 0..1.
    """

    projection: str
    channels: int
    kept: int
    lost: float


def _moments(hidden: keras.Model, photos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (C,) and covariance (C, C), float64, of a block's hidden channels over all pixels of the photos."""
    run = tf.function(lambda batch: hidden(tf.cast(batch, tf.float32), training=False))
    total, products, pixels = 0.0, 0.0, 0
    for start in range(0, len(photos), _BATCH):
        values = run(tf.constant(photos[start : start + _BATCH])).numpy()
        values = values.reshape(-1, values.shape[-1]).astype(np.float64)
        total, products, pixels = total + values.sum(0), products + values.T @ values, pixels + len(values)
    mean = total / pixels
    return mean, products / pixels - np.outer(mean, mean)


def _without(kernel: np.ndarray, covariance: np.ndarray, dropped: np.ndarray) -> np.ndarray:
    """The kernel (C, D) whose outputs come closest to those of the given one without some of the C channels."""
    kept = np.setdiff1d(np.arange(len(kernel)), dropped)
    ridge = _RIDGE * np.trace(covariance) / len(covariance) * np.eye(len(kept))
    substitute = np.linalg.solve(covariance[np.ix_(kept, kept)] + ridge, covariance[np.ix_(kept, dropped)])
    new = np.zeros_like(kernel)
    new[kept] = kernel[kept] + substitute @ kernel[dropped]
    return new


def prune(model: keras.Model, photos: np.ndarray, tolerance: float) -> list[Block]:
    """Takes the weight from as many hidden channels of each block as the tolerance allows.

    The weakest go first, by the variance that each adds to the projection; a multiple of GROUP stays, or all do. The
    projection's kernel is fitted anew, and its batch norm's moving mean takes up what was constant. The blocks
    follow one another, each on what the pruned ones before it give.

    Args:
      model: from `build.build`, trained; changed in place.
      photos: (N, H, W, 3) uint8 RGB of the network's size, like those that it will meet.
      tolerance: the share of a projection's variance that may be lost, 0..1.

    Returns:
      A `Block` for each block, in order.
    """
    blocks = []
    for _, depthwise, projection in inverted_residuals(model):
        hidden = keras.Model(model.input, model.get_layer(f"{depthwise.name}_relu").output)
        mean, covariance = _moments(hidden, photos)
        norm = model.get_layer(f"{projection.name}_BN")
        scale = norm.gamma.numpy() / np.sqrt(norm.moving_variance.numpy() + norm.epsilon)

        def variance(kernel: np.ndarray, covariance: np.ndarray = covariance, scale: np.ndarray = scale) -> float:
            return float(np.einsum("cd,ce,ed->", kernel * scale, covariance, kernel * scale, optimize=True))

        old = projection.kernel.numpy()[0, 0].astype(np.float64)
        strength = np.diag(covariance) * ((old * scale) ** 2).sum(axis=1)
        weakest_first = np.argsort(strength, kind="stable")
        block = Block(projection.name, len(old), len(old), 0.0)
        for kept in range(GROUP, len(old), GROUP):
            new = _without(old, covariance, weakest_first[:-kept])
            lost, whole = max(variance(new - old), 0.0), variance(old)  # rounding may leave less than none
            if lost <= tolerance * whole:
                projection.kernel.assign(new[None, None])
                norm.moving_mean.assign_add(mean @ (new - old))
                block = Block(projection.name, len(old), kept, lost / whole if whole else 0.0)
                break
        blocks.append(block)
    return blocks
