"""ENet, one of the paper's competitors (Tables 4 to 6).

Paszke et al., "ENet: A Deep Neural Network Architecture for Real-Time Semantic Segmentation" (2016), Table 1, Fig. 2.

stage     blocks                                                             size at 224   channels
initial   convolution 3×3 stride 2 → 13, beside it max-pooling 3×3 of RGB    112           16
1         down, 4 regular                                                     56           64
2         down, regular, dilated 2, asymmetric 5, dilated 4,
          regular, dilated 8, asymmetric 5, dilated 16                        28           128
3         the same without down                                               28           128
4         up, 2 regular                                                       56           64
5         up, regular                                                        112           16
last      deconvolution 3×3 stride 2 → 2                                     224           2

A bottleneck is 1×1 to a quarter of its input's channels, a convolution, 1×1 back, each with batch norm, and dropout,
added to what came in. Nothing has a bias. In the encoder the PReLUs of a block share one slope; the decoder has ReLU,
and its deconvolutions are 3×3, as the code has it that the paper's authors ran. On its way down the other branch is
max-pooled and filled up with channels of zeros; on its way up each value goes where the pooling of the same size found
its maximum. There is no boundary head: the paper gives ENet none.
"""

import zlib
from typing import Any

from pnet_tf import config, fields
from pnet_tf.model.encoder import batch_norm_settings
from pnet_tf.model.portraitnet import CLASSES, MASK_HEAD
from pnet_tf.model.reference import EPSILON, normalised
from pnet_tf.stack import keras, tf

layers = keras.layers

INNER_SHARE = 4
"""A bottleneck's channels inside are those of its input divided by this."""

SLOPE = 0.25
"""Of a fresh PReLU below zero."""

CONTEXT = ((3, 1), (3, 2), (5, 1), (3, 4), (3, 1), (3, 8), (5, 1), (3, 16))
"""Stages 2 and 3: (5, 1) is the asymmetric pair 5×1 and 1×5, the others 3×3 with their dilation."""

ASYMMETRIC = 5


class Pool(layers.Layer):
    """2×2 max-pooling that says where each maximum was: (B, 2H, 2W, C) → (B, H, W, C) and (B, H, W, 4·C) bool.

    The second is true for the pixel of a block that is its largest, of equals the first, in `decoder.DepthToSpace`'s
    order. It is made of operators that TFLite has, in int8, too; pooling with indices is none.
    """

    def call(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        corners = tf.split(tf.nn.space_to_depth(x, 2), 4, -1)
        largest = tf.maximum(tf.maximum(corners[0], corners[1]), tf.maximum(corners[2], corners[3]))
        places = [corners[0] >= largest]
        taken = places[0]
        for corner in corners[1:]:
            places.append(tf.logical_and(corner >= largest, tf.logical_not(taken)))
            taken = tf.logical_or(taken, places[-1])
        return largest, tf.concat(places, -1)


class Unpool(layers.Layer):
    """Puts each value where `Pool` found its maximum, zeros beside: (B, H, W, C) and its places → (B, 2H, 2W, C)."""

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        values, places = inputs
        spread = tf.concat([values] * 4, -1)
        return tf.nn.depth_to_space(tf.where(places, spread, tf.zeros_like(spread)), 2)


class FillChannels(layers.Layer):
    """(B, H, W, C) → (B, H, W, channels), the further ones zeros."""

    def __init__(self, channels: int, **options: Any):
        super().__init__(**options)
        self.channels = channels

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return tf.pad(x, [[0, 0], [0, 0], [0, 0], [0, self.channels - x.shape[-1]]])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "channels": self.channels}


class Dropout(layers.Layer):
    """Leaves out whole channels of a training photo, the share `rate` of them, and enlarges the others to match.

    What is left out follows from how often the layer was called, which a checkpoint keeps: a run that goes on draws
    what it would have drawn.
    """

    def __init__(self, rate: float, **options: Any):
        super().__init__(**options)
        self.rate = rate

    def build(self, shape: tf.TensorShape) -> None:
        once = {"trainable": False, "aggregation": tf.VariableAggregation.ONLY_FIRST_REPLICA}
        self.calls = self.add_weight("calls", (), tf.int64, "zeros", **once)

    def call(self, x: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        if not training:
            return x
        seed = tf.stack([self.calls, tf.constant(zlib.crc32(self.name.encode()), tf.int64)])
        drawn = tf.random.stateless_uniform([tf.shape(x)[0], 1, 1, x.shape[-1]], seed)
        self.calls.assign_add(1)
        return x * tf.cast(drawn >= self.rate, x.dtype) / (1 - self.rate)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate}


class Slope(layers.Layer):
    """The slope below zero that the PReLUs of a block share, (1, 1, 1); of what it is called with it takes nothing."""

    def build(self, shape: tf.TensorShape) -> None:
        self.slope = self.add_weight("slope", (1, 1, 1), initializer=keras.initializers.Constant(SLOPE))

    def call(self, _: tf.Tensor) -> tf.Tensor:
        return tf.identity(self.slope)


class SlopedReLU(layers.Layer):
    """PReLU whose slope comes from a `Slope`."""

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        x, slope = inputs
        return tf.nn.relu(x) - slope * tf.nn.relu(-x)


class RepeatEdge(layers.Layer):
    """One pixel more on every side, the edge's own: a maximum over it is one over the picture alone."""

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC")


def _norm(x: tf.Tensor, name: str) -> tf.Tensor:
    return layers.BatchNormalization(**batch_norm_settings(), epsilon=EPSILON, name=f"{name}_BN")(x)


def _active(x: tf.Tensor, name: str, slope: tf.Tensor | None) -> tf.Tensor:
    """ReLU, or PReLU with the block's slope."""
    if slope is None:
        return layers.ReLU(name=f"{name}_relu")(x)
    return SlopedReLU(name=f"{name}_prelu")([x, slope])


