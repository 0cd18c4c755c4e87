"""The authors' released network, exactly: a second encoder and decoder behind portraitnet's interface.

rate   encoder                    decoder
1/32   320 ───────────────────────→ D-Block 96 ─ up
1/16   32·2, 64, 96 ─────────────── add → D-Block 32 ─ up
1/8    32 ───────────────────────── add → D-Block 24 ─ up
1/4    24 ───────────────────────── add → D-Block 16 ─ up
1/2    16                                 D-Block  8 ─ up
1/1                                       mask 3×3 → 2, boundary 3×3 → 2 (training only), no bias

What differs from `portraitnet`: ReLU instead of ReLU6, batch norm epsilon 1e-5, a stride-2 convolution pads both
sides by 1, the first block keeps its 1×1 expansion, batch norm and ReLU stand between the depthwise and the
pointwise half of a separable convolution, the decoder narrows with the encoder, and the input is padded *after* its
normalisation.
"""

import math

import numpy as np

from pnet_tf import config, fields
from pnet_tf.model import decoder
from pnet_tf.model.encoder import batch_norm_settings
from pnet_tf.model.portraitnet import BOUNDARY_HEAD, DECODER_CHANNELS, MASK_HEAD, RGB_MEAN, RGB_SCALE
from pnet_tf.stack import keras, tf

layers = keras.layers

NORMALISE = "normalise_before_padding"
"""Not portraitnet's layer: padding that follows the normalisation keeps it out of the first kernel."""

EPSILON = 1e-5
MINIMUM_CHANNELS = 16

