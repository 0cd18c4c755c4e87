"""The decoder's parts (paper, Fig. 2b): D-Block, up-sampling, fusion."""

import numpy as np

from pnet_tf.model.encoder import batch_norm_settings
from pnet_tf.stack import keras, tf

layers = keras.layers


def _batch_norm(x: tf.Tensor, name: str) -> tf.Tensor:
    return layers.BatchNormalization(**batch_norm_settings(), name=name)(x)


def d_block(x: tf.Tensor, channels: int, name: str) -> tf.Tensor:
    """Transition block: two separable 3×3 convolutions beside a 1×1 shortcut, added, ReLU.

    (B, H, W, C) → (B, H, W, channels). Every convolution is followed by batch norm; the last
    ReLU comes after the sum, as in a residual block.
    """
    branch = layers.SeparableConv2D(channels, 3, padding="same", use_bias=False, name=f"{name}_sep1")(x)
    branch = _batch_norm(branch, f"{name}_sep1_BN")
    branch = layers.ReLU(name=f"{name}_sep1_relu")(branch)
    branch = layers.SeparableConv2D(channels, 3, padding="same", use_bias=False, name=f"{name}_sep2")(branch)
    branch = _batch_norm(branch, f"{name}_sep2_BN")
    shortcut = x
    if x.shape[-1] != channels:
        shortcut = layers.Conv2D(channels, 1, use_bias=False, name=f"{name}_shortcut")(x)
        shortcut = _batch_norm(shortcut, f"{name}_shortcut_BN")
    return layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_add")([branch, shortcut]))


def upsample(x: tf.Tensor, kind: str, name: str) -> tf.Tensor:
    """Doubles height and width: half-pixel bilinear, or a 4×4 stride-2 deconvolution.

    The deconvolution has neither bias, batch norm nor ReLU, as in the authors' code.
    """
    if kind == "bilinear":
        return layers.UpSampling2D(2, interpolation="bilinear", name=name)(x)
    return layers.Conv2DTranspose(x.shape[-1], 4, strides=2, padding="same", use_bias=False, name=name)(x)


class BilinearKernel(keras.initializers.Initializer):
    """The 4×4 kernel that interpolates at stride 2, for every channel or pair of channels alike."""

    def __call__(self, shape: tuple[int, ...], dtype: tf.DType | None = None, **_: object) -> tf.Tensor:
        ramp = np.array([1, 3, 3, 1]) / 4
        return tf.constant(np.broadcast_to(np.outer(ramp, ramp)[:, :, None, None], shape), dtype or tf.float32)


class DepthwiseDeconvolution(layers.Layer):
    """A 4×4 stride-2 deconvolution of each channel by itself; (B, H, W, C) → (B, 2H, 2W, C).

    Its kernel (4, 4, C, 1) is bilinear unless weights are loaded, and not trained (the authors give it a
    learning rate of 0); the int8 twin's is. Bilinear, it equals a half-pixel resize but for the outermost
    pixels, where it takes what lies outside for zero.
    """

    def __init__(self, **options):
        super().__init__(trainable=False, **options)

    def build(self, shape: tf.TensorShape) -> None:
        self.depthwise_kernel = self.add_weight("depthwise_kernel", (4, 4, shape[-1], 1), initializer=BilinearKernel())

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """By its definition: the gradient of a depthwise convolution."""
        _, height, width, channels = x.shape
        size = [tf.shape(x)[0], 2 * height, 2 * width, channels]
        y = tf.nn.depthwise_conv2d_backprop_input(size, self.depthwise_kernel, x, [1, 2, 2, 1], "SAME")
        return tf.ensure_shape(y, (None, 2 * height, 2 * width, channels))


class DepthToSpace(layers.Layer):
    """(B, H, W, 4·C) → (B, 2H, 2W, C); the channels hold the upper left, upper right, lower left, lower right pixel."""

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return tf.nn.depth_to_space(x, 2)


def fuse(decoded: tf.Tensor, skip: tf.Tensor, kind: str, name: str) -> tf.Tensor:
    """Joins a skip connection of the same size, by sum or along the channels.

    A narrow encoder has fewer channels than the decoder at some rates; a sum then goes through a
    1×1 convolution with batch norm that widens the skip.
    """
    if kind == "concatenate":
        return layers.Concatenate(name=name)([decoded, skip])
    channels = decoded.shape[-1]
    if skip.shape[-1] != channels:
        skip = layers.Conv2D(channels, 1, use_bias=False, name=f"{name}_project")(skip)
        skip = _batch_norm(skip, f"{name}_project_BN")
    return layers.Add(name=name)([decoded, skip])
