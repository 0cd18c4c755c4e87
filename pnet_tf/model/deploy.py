"""The deployed graph: the mask branch alone, batch norm and normalisation folded, one sigmoid.

Folding is a walk over the training graph in topological order. Each convolution meets
what precedes and follows it:

* batch norm behind a convolution scales its kernel and becomes its bias; one behind something else stays;
* a separable convolution becomes a depthwise and a 1×1 convolution, as TFLite has them;
* the input's normalisation folds into the first kernel and bias, and its padding becomes SAME; in the reference,
  which pads later, it becomes a 1×1 depthwise convolution of its own;
* a depthwise deconvolution, which TFLite lacks, becomes a convolution for each of the four pixels that it makes of one;
* dropout, and what the network has and never calls, go;
* the two-class head becomes one channel a pixel: softmax(z)[1] = sigmoid(z[1] − z[0]), and so does an edge filter.

All of it is exact up to float rounding.
"""

import numpy as np

from pnet_tf import fields
from pnet_tf.errors import InputError
from pnet_tf.model import bisenet, enet, portraitfcn, reference
from pnet_tf.model.decoder import DepthToSpace, DepthwiseDeconvolution
from pnet_tf.model.edge_filter import EdgeFilter, FilteredLogits
from pnet_tf.model.portraitnet import INPUT_PAD, MASK_HEAD, NORMALISE, RGB_MEAN, RGB_SCALE, TRAINING_ONLY
from pnet_tf.stack import keras, tf

layers = keras.layers

DEPLOYED = "portraitnet_deployed"
INPUT = "image"
MASK_LOGIT = "mask_logit"
"""The head, which has four channels with head_rate=2, and the output (B, H, W, 1)."""
FOREGROUND = "foreground"


_GONE = (enet.Dropout, bisenet.Uncalled)
"""Layers that do nothing in use."""

_TAPS = ((3, 1, 4), (4, 2, 0))
"""The taps of 4 that the pixels at −1, 0 and +1 meet, for an even and an odd output pixel; 4 stands for none."""


def _pixel_kernels(kernel: np.ndarray) -> np.ndarray:
    """A 4×4 stride-2 deconvolution's kernel (4, 4, C, 1) → 3×3 kernels (3, 3, 4·C, 1), in DepthToSpace's order.

    Output pixel 2i meets tap 1 with input i and tap 3 with i − 1; 2i + 1 meets tap 2 with i and tap 0 with i + 1.
    """
    padded = np.pad(kernel, ((0, 1), (0, 1), (0, 0), (0, 0)))
    return np.concatenate([padded[np.ix_(rows, columns)] for rows in _TAPS for columns in _TAPS], axis=2)


def _bias(layer: keras.layers.Layer) -> np.ndarray:
    return layer.bias.numpy() if layer.use_bias else np.zeros(layer.filters, np.float32)