ENCODER = (  # expansion, channels, blocks, stride of the first one
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""MobileNetV2's stages (its Table 2) at width 1."""

STAGE_RATES = {1: 4, 2: 8, 4: 16, 6: 32}
"""Row of `ENCODER` → the down-sampling rate at which the decoder uses its output."""


def _he() -> keras.initializers.Initializer:
    return keras.initializers.VarianceScaling(2.0, "fan_in", "untruncated_normal")


def _he_depthwise() -> keras.initializers.Initializer:
    """He's for 3×3 kernels of one input channel each; Keras would count all channels as one kernel's inputs."""
    return keras.initializers.RandomNormal(stddev=math.sqrt(2 / 9))


def channels_at(width: float, channels: int) -> int:
    """Channels at a width multiplier: rounded down, yet 16 at least where width 1 has as many."""
    return max(min(channels, MINIMUM_CHANNELS), int(channels * width))


def block_names() -> list[str]:
    """The encoder's blocks under tf.keras.applications' names, in order: 1 + 16."""
    return ["expanded_conv", *(f"block_{index}" for index in range(1, sum(row[2] for row in ENCODER)))]


def _norm(x: tf.Tensor, name: str) -> tf.Tensor:
    return layers.BatchNormalization(**batch_norm_settings(), epsilon=EPSILON, name=name)(x)


def _pointwise(x: tf.Tensor, channels: int, name: str) -> tf.Tensor:
    x = layers.Conv2D(channels, 1, use_bias=False, name=name, kernel_initializer=_he())(x)
    return _norm(x, f"{name}_BN")


def _depthwise(x: tf.Tensor, stride: int, name: str) -> tf.Tensor:
    """3×3 with batch norm and ReLU, padded by 1 on every side; Keras' SAME pads a stride of 2 on two sides alone."""
    if stride == 2:
        x = layers.ZeroPadding2D(1, name=f"{name}_pad")(x)
    padding = "valid" if stride == 2 else "same"
    x = layers.DepthwiseConv2D(3, stride, padding, use_bias=False, depthwise_initializer=_he_depthwise(), name=name)(x)
    return layers.ReLU(name=f"{name}_relu")(_norm(x, f"{name}_BN"))


def _inverted_residual(x: tf.Tensor, expansion: int, channels: int, stride: int, name: str) -> tf.Tensor:
    """1×1 expansion, 3×3 depthwise, linear 1×1 projection; added to the input where the shapes agree."""
    branch = _pointwise(x, x.shape[-1] * expansion, f"{name}_expand")
    branch = layers.ReLU(name=f"{name}_expand_relu")(branch)
    branch = _depthwise(branch, stride, f"{name}_depthwise")
    branch = _pointwise(branch, channels, f"{name}_project")
    if stride == 1 and x.shape[-1] == channels:
        branch = layers.Add(name=f"{name}_add")([x, branch])
    return branch


def _encode(normalised: tf.Tensor, width: float) -> dict[int, tf.Tensor]:
    """(B, H, W, 3 or 4) → the feature maps at the rates of `STAGE_RATES`."""
    x = layers.ZeroPadding2D(1, name="Conv1_pad")(normalised)
    x = layers.Conv2D(channels_at(width, 32), 3, 2, use_bias=False, name="Conv1", kernel_initializer=_he())(x)
    x = layers.ReLU(name="Conv1_relu")(_norm(x, "bn_Conv1"))
    names = iter(block_names())
    stages = {}
    for row, (expansion, channels, blocks, stride) in enumerate(ENCODER):
        for index in range(blocks):
            first_stride = stride if index == 0 else 1
            x = _inverted_residual(x, expansion, channels_at(width, channels), first_stride, next(names))
        if row in STAGE_RATES:
            stages[STAGE_RATES[row]] = x
    return stages


def d_block(x: tf.Tensor, channels: int, name: str) -> tf.Tensor:
    """The authors' transition block: (B, H, W, C) → (B, H, W, channels).

    Twice depthwise 3×3 and pointwise, each with batch norm and all but the last with ReLU, beside a 1×1
    shortcut (the identity where C equals `channels`); the sum goes through a ReLU.
    """
    branch = _depthwise(x, 1, f"{name}_depthwise1")
    branch = layers.ReLU(name=f"{name}_pointwise1_relu")(_pointwise(branch, channels, f"{name}_pointwise1"))
    branch = _depthwise(branch, 1, f"{name}_depthwise2")
    branch = _pointwise(branch, channels, f"{name}_pointwise2")
    shortcut = x if x.shape[-1] == channels else _pointwise(x, channels, f"{name}_shortcut")
    return layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_add")([branch, shortcut]))


def _upsample(x: tf.Tensor, kind: str, name: str) -> tf.Tensor:
    """Doubles height and width. Deconvolutions start bilinear, a dense one between all pairs of channels."""
    if kind == "bilinear":
        return decoder.upsample(x, kind, name)
    if kind == "depthwise":
        return decoder.DepthwiseDeconvolution(name=name)(x)
    return layers.Conv2DTranspose(
        x.shape[-1], 4, 2, "same", use_bias=False, kernel_initializer=decoder.BilinearKernel(), name=name
    )(x)


def normalised(raw: tf.Tensor) -> tf.Tensor:
    """(pixel − mean) · 0.017 for R, G, B; a fourth channel, the previous mask 0..1, stays as it is."""
    prior = [0.0] * (raw.shape[-1] - 3)
    mean, scale = np.array([*RGB_MEAN, *prior]), np.array([RGB_SCALE] * 3 + [1.0] * len(prior))
    return layers.Normalization(mean=mean, variance=scale**-2.0, name=NORMALISE)(raw)


def build(settings: config.Model) -> keras.Model:
    """The training graph, with fresh weights.

    Returns:
      A functional model: (B, H, W, 3) float32 raw RGB 0..255 → {MASK_LOGITS, BOUNDARY_LOGITS},
      each (B, H, W, 2) float32 logits of (background, foreground). With `settings.prior` the input
      is (B, H, W, 4), the last channel the previous frame's mask 0..1, zeros where there is none.
    """
    raw = keras.Input((settings.input_height, settings.input_width, 4 if settings.prior else 3), name="image")
    stages = _encode(normalised(raw), settings.width)
    x = stages[32]
    for rate, channels in DECODER_CHANNELS.items():
        if rate in stages and rate != 32:
            x = layers.Add(name=f"fuse_{rate}")([x, stages[rate]])
        x = d_block(x, channels_at(settings.width, channels), f"decode_{rate}")
        x = _upsample(x, settings.upsampling, f"upsample_{rate}")
    outputs = {
        output: layers.Conv2D(2, 3, padding="same", use_bias=False, name=name, kernel_initializer=_he())(x)
        for output, name in ((fields.MASK_LOGITS, MASK_HEAD), (fields.BOUNDARY_LOGITS, BOUNDARY_HEAD))
    }
    return keras.Model(raw, outputs, name="reference")
