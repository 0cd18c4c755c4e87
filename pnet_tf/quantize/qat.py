"""A trained network in, its quantisation-aware twin out; and the twin's deployed graph.

The twin is the deployed graph (batch norm and normalisation folded, nothing left to freeze)
with every kernel and every activation on the int8 grid, as the file will have them:

* the input is fixed at raw 0..255, the sigmoid at 1/256;
* a convolution that a ReLU follows is quantized after the ReLU, as the fused operator is;
* a bilinear resize or depth-to-space is quantized once, in front: its operator has one scale for both ends;
* so has a concatenation, and what it joins shares one range.

TFMOT's own default scheme is not used: it has no per-channel depthwise kernels, it quantizes
behind the resize, and it refuses deconvolutions.
"""

import tensorflow_model_optimization as tfmot

from pnet_tf import fields
from pnet_tf.model import deploy
from pnet_tf.model.decoder import DepthToSpace
from pnet_tf.model.portraitnet import TRAINING_ONLY
from pnet_tf.quantize.quantizers import PROBABILITY, RAW_PIXELS, JoinedRange, LayerConfig, moving_average
from pnet_tf.stack import keras, tf

layers = keras.layers
PREFIX = "quant_"
TWO_CLASS = "two_class"


class TwoClassLogits(layers.Layer):
    """One logit z → the two-class logits (0, z) that the losses take; (B, H, W, 1) → (B, H, W, 2)."""

    def call(self, logit: tf.Tensor) -> tf.Tensor:
        """Softmax of the result is sigmoid of the logit."""
        return tf.concat([tf.zeros_like(logit), logit], axis=-1)


def _kernel_of(layer: layers.Layer) -> str | None:
    if isinstance(layer, layers.DepthwiseConv2D):
        return "depthwise_kernel"
    return "kernel" if isinstance(layer, layers.Conv2D | layers.Conv2DTranspose) else None


def _quantized_output(layer: layers.Layer, consumers: list[layers.Layer]) -> bool:
    """Whether the layer's output is a tensor of the int8 file with a scale of its own."""
    if isinstance(layer, layers.UpSampling2D | layers.ZeroPadding2D | layers.Concatenate | DepthToSpace):
        return False  # one scale for both ends
    return not (consumers and all(isinstance(consumer, layers.ReLU) for consumer in consumers))


def _joined_ranges(folded: keras.Model) -> dict[str, JoinedRange]:
    """Name of each layer whose output reaches a concatenation, by way of a resize or not → its quantizer."""
    maker = {layer.output.ref(): layer for layer in folded.layers}
    ranges = {}
    for concatenation in folded.layers:
        if isinstance(concatenation, layers.Concatenate):
            group = []
            for tensor in concatenation.input:
                source = maker[tensor.ref()]
                while isinstance(source, layers.UpSampling2D):
                    source = maker[source.input.ref()]
                ranges[source.name] = JoinedRange(group)
    return ranges


def _wrapped(layer: layers.Layer, config: LayerConfig) -> layers.Layer:
    fresh = layer.__class__.from_config(layer.get_config())
    return tfmot.quantization.keras.QuantizeWrapperV2(fresh, config)


