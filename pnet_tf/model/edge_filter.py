"""The answer's edges follow the photo: a guided filter between the network's answer and what it gives out.

He, Sun, Tang, "Guided Image Filtering" (TPAMI 2013), equations 5, 6 and 8, in cells of the 2×2 pixels that a head of
head_rate=2 predicts: means run over 3×3 cells, and each cell has one pair of coefficients for its four pixels. The
filter has no weights. In training the logits pass by it: they, not what it makes of them, are taught.
"""

import numpy as np

from pnet_tf.stack import keras, tf

NOISE = 3e-3
"""ε of equation 5, for grey 0..1."""

_LUMA = (0.299, 0.587, 0.114)
SUREST = 6.3
"""The logit of a filtered probability of 1, of which the int8 file's sigmoid makes 255 of 255."""


def grey_cells(raw: tf.Tensor) -> tf.Tensor:
    """Raw RGB 0..255 (B, H, W, 3) → grey 0..1 (B, H/2, W/2, 4), in DepthToSpace's order; BT.601."""
    kernel = np.zeros((2, 2, 3, 4), np.float32)
    for pixel in range(4):
        kernel[pixel // 2, pixel % 2, :, pixel] = np.array(_LUMA) / 255
    return tf.nn.conv2d(raw, kernel, 2, "VALID")


def _part(x: tf.Tensor, axis: int, begin: int, size: int) -> tf.Tensor:
    begins, sizes = [0] * 4, [-1] * 4
    begins[axis], sizes[axis] = begin, size
    return tf.slice(x, begins, sizes)


def _over_three(x: tf.Tensor, axis: int) -> tf.Tensor:
    """Sums of three neighbours along an axis, the border repeated; by slices, for pools of one channel take longer."""
    size = x.shape[axis]
    wide = tf.concat([_part(x, axis, 0, 1), x, _part(x, axis, size - 1, 1)], axis)
    return _part(wide, axis, 0, size) + _part(wide, axis, 1, size) + _part(wide, axis, 2, size)


def _mean(x: tf.Tensor) -> tf.Tensor:
    """(B, h, w, 4) → (B, h, w, 1): over the pixels of 3×3 cells."""
    pixels = tf.nn.conv2d(x, np.full((1, 1, 4, 1), 1 / 36, np.float32), 1, "VALID")
    return _over_three(_over_three(pixels, 1), 2)


def _spread(x: tf.Tensor, factor: float) -> tf.Tensor:
    """(B, h, w, 1) → its multiple (B, h, w, 4); XNNPACK takes longer to broadcast a channel."""
    return tf.nn.conv2d(x, np.full((1, 1, 1, 4), factor, np.float32), 1, "VALID")


def filtered(logits: tf.Tensor, raw: tf.Tensor) -> tf.Tensor:
    """Logits whose edges follow the photo.

    Args:
      logits: (B, H/2, W/2, 4) float32, four pixels a cell, of the foreground.
      raw: (B, H, W, 3) float32 RGB 0..255, the guide.

    Returns:
      As `logits`: SUREST · (2q − 1) of the filtered probability q, which may go beyond 0 and 1 a little.
    """
    grey, probability = grey_cells(raw), tf.sigmoid(logits)
    mean_grey, mean_probability = _mean(grey), _mean(probability)
    covariance = _mean(grey * probability) - mean_grey * mean_probability
    slope = covariance / (_mean(grey * grey) - mean_grey * mean_grey + NOISE)
    offset = mean_probability - slope * mean_grey - 0.5
    return _spread(slope, 2 * SUREST) * grey + _spread(offset, 2 * SUREST)


class EdgeFilter(keras.layers.Layer):
    """Two-class logits in pairs (B, H/2, W/2, 8) and raw RGB 0..255 (B, H, W, 3) → such logits, filtered in use."""

    def call(self, inputs: list[tf.Tensor], training: bool | None = None) -> tf.Tensor:
        """Filtered unless `training`."""
        pairs, raw = inputs
        if training:
            return pairs
        logits = filtered(pairs[..., 1::2] - pairs[..., ::2], raw)
        return tf.reshape(tf.stack([tf.zeros_like(logits), logits], -1), tf.shape(pairs))


class FilteredLogits(keras.layers.Layer):
    """The deployed form, of one logit a pixel: (B, H/2, W/2, 4) and raw RGB → (B, H/2, W/2, 4)."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """`filtered`."""
        return filtered(*inputs)
