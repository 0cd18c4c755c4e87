"""BiSeNet with ResNet18, one of the paper's competitors (Tables 4 to 6), and BiSeNet+ (section 4.4.3).

Yu et al., "BiSeNet: Bilateral Segmentation Network for Real-time Semantic Segmentation" (2018), Fig. 2, as the code has
it that the paper's authors ran.

rate   spatial path       context path (ResNet18)
1/2    3×3 → 64           7×7 → 64, then max-pooling
1/4    3×3 → 128          64, 64
1/8    3×3 → 256 ──┐      128, 128
1/16               │      256, 256 → attention ─────────────── up ×2 ─┐
1/32               │      512, 512 → attention × mean over all ─ up ×4 ─┤
1/8                └───────────────────────────── joined, 1024 → fusion 2
1/1                                                up ×8 → mask 1×1 → 2, boundary 1×1 → 2 (training only)

The boundary head makes it BiSeNet+, together with the consistency loss; with both weights at 0 this is BiSeNet. The
attention's batch norm is built there and never called: it counts as parameters (`Uncalled`), as in the paper's Table 5.
"""

from typing import Any

from pnet_tf import config, fields
from pnet_tf.model.encoder import batch_norm_settings
from pnet_tf.model.portraitnet import BOUNDARY_HEAD, CLASSES, MASK_HEAD
from pnet_tf.model.reference import EPSILON, normalised
from pnet_tf.stack import keras, tf

layers = keras.layers

RESNET18 = ((64, 1), (128, 2), (256, 2), (512, 2))
"""Channels of ResNet18's stages, two blocks each, and the stride of the first block."""


class Uncalled(layers.Layer):
    """Lets through what comes, and has the scale and shift of a batch norm that nothing is multiplied with."""

    def build(self, shape: tf.TensorShape) -> None:
        self.gamma = self.add_weight("gamma", (shape[-1],), initializer="ones")
        self.beta = self.add_weight("beta", (shape[-1],), initializer="zeros")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return tf.identity(x)


def _convolved(x: tf.Tensor, channels: int, size: int, stride: int, name: str, bias: bool = False) -> tf.Tensor:
    """Convolution with PyTorch's padding, half its size on every side, and batch norm."""
    if size > 1:
        x = layers.ZeroPadding2D(size // 2, name=f"{name}_pad")(x)
    x = layers.Conv2D(channels, size, stride, use_bias=bias, kernel_initializer="he_normal", name=name)(x)
    return layers.BatchNormalization(**batch_norm_settings(), epsilon=EPSILON, name=f"{name}_BN")(x)


def _relu(x: tf.Tensor, name: str) -> tf.Tensor:
    return layers.ReLU(name=f"{name}_relu")(x)


def residual(x: tf.Tensor, channels: int, stride: int, name: str) -> tf.Tensor:
    """ResNet18's block: two 3×3 convolutions beside the input, which a 1×1 convolution fits where it has to."""
    branch = _relu(_convolved(x, channels, 3, stride, f"{name}_1"), f"{name}_1")
    branch = _convolved(branch, channels, 3, 1, f"{name}_2")
    if stride > 1 or x.shape[-1] != channels:
        x = _convolved(x, channels, 1, stride, f"{name}_fit")
    return _relu(layers.Add(name=f"{name}_add")([branch, x]), name)


def context(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """ResNet18 without its classifier: (B, H, W, 3) → (B, H/16, W/16, 256) and (B, H/32, W/32, 512)."""
    x = _relu(_convolved(x, 64, 7, 2, "context_first"), "context_first")
    x = layers.ZeroPadding2D(1, name="context_pool_pad")(x)  # zeros, below which nothing is after a ReLU
    x = layers.MaxPooling2D(3, 2, name="context_pool")(x)
    made = []
    for stage, (channels, stride) in enumerate(RESNET18, 1):
        x = residual(x, channels, stride, f"context_{stage}a")
        x = residual(x, channels, 1, f"context_{stage}b")
        made.append(x)
    return made[-2], made[-1]


def attention(x: tf.Tensor, name: str) -> tf.Tensor:
    """Attention refinement (their Fig. 2b): each channel times the sigmoid of a 1×1 convolution of all means."""
    means = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_mean")(x)
    weights = Uncalled(name=f"{name}_BN")(layers.Conv2D(x.shape[-1], 1, name=name)(means))
    return layers.Multiply(name=f"{name}_scale")([x, layers.Activation("sigmoid", name=f"{name}_sigmoid")(weights)])


def fusion(joined: tf.Tensor, channels: int, name: str) -> tf.Tensor:
    """Feature fusion (their Fig. 2c): (B, H, W, C) → (B, H, W, channels), what attention weighs added once more."""
    x = _relu(_convolved(joined, channels, 3, 1, name, bias=True), name)
    means = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_mean")(x)
    weights = layers.ReLU(name=f"{name}_inner_relu")(layers.Conv2D(channels, 1, name=f"{name}_inner")(means))
    weights = layers.Activation("sigmoid", name=f"{name}_sigmoid")(
        layers.Conv2D(channels, 1, name=f"{name}_outer")(weights)
    )
    return layers.Add(name=f"{name}_add")([x, layers.Multiply(name=f"{name}_scale")([x, weights])])


def _up(x: tf.Tensor, factor: int, name: str) -> tf.Tensor:
    return layers.UpSampling2D(factor, interpolation="bilinear", name=name)(x)


def build(settings: config.Model) -> keras.Model:
    """The training graph, with fresh weights.

    Returns:
      A functional model: (B, H, W, 3) float32 raw RGB 0..255 → {MASK_LOGITS, BOUNDARY_LOGITS}, each (B, H, W, 2)
      float32 logits of (background, foreground).
    """
    raw = keras.Input((settings.input_height, settings.input_width, 3), name="image")
    image = normalised(raw)
    spatial = image
    for channels in (64, 128, 256):
        spatial = _relu(_convolved(spatial, channels, 3, 2, f"spatial_{channels}", bias=True), f"spatial_{channels}")
    middle, deep = context(image)
    tail = layers.GlobalAveragePooling2D(keepdims=True, name="context_mean")(deep)
    middle = attention(middle, "attention_16")
    deep = layers.Multiply(name="context_tail")([attention(deep, "attention_32"), tail])
    joined = layers.Concatenate(name="join")([spatial, _up(middle, 2, "up_16"), _up(deep, 4, "up_32")])
    x = _up(fusion(joined, CLASSES, "fusion"), 8, "up_8")
    outputs: dict[str, Any] = {
        output: layers.Conv2D(CLASSES, 1, name=name)(x)
        for output, name in ((fields.MASK_LOGITS, MASK_HEAD), (fields.BOUNDARY_LOGITS, BOUNDARY_HEAD))
    }
    return keras.Model(raw, outputs, name="bisenet")
