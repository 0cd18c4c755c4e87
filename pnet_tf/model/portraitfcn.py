"""PortraitFCN+, the oldest of the paper's competitors (Tables 4 to 6).

Shen et al., "Automatic Portrait Segmentation for Image Stylization" (Eurographics 2016), sections 3 and 4: FCN-8s (Long
et al. 2015) on VGG16, whose input has six channels: RGB, each pixel's position as the face sees it, and the mean mask
of the training photos, laid over the face.

rate   VGG16, from a picture padded by 100                          decoder
1/1    2 × 3×3 → 64
1/2    2 × 3×3 → 128
1/4    3 × 3×3 → 256
1/8    3 × 3×3 → 512 (pooled: 256 at 1/8) ── 1×1 → 2 ─ cropped ─ add ─ up ×8 ─ cropped → mask
1/16   3 × 3×3 → 512 (pooled: 512 at 1/16) ─ 1×1 → 2 ─ cropped ─ add ─ up ×2 ─┘
1/32   7×7 → 4096, 1×1 → 4096 ────────────── 1×1 → 2 ──────────── up ×2 ─┘

They fit the mean mask by facial landmarks, for which no kept package has a model without a download; here it is the
face's box that OpenCV finds, its centre and its side. The paper's successors say nothing of photos without a face: one
is taken to be where a portrait has it (`NO_FACE`), and training tells on how many photos. The face is looked for in the
picture that the network sees, in training and in use alike. No operator of TFLite does that, so this network has no
file.
"""

from collections.abc import Iterable

import cv2
import numpy as np

from pnet_tf import config, fields, resize
from pnet_tf.errors import InputError
from pnet_tf.model.enet import Dropout
from pnet_tf.model.portraitnet import CLASSES, MASK_HEAD, RGB_SCALE
from pnet_tf.model.reference import normalised
from pnet_tf.pictures import face
from pnet_tf.stack import keras, tf

layers = keras.layers

VGG16 = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
"""Channels and convolutions of VGG16's blocks; each ends with 2×2 max-pooling."""

WIDE = 4096
PADDING = 100
SIDE = 64
"""Of the mean mask, pixels."""

REACH = 4.0
"""Sides of a face from its centre to the mean mask's edges."""

NO_FACE = (0.5, 0.4, 1 / 3)
"""Where a face is taken to be that is not found: x, y and side, as shares of the picture's width, height and width."""

ADAPTED_ON = 500
"""Photos from which the mean mask is made, at most."""


def positions(images: np.ndarray) -> np.ndarray:
    """(B, H, W, 3) RGB 0..255 → (B, 3) float32: centre x, y and side of each picture's largest face, pixels."""
    height, width = images.shape[1:3]
    without = (NO_FACE[0] * width, NO_FACE[1] * height, NO_FACE[2] * width)
    found = [face.find(np.clip(one, 0, 255).astype(np.uint8)) or without for one in images]
    return np.array(found, np.float32)


def seen_from(place: np.ndarray, height: int, width: int) -> np.ndarray:
    """(height, width, 2) float32: x and y of every pixel's centre less the face's, in sides of the face."""
    x, y, side = place
    columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    return np.dstack([(columns - x) / side, (rows - y) / side]).astype(np.float32)


class FaceChannels(layers.Layer):
    """(B, H, W, 3) raw RGB → (B, H, W, 3): x and y as the face sees them, and the mean mask there, 0..1."""

    def build(self, shape: tf.TensorShape) -> None:
        # No parameter but a statistic of the training photos, as batch norm's are.
        self.mean_mask = self.add_weight("moving_mean_mask", (SIDE, SIDE), trainable=False)

    def call(self, raw: tf.Tensor) -> tf.Tensor:
        height, width = raw.shape[1:3]

        def seen(images: np.ndarray) -> np.ndarray:
            return np.stack([seen_from(place, height, width) for place in positions(images)])

        xy = tf.ensure_shape(tf.numpy_function(seen, [raw], tf.float32), (None, height, width, 2))
        return tf.concat([xy, self._mask_at(xy)], -1)

    def _mask_at(self, xy: tf.Tensor) -> tf.Tensor:
        """The mean mask, bilinear between its pixels' centres and repeated beyond its edges."""
        at = tf.clip_by_value((xy + REACH) * (SIDE / (2 * REACH)) - 0.5, 0.0, SIDE - 1.0)
        low = tf.cast(tf.minimum(tf.floor(at), SIDE - 2.0), tf.int32)
        share = at - tf.cast(low, at.dtype)
        corners = [
            tf.gather_nd(self.mean_mask, tf.stack([low[..., 1] + dy, low[..., 0] + dx], -1))
            for dy in (0, 1)
            for dx in (0, 1)
        ]
        right, down = share[..., 0], share[..., 1]
        above = corners[0] * (1 - right) + corners[1] * right
        below = corners[2] * (1 - right) + corners[3] * right
        return (above * (1 - down) + below * down)[..., None]


def _relu(x: tf.Tensor, channels: int, size: int, name: str, padding: str = "same") -> tf.Tensor:
    return layers.Conv2D(channels, size, padding=padding, activation="relu", kernel_initializer="he_normal", name=name)(
        x
    )


def encode(x: tf.Tensor, width: float) -> list[tf.Tensor]:
    """(B, H, W, 6) → what each of VGG16's blocks pools; odd sizes are rounded up."""
    x = layers.ZeroPadding2D(PADDING - 1, name="pad")(x)  # the first convolution pads the last of the hundred
    pooled = []
    for block, (channels, count) in enumerate(VGG16, 1):
        for index in range(1, count + 1):
            x = _relu(x, _narrow(channels, width), 3, f"block{block}_conv{index}")
        x = layers.MaxPooling2D(2, 2, "same", name=f"block{block}_pool")(x)
        pooled.append(x)
    return pooled


