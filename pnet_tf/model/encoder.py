"""MobileNetV2 of tf.keras.applications as the encoder, fit for transfer and for speed.

Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks" (2018), without its last
1280-channel convolution.
"""

import concurrent.futures
import functools
from collections.abc import Sequence

from pnet_tf.stack import keras, tf

STAGES = {
    2: "expanded_conv_project_BN",
    4: "block_2_add",
    8: "block_5_add",
    16: "block_12_add",
    32: "block_16_project_BN",
}
"""Down-sampling rate → the layer whose output the decoder uses (16, 24, 32, 96, 320 channels at width 1)."""

BATCH_NORM_MOMENTUM = 0.9
"""tf.keras.applications says 0.999 and a fresh layer 0.99: after the few hundred steps of a
fine-tuning such statistics still describe the old data. 0.9 is PyTorch's default of 0.1."""

_FIRST_CONVOLUTION = "Conv1"


def batch_norm_settings() -> dict:
    """Momentum; and in the scope of a strategy of several replicas, statistics over all of their batch."""
    return {"momentum": BATCH_NORM_MOMENTUM, "synchronized": tf.distribute.get_strategy().num_replicas_in_sync > 1}


@functools.cache
def _template(width: float) -> keras.Model:
    """MobileNetV2 as the applications have it, for its layers' settings; made once, as it takes as long as the copy.

    In a thread of its own, which has neither the caller's seed, from which its throw-away weights would draw the first
    time alone, nor the scope of a tf.distribute strategy.
    """
    with concurrent.futures.ThreadPoolExecutor(1) as apart:
        return apart.submit(
            keras.applications.MobileNetV2, input_shape=(224, 224, 3), alpha=width, include_top=False, weights=None
        ).result()


def _adapted(layer: keras.layers.Layer, filters: dict[str, int]) -> keras.layers.Layer:
    """A fresh layer like the given one, with three of the applications' habits changed and, by name, its filters."""
    config = layer.get_config()
    if layer.name in filters:
        config["filters"] = filters[layer.name]
    if isinstance(layer, keras.layers.BatchNormalization):
        config.update(batch_norm_settings())
    elif isinstance(layer, keras.layers.DepthwiseConv2D):
        # For even sizes SAME pads exactly what the explicit padding layer in front of a stride-2
        # block pads, and needs no gradient of its own.
        config["padding"] = "same"
    elif layer.name == _FIRST_CONVOLUTION:
        config["padding"] = "valid"  # the caller pads, see portraitnet.normalised_input
    return layer.__class__.from_config(config)


def encode(normalised: tf.Tensor, width: float, hidden_channels: Sequence[int] = ()) -> dict[int, tf.Tensor]:
    """Applies MobileNetV2 and returns the feature maps at the rates of `STAGES`.

    Args:
      normalised: (B, H + 1, W + 1, 3) symbolic float32, already padded by one row below and one
        column to the right; H and W divisible by 32.
      width: one of config.ENCODER_WIDTHS.
      hidden_channels: of each block, where they are not MobileNetV2's (`config.channel_counts`).

    Layers keep the names of tf.keras.applications, so that ImageNet weights of that family load by name.
    """
    template = _template(width)
    hidden_makers = [_FIRST_CONVOLUTION, *(f"block_{index}_expand" for index in range(1, len(hidden_channels)))]
    filters = dict(zip(hidden_makers, hidden_channels, strict=False))
    made = {template.input.ref(): normalised}
    stages = {}
    names = {name: rate for rate, name in STAGES.items()}
    for layer in template.layers[1:]:
        inputs = tf.nest.map_structure(lambda tensor: made[tensor.ref()], layer.input)
        # Padding layers disappear into SAME (see _adapted).
        output = inputs if isinstance(layer, keras.layers.ZeroPadding2D) else _adapted(layer, filters)(inputs)
        made[layer.output.ref()] = output
        if layer.name in names:
            stages[names[layer.name]] = output
        if len(stages) == len(STAGES):
            break
    return stages


def inverted_residuals(model: keras.Model) -> list[tuple[keras.layers.Layer, keras.layers.Layer, keras.layers.Layer]]:
    """The encoder's blocks in order, each as its expansion, depthwise convolution and projection.

    The channels of the first two are the block's hidden ones. The first block expands nothing: there the network's
    first convolution makes them.
    """
    by_name = {layer.name: layer for layer in model.layers}
    return [
        (by_name.get(f"{block}_expand", by_name[_FIRST_CONVOLUTION]), by_name[f"{block}_depthwise"], projection)
        for projection in model.layers
        if f"{(block := projection.name.removesuffix('_project'))}_depthwise" in by_name
    ]