def _convolved(
    x: tf.Tensor, channels: int, name: str, slope: tf.Tensor | None, size: Any = 1, **options: Any
) -> tf.Tensor:
    """Convolution, batch norm, activation."""
    options = {"padding": "same", "use_bias": False, "kernel_initializer": "he_normal"} | options
    return _active(_norm(layers.Conv2D(channels, size, name=name, **options)(x), name), name, slope)


def _doubled(x: tf.Tensor, channels: int, name: str) -> tf.Tensor:
    """3×3 deconvolution of stride 2, padded by 1 as PyTorch does it: output pixel 2i + k − 1 meets tap k of pixel i."""
    x = layers.Conv2DTranspose(channels, 3, 2, use_bias=False, name=name)(x)
    return layers.Cropping2D(((1, 0), (1, 0)), name=f"{name}_crop")(x)


def bottleneck(
    x: tf.Tensor, name: str, dropout: float, size: int = 3, dilation: int = 1, relu: bool = False
) -> tf.Tensor:
    """(B, H, W, C) → the same; size `ASYMMETRIC` is the pair 5×1 and 1×5."""
    inner, slope = x.shape[-1] // INNER_SHARE, None if relu else Slope(name=f"{name}_slope")(x)
    branch = _convolved(x, inner, f"{name}_narrow", slope)
    if size == ASYMMETRIC:
        branch = _convolved(branch, inner, f"{name}_column", slope, (size, 1))
        branch = _convolved(branch, inner, f"{name}_row", slope, (1, size))
    else:
        branch = _convolved(branch, inner, f"{name}_middle", slope, size, dilation_rate=dilation)
    branch = _convolved(branch, x.shape[-1], f"{name}_widen", slope)
    branch = Dropout(dropout, name=f"{name}_dropout")(branch)
    return _active(layers.Add(name=f"{name}_add")([x, branch]), name, slope)


def down(x: tf.Tensor, channels: int, name: str, dropout: float) -> tuple[tf.Tensor, tf.Tensor]:
    """(B, 2H, 2W, C) → (B, H, W, channels), and the places of the pooling for `up`."""
    inner, slope = x.shape[-1] // INNER_SHARE, Slope(name=f"{name}_slope")(x)
    pooled, places = Pool(name=f"{name}_pool")(x)
    branch = _convolved(x, inner, f"{name}_narrow", slope, 2, strides=2, padding="valid")
    branch = _convolved(branch, inner, f"{name}_middle", slope, 3)
    branch = _convolved(branch, channels, f"{name}_widen", slope)
    branch = Dropout(dropout, name=f"{name}_dropout")(branch)
    filled = FillChannels(channels, name=f"{name}_fill")(pooled)
    return _active(layers.Add(name=f"{name}_add")([filled, branch]), name, slope), places


def up(x: tf.Tensor, places: tf.Tensor, channels: int, name: str, dropout: float) -> tf.Tensor:
    """(B, H, W, C) and the places of `down` → (B, 2H, 2W, channels)."""
    inner = x.shape[-1] // INNER_SHARE
    values = layers.Conv2D(channels, 1, use_bias=False, kernel_initializer="he_normal", name=f"{name}_main")(x)
    values = _norm(values, f"{name}_main")
    spread = Unpool(name=f"{name}_unpool")([values, places])
    branch = _convolved(x, inner, f"{name}_narrow", None)
    branch = _doubled(branch, inner, f"{name}_middle")
    branch = _active(_norm(branch, f"{name}_middle"), f"{name}_middle", None)
    branch = _convolved(branch, channels, f"{name}_widen", None)
    branch = Dropout(dropout, name=f"{name}_dropout")(branch)
    return _active(layers.Add(name=f"{name}_add")([spread, branch]), name, None)


def initial(x: tf.Tensor) -> tf.Tensor:
    """(B, 2H, 2W, 3) → (B, H, W, 16)."""
    padded = layers.ZeroPadding2D(1, name="initial_pad")(x)
    convolved = layers.Conv2D(13, 3, 2, use_bias=False, kernel_initializer="he_normal", name="initial_conv")(padded)
    pooled = layers.MaxPooling2D(3, 2, name="initial_pool")(RepeatEdge(name="initial_edge")(x))
    joined = layers.Concatenate(name="initial_join")([convolved, pooled])
    return _active(_norm(joined, "initial"), "initial", Slope(name="initial_slope")(x))


def build(settings: config.Model) -> keras.Model:
    """The training graph, with fresh weights.

    Returns:
      A functional model: (B, H, W, 3) float32 raw RGB 0..255 → {MASK_LOGITS}, (B, H, W, 2) float32 logits of
      (background, foreground).
    """
    raw = keras.Input((settings.input_height, settings.input_width, 3), name="image")
    x, places = down(initial(normalised(raw)), 64, "stage1_down", 0.01)
    for index in range(4):
        x = bottleneck(x, f"stage1_{index + 1}", 0.01)
    x, finer = down(x, 128, "stage2_down", 0.1)
    for stage in (2, 3):
        for index, (size, dilation) in enumerate(CONTEXT):
            x = bottleneck(x, f"stage{stage}_{index + 1}", 0.1, size, dilation)
    x = up(x, finer, 64, "stage4_up", 0.1)
    for index in range(2):
        x = bottleneck(x, f"stage4_{index + 1}", 0.1, relu=True)
    x = up(x, places, 16, "stage5_up", 0.1)
    x = bottleneck(x, "stage5_1", 0.1, relu=True)
    return keras.Model(raw, {fields.MASK_LOGITS: _doubled(x, CLASSES, MASK_HEAD)}, name="enet")
