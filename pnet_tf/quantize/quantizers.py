"""What TFMOT's defaults lack for this network, as TFMOT quantizers and configs."""

from typing import Any

import tensorflow_model_optimization as tfmot

from pnet_tf.stack import keras, tf

BITS = 8
_api = tfmot.quantization.keras


class SymmetricWeights(_api.quantizers.Quantizer):
    """Symmetric int8, per output channel but for deconvolutions, from the weights as they are.

    TFMOT's default takes a depthwise kernel's last axis, the multiplier of 1, for its channels and
    so quantizes it per tensor, and a deconvolution's input channels for its output channels.
    """

    def __init__(self, kind: str):
        """Takes the kind of kernel: "convolution", "depthwise" or "deconvolution"."""
        self.kind = kind

    def build(self, tensor_shape: Any, name: str, layer: keras.layers.Layer) -> dict:
        """No state: the range follows the weights."""
        return {}

    def __call__(self, inputs: tf.Tensor, training: Any, weights: dict, **kwargs: Any) -> tf.Tensor:
        """A kernel as Keras keeps it, float32 → the same, on the int8 grid; gradients pass straight."""
        shape = inputs.shape
        if self.kind == "deconvolution":
            # Its output channels lie on axis 2, where TensorFlow has no fake quantisation, and the converter
            # follows none through a transposition: one scale for all.
            bound = tf.maximum(tf.stop_gradient(tf.reduce_max(tf.abs(inputs))), 1e-8)
            return tf.quantization.fake_quant_with_min_max_vars(inputs, -bound, bound, BITS, narrow_range=True)
        kernel = tf.reshape(inputs, shape[:3]) if self.kind == "depthwise" else inputs
        bound = tf.stop_gradient(tf.reduce_max(tf.abs(kernel), axis=list(range(kernel.shape.rank - 1))))
        bound = tf.maximum(bound, 1e-8)  # a channel of zeros needs a scale, too
        on_grid = tf.quantization.fake_quant_with_min_max_vars_per_channel(
            kernel, -bound, bound, num_bits=BITS, narrow_range=True
        )
        return tf.reshape(on_grid, shape)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {"kind": self.kind}


class FixedRange(_api.quantizers.Quantizer):
    """Asymmetric int8 over a range known beforehand: the raw input, the sigmoid."""

    def __init__(self, low: float, high: float):
        self.low, self.high = low, high

    def build(self, tensor_shape: Any, name: str, layer: keras.layers.Layer) -> dict:
        """No state."""
        return {}

    def __call__(self, inputs: tf.Tensor, training: Any, weights: dict, **kwargs: Any) -> tf.Tensor:
        """Any shape, float32 → the same, on the grid."""
        return tf.quantization.fake_quant_with_min_max_args(inputs, self.low, self.high, num_bits=BITS)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {"low": self.low, "high": self.high}


RAW_PIXELS = FixedRange(0.0, 255.0)
"""Scale 1: the input tensor is the pixel itself."""

PROBABILITY = FixedRange(0.0, 255 / 256)
"""Scale 1/256, the only one that LiteRT's LOGISTIC has."""


def moving_average() -> _api.quantizers.Quantizer:
    """Asymmetric int8 activations, the range a moving average over batches."""
    return _api.quantizers.MovingAverageQuantizer(num_bits=BITS, per_axis=False, symmetric=False, narrow_range=False)


class JoinedRange(_api.quantizers.MovingAverageQuantizer):
    """A range for tensors that meet in a concatenation, whose operator has one scale for all of its ends.

    Each tensor keeps a moving average of its own, and all are quantized over the span of the group.
    """

    def __init__(self, group: list[dict]):
        """Takes the group's variables, a list that every member adds its own to."""
        super().__init__(num_bits=BITS, per_axis=False, symmetric=False, narrow_range=False)
        self.group = group

    def build(self, tensor_shape: Any, name: str, layer: keras.layers.Layer) -> dict:
        """The moving average's two variables."""
        own = super().build(tensor_shape, name, layer)
        self.group.append(own)
        return own

    def __call__(self, inputs: tf.Tensor, training: Any, weights: dict, **kwargs: Any) -> tf.Tensor:
        """Any shape, float32 → the same, on the group's grid; in training the own average moves first."""
        super().__call__(inputs, training, weights, **kwargs)
        low = tf.reduce_min([one["min_var"] for one in self.group])
        high = tf.reduce_max([one["max_var"] for one in self.group])
        return tf.quantization.fake_quant_with_min_max_vars(inputs, low, high, num_bits=BITS)


class LayerConfig(_api.QuantizeConfig):
    """Quantises a layer's kernel, where it has one, and its output, where a quantizer is given."""

    def __init__(self, kernel: str | None, output: _api.quantizers.Quantizer | None):
        self.kernel, self.output = kernel, output

    def get_weights_and_quantizers(self, layer: keras.layers.Layer) -> list:
        """The kernel per channel; the bias is int32 in the file and needs nothing."""
        if self.kernel is None:
            return []
        kind = "depthwise" if self.kernel == "depthwise_kernel" else "convolution"
        if isinstance(layer, keras.layers.Conv2DTranspose):
            kind = "deconvolution"
        return [(getattr(layer, self.kernel), SymmetricWeights(kind))]

    def get_activations_and_quantizers(self, layer: keras.layers.Layer) -> list:
        """None: activations are layers of their own in the deployed graph."""
        return []

    def set_quantize_weights(self, layer: keras.layers.Layer, quantize_weights: list) -> None:
        """Called by TFMOT with the kernel on the grid."""
        if self.kernel is not None:
            setattr(layer, self.kernel, quantize_weights[0])

    def set_quantize_activations(self, layer: keras.layers.Layer, quantize_activations: list) -> None:
        """Nothing to set."""

    def get_output_quantizers(self, layer: keras.layers.Layer) -> list:
        """One or none."""
        return [] if self.output is None else [self.output]

    def get_config(self) -> dict:
        """Only models built from code are used, never Keras' serialisation of wrapped layers."""
        return {"kernel": self.kernel, "output": self.output}
