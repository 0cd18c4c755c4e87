"""Channel pruning: hidden channels of the encoder's blocks that carry little leave the network.

After He, Zhang, Sun, "Channel Pruning for Accelerating Very Deep Neural Networks" (ICCV 2017): what a block loses
with a channel, the remaining ones make good by least squares. MobileNetV2's own training left many channels dead, so
that much goes at hardly any loss; more can go before a further training.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from pnet_tf import config
from pnet_tf.errors import InputError
from pnet_tf.model import portraitnet
from pnet_tf.model.encoder import inverted_residuals
from pnet_tf.stack import keras

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
      channels, kept: how many there were and how many are left.
      lost: share of the projection's variance that is gone, 0..1.
    """

    projection: str
    channels: int
    kept: int
    lost: float


def _moments(hidden: keras.Model, photos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (C,) and covariance (C, C), float64, of a block's hidden channels over all pixels of the photos."""
    total, products, pixels = 0.0, 0.0, 0
    for start in range(0, len(photos), _BATCH):
        values = hidden(photos[start : start + _BATCH].astype(np.float32), training=False).numpy()
        values = values.reshape(-1, values.shape[-1]).astype(np.float64)
        total, products, pixels = total + values.sum(0), products + values.T @ values, pixels + len(values)
    mean = total / pixels
    return mean, products / pixels - np.outer(mean, mean)


def _without(kernel: np.ndarray, covariance: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The kernel (C, D) whose outputs come closest to those of the given one with some of the C channels alone."""
    dropped = np.setdiff1d(np.arange(len(kernel)), kept)
    ridge = _RIDGE * np.trace(covariance) / len(covariance) * np.eye(len(kept))
    substitute = np.linalg.solve(covariance[np.ix_(kept, kept)] + ridge, covariance[np.ix_(kept, dropped)])
    new = np.zeros_like(kernel)
    new[kept] = kernel[kept] + substitute @ kernel[dropped]
    return new


def _thin(
    model: keras.Model, depthwise: str, projection: str, photos: np.ndarray, tolerance: float, count: int | None
) -> tuple[Block, np.ndarray]:
    """Takes the projection's weight from a block's weak channels; tells which ones are left."""
    hidden = keras.Model(model.input, model.get_layer(f"{depthwise}_relu").output)
    mean, covariance = _moments(hidden, photos)
    layer, norm = model.get_layer(projection), model.get_layer(f"{projection}_BN")
    scale = norm.gamma.numpy() / np.sqrt(norm.moving_variance.numpy() + norm.epsilon)

    def variance(kernel: np.ndarray) -> float:
        return float(np.einsum("cd,ce,ed->", kernel * scale, covariance, kernel * scale, optimize=True))

    old = layer.kernel.numpy()[0, 0].astype(np.float64)
    strength = np.diag(covariance) * ((old * scale) ** 2).sum(axis=1)
    strongest_first = np.argsort(-strength, kind="stable")
    whole = variance(old)
    for size in [count] if count else range(GROUP, len(old), GROUP):
        kept = np.sort(strongest_first[:size])
        new = _without(old, covariance, kept)
        lost = max(variance(new - old), 0.0)  # rounding may leave less than none
        if count or lost <= tolerance * whole:
            layer.kernel.assign(new[None, None])
            norm.moving_mean.assign_add(mean @ (new - old))
            return Block(projection, len(old), len(kept), lost / whole if whole else 0.0), kept
    return Block(projection, len(old), len(old), 0.0), np.arange(len(old))


def _narrowed(model: keras.Model, settings: config.Model, kept: dict[str, np.ndarray]) -> keras.Model:
    """The network of `settings` with the model's weights, of each block's hidden channels only the ones kept."""
    narrow, names = portraitnet.build(settings), {layer.name for layer in model.layers}
    taken = {}  # layer → the axis of each of its arrays that runs over the channels, and which of them
    for expansion, depthwise, projection in inverted_residuals(model):
        channels = kept[projection.name]
        for layer in (expansion, depthwise):
            axis = 2 if layer is depthwise else 3
            norm = f"{layer.name}_BN" if f"{layer.name}_BN" in names else f"bn_{layer.name}"  # bn_Conv1
            taken |= {layer.name: (axis, channels), norm: (0, channels)}
        taken[projection.name] = (2, channels)
    for layer in model.layers:
        arrays = layer.get_weights()
        if layer.name in taken:
            axis, channels = taken[layer.name]
            arrays = [np.take(array, channels, axis) for array in arrays]
        narrow.get_layer(layer.name).set_weights(arrays)
    return narrow


def prune(
    model: keras.Model, settings: config.Model, photos: np.ndarray, tolerance: float, counts: Sequence[int] = ()
) -> tuple[keras.Model, config.Model, list[Block]]:
    """A narrower network: hidden channels of each block leave, as many as the tolerance allows or to a given number.

    The weakest go first, by the variance that each adds to the projection. The projection's kernel is fitted anew, and
    its batch norm's moving mean takes up what was constant. The blocks follow one another, each on what the
    pruned ones before it give.

    Args:
      model: from `build.build`, trained; spoilt by the call.
      settings: its settings, network=portraitnet.
      photos: (N, H, W, 3) uint8 RGB of the network's size, like those that it will meet.
      tolerance: the share of a projection's variance that may be lost, 0..1; a multiple of GROUP stays, or all do.
      counts: how many are to stay of each block, in place of the tolerance.

    Returns:
      The narrower network, its settings, and a `Block` for each block, in order.

    Raises:
      InputError: another network; a count that is more than the block has.
      ValueError: counts that are not one for each block (`config.channel_counts` sees to that).
    """
    if settings.network != "portraitnet":
        raise InputError(f"network={settings.network}: is the authors' as it stands; only portraitnet can be pruned")
    triples = inverted_residuals(model)
    for (_, _, projection), count in zip(triples, counts, strict=bool(counts)):
        channels = projection.kernel.shape[2]
        if count > channels:
            raise InputError(f"hidden_channels: {projection.name} has {channels} channels, {count} cannot stay")
    blocks, kept = [], {}
    for index, (_, depthwise, projection) in enumerate(triples):
        count = counts[index] if counts else None
        block, kept[projection.name] = _thin(model, depthwise.name, projection.name, photos, tolerance, count)
        blocks.append(block)
    narrower = dataclasses.replace(settings, hidden_channels=",".join(str(block.kept) for block in blocks))
    return _narrowed(model, narrower, kept), narrower, blocks
