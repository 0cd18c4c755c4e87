"""The decoder's parts (paper, Fig. 2b): D-Block, up-sampling, fusion."""

from pnet_tf.model.encoder import BATCH_NORM_MOMENTUM
from pnet_tf.stack import keras, tf

layers = keras.layers


def _batch_norm(x: tf.Tensor, name: str) -> tf.Tensor:
    return layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM, name=name)(x)


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