def quantize(model: keras.Model) -> keras.Model:
    """The quantisation-aware twin of a training graph, with its weights and uncalibrated ranges.

    Args:
      model: from `build.build`, trained.

    Returns:
      A functional model with the same input and outputs as `model`: (B, H, W, 3) float32 raw RGB
      → MASK_LOGITS and BOUNDARY_LOGITS. Call `calibrate` before using it.
    """
    folded = deploy.fold(model, with_boundary=True)
    boundary = folded.output[fields.BOUNDARY_LOGITS]
    consumers: dict = {}
    for layer in folded.layers[1:]:
        for tensor in tf.nest.flatten(layer.input):
            consumers.setdefault(tensor.ref(), []).append(layer)
    joined = _joined_ranges(folded)
    raw = keras.Input(folded.input.shape[1:], name=deploy.INPUT)
    pixels = layers.Activation("linear", name="pixels")
    made = {folded.input.ref(): _wrapped(pixels, LayerConfig(None, RAW_PIXELS))(raw)}
    for layer in folded.layers[1:]:
        if layer.name == deploy.FOREGROUND:
            continue  # joins in `deployed`; the losses take logits
        x = tf.nest.map_structure(lambda tensor: made[tensor.ref()], layer.input)
        if layer.name in TRAINING_ONLY:
            copy = layer.__class__.from_config(layer.get_config())  # in float
            made[layer.output.ref()] = copy(x)
            copy.set_weights(layer.get_weights())
            continue
        output = None
        if _quantized_output(layer, consumers.get(layer.output.ref(), [])):
            output = joined.get(layer.name) or moving_average()
        wrapped = _wrapped(layer, LayerConfig(_kernel_of(layer), output))
        made[layer.output.ref()] = wrapped(x)
        for name in ("kernel", "depthwise_kernel", "bias"):
            source = getattr(layer, name, None)
            if source is not None:
                _variable(wrapped, name).assign(source)
    logit = made[folded.output[deploy.MASK_LOGIT].ref()]
    outputs = {
        fields.MASK_LOGITS: TwoClassLogits(name=TWO_CLASS)(logit),
        fields.BOUNDARY_LOGITS: made[boundary.ref()],
    }
    return keras.Model(raw, outputs, name="portraitnet_quantized")


def _variable(wrapped: layers.Layer, name: str) -> tf.Variable:
    """A wrapped layer's variable by its plain name; the attribute itself may hold the quantized tensor."""
    return next(one for one in wrapped.weights if one.name.split("/")[-1].split(":")[0] == name)


def calibrate(quantized: keras.Model, model: keras.Model, batches: list[tf.Tensor]) -> None:
    """Sets every activation's first range to what the float network shows on the batches.

    Args:
      quantized: from `quantize`.
      model: the training graph that it was made from.
      batches: (B, H, W, 3) raw RGB 0..255 each.
    """
    folded = deploy.fold(model, with_boundary=True)
    ranged = [
        (layer, folded.get_layer(layer.name.removeprefix(PREFIX)).output)
        for layer in quantized.layers
        if any("output_min" in one.name for one in layer.weights)
    ]
    probe = keras.Model(folded.input, [(tf.reduce_min(out), tf.reduce_max(out)) for _, out in ranged])
    seen = [probe(tf.cast(batch, tf.float32), training=False) for batch in batches]
    for index, (layer, _) in enumerate(ranged):
        _variable(layer, "output_min").assign(min(float(one[index][0]) for one in seen))
        _variable(layer, "output_max").assign(max(float(one[index][1]) for one in seen))


def deployed(quantized: keras.Model) -> keras.Model:
    """The twin's deployed graph: raw RGB (B, H, W, 3) → foreground probability (B, H, W, 1), fake-quantized."""
    logit = quantized.get_layer(TWO_CLASS).input
    sigmoid = layers.Activation("sigmoid", name=deploy.FOREGROUND)
    foreground = _wrapped(sigmoid, LayerConfig(None, PROBABILITY))(logit)
    return keras.Model(quantized.input, foreground, name=deploy.DEPLOYED)


def float_twin(quantized: keras.Model) -> keras.Model:
    """`deployed` without its grids: the same weights and layer names, every number in float."""

    def unwrapped(layer: layers.Layer) -> layers.Layer:
        inner = getattr(layer, "layer", layer)
        return inner.__class__.from_config(inner.get_config())

    wrapped = deployed(quantized)
    plain = keras.models.clone_model(wrapped, clone_function=unwrapped)
    for layer in wrapped.layers:
        if isinstance(layer, tfmot.quantization.keras.QuantizeWrapperV2):
            copy = plain.get_layer(layer.layer.name)
            copy.set_weights([_variable(layer, one.name.split("/")[-1].split(":")[0]) for one in copy.weights])
    return plain