class _Folder:
    """One walk; `made` maps the training graph's tensors to the deployed graph's."""

    def __init__(self, model: keras.Model):
        self.made = {}
        self.weights = []  # (new layer, its arrays), set when all is connected
        self.inside = set()  # names of the batch norms that a convolution has taken in
        self.consumers, self.slopes = {}, {}
        for layer in model.layers[1:]:
            for tensor in tf.nest.flatten(layer.input):
                self.consumers.setdefault(tensor.ref(), []).append(layer)

    def _batch_norm_after(self, layer: keras.layers.Layer) -> keras.layers.Layer | None:
        after = self.consumers.get(layer.output.ref(), [])
        return after[0] if len(after) == 1 and isinstance(after[0], layers.BatchNormalization) else None

    def _folded(self, layer: keras.layers.Layer, kernel: np.ndarray, bias: np.ndarray, channel_axis: int):
        """Kernel and bias with the batch norm behind the layer inside; its scale lies along `channel_axis`."""
        norm = self._batch_norm_after(layer)
        if norm is None:
            return kernel, bias
        self.inside.add(norm.name)
        gamma, beta, mean, variance = (
            array.numpy() for array in (norm.gamma, norm.beta, norm.moving_mean, norm.moving_variance)
        )
        scale = gamma / np.sqrt(variance + norm.epsilon)
        shape = [1] * kernel.ndim
        shape[channel_axis] = -1
        return kernel * scale.reshape(shape), (bias - mean) * scale + beta

    def _emit(self, layer: keras.layers.Layer, x: tf.Tensor, arrays: list[np.ndarray]) -> tf.Tensor:
        self.weights.append((layer, arrays))
        return layer(x)

    def convolution(self, layer: layers.Conv2D, x: tf.Tensor) -> tf.Tensor:
        if layer.name == MASK_HEAD:
            return self.mask_head(layer, x)
        # Without its prior the reference's first kernel meets zeros, as in the first frame: no channel at all.
        kernel = layer.kernel.numpy()[:, :, : x.shape[-1]]
        kernel, bias = self._folded(layer, kernel, _bias(layer), channel_axis=3)
        padding = layer.padding
        if layer.input.name.split("/")[0] == NORMALISE:
            kernel = kernel * RGB_SCALE
            bias = bias - np.einsum("hwio,i->o", kernel, RGB_MEAN)
            padding = "same"  # INPUT_PAD's row and column, which are what SAME pads at even sizes
        options = {"dilation_rate": layer.dilation_rate, "name": layer.name}
        new = layers.Conv2D(layer.filters, layer.kernel_size, layer.strides, padding, **options)
        return self._emit(new, x, [kernel, bias])

    def depthwise(self, layer: layers.DepthwiseConv2D, x: tf.Tensor) -> tf.Tensor:
        kernel = layer.depthwise_kernel.numpy()
        kernel, bias = self._folded(layer, kernel, np.zeros(kernel.shape[2], np.float32), channel_axis=2)
        new = layers.DepthwiseConv2D(layer.kernel_size, layer.strides, layer.padding, name=layer.name)
        return self._emit(new, x, [kernel, bias])

    def separable(self, layer: layers.SeparableConv2D, x: tf.Tensor) -> tf.Tensor:
        pointwise, bias = self._folded(
            layer, layer.pointwise_kernel.numpy(), np.zeros(layer.filters, np.float32), channel_axis=3
        )
        first = layers.DepthwiseConv2D(layer.kernel_size, padding=layer.padding, name=f"{layer.name}_depthwise")
        depthwise = layer.depthwise_kernel.numpy()
        x = self._emit(first, x, [depthwise, np.zeros(depthwise.shape[2], np.float32)])
        return self._emit(layers.Conv2D(layer.filters, 1, name=f"{layer.name}_pointwise"), x, [pointwise, bias])

    def deconvolution(self, layer: layers.Conv2DTranspose, x: tf.Tensor) -> tf.Tensor:
        kernel = layer.kernel.numpy()
        options = {"use_bias": False, "name": layer.name}
        if layer.name == MASK_HEAD:
            kernel, options["name"] = kernel[:, :, 1::2] - kernel[:, :, ::2], MASK_LOGIT
        new = layers.Conv2DTranspose(kernel.shape[2], layer.kernel_size, layer.strides, layer.padding, **options)
        return self._emit(new, x, [kernel])

    def mask_head(self, layer: layers.Conv2D, x: tf.Tensor) -> tf.Tensor:
        # The two classes lie side by side; there are four pairs where the head predicts 2×2 pixels.
        kernel, bias = (array[..., 1::2] - array[..., ::2] for array in (layer.kernel.numpy(), _bias(layer)))
        new = layers.Conv2D(len(bias), layer.kernel_size, padding=layer.padding, name=MASK_LOGIT)
        return self._emit(new, x, [kernel, bias])

    def edge_filter(self, layer: EdgeFilter, x: list[tf.Tensor]) -> tf.Tensor:
        return FilteredLogits(name=layer.name)(x)

    def normalisation(self, layer: layers.Normalization, x: tf.Tensor) -> tf.Tensor:
        new = layers.DepthwiseConv2D(1, name=layer.name)
        scale, mean = np.full(3, RGB_SCALE, np.float32), np.array(RGB_MEAN, np.float32)
        return self._emit(new, x, [scale.reshape(1, 1, 3, 1), -mean * scale])

    def depthwise_deconvolution(self, layer: DepthwiseDeconvolution, x: tf.Tensor) -> tf.Tensor:
        fourfold = layers.Concatenate(name=f"{layer.name}_repeat")([x] * 4)
        new = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name=f"{layer.name}_pixels")
        pixels = self._emit(new, fourfold, [_pixel_kernels(layer.depthwise_kernel.numpy())])
        return DepthToSpace(name=layer.name)(pixels)

    def sloped_relu(self, layer: enet.SlopedReLU, x: tf.Tensor) -> tf.Tensor:
        (slope,) = self.slopes[layer.input[1].ref()].get_weights()
        return self._emit(layers.PReLU(shared_axes=[1, 2, 3], name=layer.name), x[0], [slope])

    def slope(self, layer: enet.Slope, x: tf.Tensor) -> tf.Tensor:
        self.slopes[layer.output.ref()] = layer  # a constant of the PReLUs
        return x

    def copy(self, layer: keras.layers.Layer, x: tf.Tensor) -> tf.Tensor:
        return self._emit(layer.__class__.from_config(layer.get_config()), x, layer.get_weights())

    def _vanishes(self, layer: keras.layers.Layer) -> bool:
        return layer.name in (INPUT_PAD, NORMALISE) or layer.name in self.inside or isinstance(layer, _GONE)

    def visit(self, layer: keras.layers.Layer) -> None:
        x = tf.nest.map_structure(lambda tensor: self.made[tensor.ref()], layer.input)
        if self._vanishes(layer):
            output = x
        elif layer.name == reference.NORMALISE:
            output = self.normalisation(layer, x)
        else:
            make = next((make for kind, make in _BY_KIND if isinstance(layer, kind)), _Folder.copy)
            output = make(self, layer, x)
        for old, new in zip(tf.nest.flatten(layer.output), tf.nest.flatten(output), strict=True):
            self.made[old.ref()] = new