def _narrow(channels: int, width: float) -> int:
    return max(8, int(channels * width))


def decode(x: tf.Tensor, finer: tf.Tensor, finest: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """FCN-8s' scores of three rates, enlarged, cropped and added: (B, height, width, 2)."""
    x = layers.Conv2DTranspose(CLASSES, 4, 2, use_bias=False, name="up_32")(x)
    skip = _cropped(layers.Conv2D(CLASSES, 1, name="score_16")(finer), 5, x.shape[1:3], "crop_16")
    x = layers.Add(name="add_16")([x, skip])
    x = layers.Conv2DTranspose(CLASSES, 4, 2, use_bias=False, name="up_16")(x)
    skip = _cropped(layers.Conv2D(CLASSES, 1, name="score_8")(finest), 9, x.shape[1:3], "crop_8")
    x = layers.Add(name="add_8")([x, skip])
    x = layers.Conv2DTranspose(CLASSES, 16, 8, use_bias=False, name=MASK_HEAD)(x)
    return _cropped(x, 31, (height, width), "crop")


def _cropped(x: tf.Tensor, offset: int, size: tuple[int, int], name: str) -> tf.Tensor:
    ends = [(offset, have - offset - want) for have, want in zip(x.shape[1:3], size, strict=True)]
    return layers.Cropping2D(ends, name=name)(x)


def build(settings: config.Model) -> keras.Model:
    """The training graph, with fresh weights and an empty mean mask, see `adapt`.

    Returns:
      A functional model: (B, H, W, 3) float32 raw RGB 0..255 → {MASK_LOGITS}, (B, H, W, 2) float32 logits of
      (background, foreground).
    """
    raw = keras.Input((settings.input_height, settings.input_width, 3), name="image")
    six = layers.Concatenate(name="six")([normalised(raw), FaceChannels(name="face")(raw)])
    pooled = encode(six, settings.width)
    x = _relu(pooled[4], _narrow(WIDE, settings.width), 7, "fc1", "valid")
    x = _relu(Dropout(0.5, name="fc1_dropout")(x), _narrow(WIDE, settings.width), 1, "fc2")
    x = layers.Conv2D(CLASSES, 1, name="score_32")(Dropout(0.5, name="fc2_dropout")(x))
    mask = decode(x, pooled[3], pooled[2], settings.input_height, settings.input_width)
    return keras.Model(raw, {fields.MASK_LOGITS: mask}, name="portraitfcn")


def adapt(model: keras.Model, samples: Iterable[tuple[str, np.ndarray, np.ndarray]], mode: str) -> tuple[int, int]:
    """Makes the mean mask of the first `ADAPTED_ON` training photos that have a face.

    Args:
      model: from `build`.
      samples: id, photo and labels, as `data.records.samples` gives them.
      mode: "letterbox" or "stretch".

    Returns:
      How many photos were looked at, and on how many there was a face.

    Raises:
      InputError: a face on none of them.
    """
    height, width = model.input.shape[1:3]
    edges = (np.arange(SIDE) + 0.5) * (2 * REACH / SIDE) - REACH
    total, seen, found = np.zeros((SIDE, SIDE)), 0, 0
    for _, rgb, labels in samples:
        if found == ADAPTED_ON:
            break
        seen += 1
        fitted, _ = resize.fit_photo(rgb, height, width, mode)
        place = face.find(fitted)
        if place is None:
            continue
        x, y, side = place
        mask = (resize.fit_mask(labels, height, width, mode) == fields.FOREGROUND).astype(np.float32)
        columns, rows = np.meshgrid(edges * side + x - 0.5, edges * side + y - 0.5)
        total += cv2.remap(mask, columns.astype(np.float32), rows.astype(np.float32), cv2.INTER_LINEAR)
        found += 1
    if not found:
        raise InputError(
            f"network=portraitfcn: no face on any of {seen} training photos, and it sees people from their faces; use "
            "portraits, or another network"
        )
    model.get_layer("face").mean_mask.assign((total / found).astype(np.float32))
    return seen, found


def load_imagenet(model: keras.Model) -> None:
    """Gives VGG16's layers tf.keras.applications' ImageNet weights, which Keras downloads.

    Of the first convolution's six channels the last three stay as they are. Keras' VGG16 takes B, G, R less its means,
    ours R, G, B less the same, times 0.017.

    Raises:
      InputError: they cannot be had, or the network is not of VGG16's width.
    """
    if model.get_layer("fc2").filters != WIDE:
        raise InputError(f"--init_weights={config.IMAGENET}: VGG16's weights fit --width=1 alone")
    try:
        source = keras.applications.VGG16(weights=config.IMAGENET)
    except Exception as error:  # Keras raises this very class where there is no network
        raise InputError(
            f"--init_weights={config.IMAGENET}: Keras could not download VGG16 ({str(error)[:200]}); leave it out"
        ) from None
    for layer in model.layers:
        if not layer.name.startswith(("block", "fc")) or not layer.weights or isinstance(layer, Dropout):
            continue
        kernel, bias = source.get_layer(layer.name).get_weights()
        own = layer.kernel.numpy()
        if layer.name == "block1_conv1":
            own[:, :, :3] = kernel[:, :, ::-1] / RGB_SCALE
            kernel = own
        layer.set_weights([kernel.reshape(own.shape), bias])
