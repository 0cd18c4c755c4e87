"""Biases that make good what rounding a kernel to int8 adds to its output, on average.

A kernel's rounding errors do not cancel over its few inputs, the nine of a depthwise channel above all, and what they
add is much the same in every photo. The means are measured here, where the source derives them from batch norm
(Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", ICCV 2019, section 4.2).
"""

from collections.abc import Sequence

import numpy as np

from pnet_tf.quantize.quantizers import BITS
from pnet_tf.stack import keras, tf

layers = keras.layers
BATCH = 10
DECIMALS = 3
"""What is added is rounded, so that the last bits, which may differ between processors, seldom reach the file: by
0.0005 at most, a seventh of the smallest step that a convolution's output has in the shipped files."""


def _rounding_errors(layer: layers.Layer) -> np.ndarray:
    """A kernel less itself on the converter's grid (symmetric, a scale for each output channel), in its shape."""
    kernel = layer.get_weights()[0]
    within_channel = (0, 1, 3) if isinstance(layer, layers.DepthwiseConv2D) else (0, 1, 2)
    largest = np.abs(kernel).max(axis=within_channel, keepdims=True)
    scale = np.maximum(largest, np.finfo(np.float32).tiny) / (2 ** (BITS - 1) - 1)
    return kernel - np.round(kernel / scale) * scale


def correct(network: keras.Model, images: Sequence[np.ndarray]) -> None:
    """Adds to every bias what its layer's kernel would lose, on average over the images, by int8_ptq.

    Args:
      network: from `deploy.fold`; changed in place. Layers without a bias, which deconvolutions are, stay as they are.
      images: (H, W, 3) uint8 RGB, those that the ranges are measured on.
    """
    convolutions = [
        layer
        for layer in network.layers
        if isinstance(layer, layers.Conv2D | layers.DepthwiseConv2D) and layer.use_bias
    ]
    losses = []
    for layer in convolutions:
        errors = layer.__class__.from_config({**layer.get_config(), "name": f"{layer.name}_errors", "use_bias": False})
        losses.append(tf.reduce_mean(errors(layer.input), (1, 2)))
        errors.set_weights([_rounding_errors(layer)])
    probe = keras.Model(network.input, losses)
    found = probe.predict(np.stack(images).astype(np.float32), batch_size=BATCH, verbose=0)
    for layer, loss in zip(convolutions, tf.nest.flatten(found), strict=True):
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel, bias + np.round(loss.mean(axis=0), DECIMALS)])