_BY_KIND = (
    (layers.SeparableConv2D, _Folder.separable),
    (layers.DepthwiseConv2D, _Folder.depthwise),
    (DepthwiseDeconvolution, _Folder.depthwise_deconvolution),
    (layers.Conv2DTranspose, _Folder.deconvolution),
    (layers.Conv2D, _Folder.convolution),
    (EdgeFilter, _Folder.edge_filter),
    (enet.Slope, _Folder.slope),
    (enet.SlopedReLU, _Folder.sloped_relu),
)
"""What is made of a layer; of the first kind that it is, of any other a copy."""


def fold(model: keras.Model, with_boundary: bool = False) -> keras.Model:
    """The deployed graph of a training graph, its weights folded.

    Args:
      model: from `build.build`, trained. A prior channel is left out: the answer is that to a first frame.
      with_boundary: keep the boundary head and return logits, for quantisation-aware training.

    Returns:
      A functional model on (B, H, W, 3) float32 raw RGB 0..255 that returns the foreground
      probability (B, H, W, 1) float32 0..1; with `with_boundary` a dict of FOREGROUND (that
      probability), MASK_LOGIT (B, H, W, 1) and BOUNDARY_LOGITS (B, H, W, 2).

    Raises:
      InputError: network=portraitfcn, which looks for faces.
    """
    if any(isinstance(layer, portraitfcn.FaceChannels) for layer in model.layers):
        raise InputError(
            "network=portraitfcn looks for a face in the photo, which no operator of TFLite does; it has no file, and "
            "is used by its model directory"
        )
    folder = _Folder(model)
    raw = keras.Input((*model.input.shape[1:3], 3), name=INPUT)
    folder.made[model.input.ref()] = raw
    for layer in model.layers[1:]:
        if layer.name not in TRAINING_ONLY or with_boundary:
            folder.visit(layer)
    logit = folder.made[model.output[fields.MASK_LOGITS].ref()]
    outputs = layers.Activation("sigmoid", name=FOREGROUND)(logit)
    if with_boundary:
        boundary = folder.made[model.output[fields.BOUNDARY_LOGITS].ref()]
        outputs = {FOREGROUND: outputs, MASK_LOGIT: logit, fields.BOUNDARY_LOGITS: boundary}
    deployed = keras.Model(raw, outputs, name=DEPLOYED)
    for layer, arrays in folder.weights:
        layer.set_weights(arrays)
    return deployed
