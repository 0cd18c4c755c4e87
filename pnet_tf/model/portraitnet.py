"""PortraitNet's training graph (paper, section 3.1 and Fig. 2).

rate   encoder            decoder
1/32   320 ──────────────→ D-Block 96 ─ up
1/16    96 ─────────────── fuse → D-Block 32 ─ up
1/8     32 ─────────────── fuse → D-Block 24 ─ up
1/4     24 ─────────────── fuse → D-Block 16 ─ up
1/2     16 ··············· fuse → D-Block  8 ─ up      (the skip with finest_skip=2 alone)
1/1                               mask 3×3 → 2, boundary 3×3 → 2 (training only)

With head_rate=2 the heads take the place of the last up-sampling, too: at rate 1/2 they predict the logits of 2×2
pixels each (sub-pixel convolution; Shi et al., CVPR 2016, section 3.2). With edge_filter the mask's
follow the photo in use.
"""

import numpy as np

from pnet_tf import config, fields
from pnet_tf.model.decoder import DepthToSpace, d_block, fuse, upsample
from pnet_tf.model.edge_filter import EdgeFilter
from pnet_tf.model.encoder import encode
from pnet_tf.stack import keras, tf

DECODER_CHANNELS = {32: 96, 16: 32, 8: 24, 4: 16, 2: 8}
"""Down-sampling rate → channels of the D-Block at that rate, deepest first."""

RGB_MEAN = (123.68, 116.78, 103.94)
RGB_SCALE = 0.017
"""Section 4.2: (pixel − mean) · 0.017; the paper lists the means in B, G, R order."""

INPUT_PAD = "input_pad"
NORMALISE = "normalise"
MASK_HEAD = "mask_head"
BOUNDARY_HEAD = "boundary_head"
MASK_PIXELS = "mask_pixels"
EDGE_FILTER = "edge_filter"
BOUNDARY_PIXELS = "boundary_pixels"
TRAINING_ONLY = (BOUNDARY_HEAD, BOUNDARY_PIXELS)
"""Layers that no deployed graph has."""

CLASSES = 2
"""Background and foreground, side by side for each pixel that a head predicts."""

_BILINEAR = np.array([
    [[3, 1, 0], [1, 3, 3], [0, 0, 1]],
    [[1, 0, 0], [3, 3, 1], [0, 1, 3]],
]) / 4  # fmt: skip
"""[parity of the output pixel, small pixel −1..1, kernel tap −1..1]: the small pixel's weight in the enlarged pixel
under that tap; half-pixel bilinear at factor 2."""


def normalised_input(raw: tf.Tensor) -> tf.Tensor:
    """Raw RGB 0..255 (B, H, W, 3) → padded and normalised (B, H + 1, W + 1, 3).

    The padding that the first stride-2 convolution needs comes *before* the normalisation, so it
    is black instead of the mean colour. Then the normalisation folds into that convolution
    exactly, up to the last pixel, and the deployed file takes raw pixels at no cost.
    """
    padded = keras.layers.ZeroPadding2D(((0, 1), (0, 1)), name=INPUT_PAD)(raw)
    variance = (1 / RGB_SCALE) ** 2
    return keras.layers.Normalization(mean=RGB_MEAN, variance=[variance] * 3, name=NORMALISE)(padded)


def build(settings: config.Model) -> keras.Model:
    """The training graph, with fresh weights.

    Returns:
      A functional model: (B, H, W, 3) float32 raw RGB 0..255 → {MASK_LOGITS, BOUNDARY_LOGITS},
      each (B, H, W, 2) float32 logits of (background, foreground).
    """
    raw = keras.Input((settings.input_height, settings.input_width, 3), name="image")
    stages = encode(normalised_input(raw), settings.width, config.channel_counts(settings.hidden_channels))
    x = stages[32]
    widths = config.decoder_counts(settings.decoder_channels) or DECODER_CHANNELS.values()
    for rate, channels in zip(DECODER_CHANNELS, widths, strict=True):
        if settings.finest_skip <= rate < 32:
            x = fuse(x, stages[rate], settings.fusion, f"fuse_{rate}")
        x = d_block(x, channels, f"decode_{rate}")
        if rate > settings.head_rate:
            x = upsample(x, settings.upsampling, f"upsample_{rate}")
    channels = CLASSES * settings.head_rate**2
    mask = keras.layers.Conv2D(channels, 3, padding="same", name=MASK_HEAD)(x)
    boundary = keras.layers.Conv2D(channels, 3, padding="same", name=BOUNDARY_HEAD)(x)
    if settings.edge_filter:
        mask = EdgeFilter(name=EDGE_FILTER)([mask, raw])
    if settings.head_rate == 2:
        mask, boundary = DepthToSpace(name=MASK_PIXELS)(mask), DepthToSpace(name=BOUNDARY_PIXELS)(boundary)
    outputs = {fields.MASK_LOGITS: mask, fields.BOUNDARY_LOGITS: boundary}
    return keras.Model(raw, outputs, name="portraitnet")


def half_rate_head(kernel: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A head behind the bilinear up-sampling, rewritten for head_rate=2.

    The enlarged pixels are weighted sums of the small ones, so both heads give the same logits, but for the two
    outermost rows and columns: the up-sampling repeats the edge, this head meets zeros beyond it.

    Args:
      kernel, bias: (3, 3, C, 2) and (2,) float, of head_rate=1.

    Returns:
      (3, 3, C, 8) and (8,), the outputs in DepthToSpace's order.
    """
    pixels = np.einsum("aus,bvt,stco->uvcabo", _BILINEAR, _BILINEAR, kernel)
    return pixels.reshape(*kernel.shape[:3], -1).astype(kernel.dtype), np.tile(bias, 4)
