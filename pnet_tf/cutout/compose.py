"""A matte → what people want to look at."""

import cv2
import numpy as np

from pnet_tf.cutout.matte import Matte

BLUR_SHARE = 0.03
"""Standard deviation of the background blur, as a share of the photo's longer side."""

BLUR_SIDE = 256
"""Longer side, pixels, at which the background is blurred: what is blurred has no detail."""


def cut_out(matte: Matte) -> np.ndarray:
    """(h, w, 4) uint8 RGBA."""
    rgba = np.dstack([matte.rgb, matte.opacity])
    band, colours = matte.band
    rgba.reshape(-1, 4)[band, :3] = colours
    return rgba


def over(matte: Matte, background: np.ndarray) -> np.ndarray:
    """The person before a colour (3,), or before a picture (h', w', 3) that is scaled and cropped to fill; uint8."""
    height, width = matte.opacity.shape
    if background.ndim == 1:
        behind = np.empty((height, width, 3), np.uint8)
        behind.reshape(height, -1)[:] = np.tile(background, width)  # rows are copied faster than pixels
    else:
        behind = filled(background, height, width)
        behind = behind if behind.flags.owndata and behind.flags.c_contiguous else behind.copy()
    return _before(matte, behind)


def _before(matte: Matte, behind: np.ndarray) -> np.ndarray:
    """Puts the person into `behind`, (h, w, 3) uint8, which changes, and returns it."""
    cv2.copyTo(matte.rgb, cv2.compare(matte.opacity, 255, cv2.CMP_EQ), behind)
    band, colours = matte.band
    flat = behind.reshape(-1, 3)
    alpha = matte.opacity.reshape(-1)[band, None].astype(np.uint16)
    mixed = colours * alpha + flat[band] * (255 - alpha) + 127
    flat[band] = mixed // 255
    return behind


def blurred(matte: Matte) -> np.ndarray:
    """The person before the photo's own background, (h, w, 3) uint8, out of focus and without the person's colours.

    Each background pixel weighs as much as it is background (normalised convolution); a plain blur
    would smear the person into a halo.
    """
    height, width = matte.opacity.shape
    scale = min(1.0, BLUR_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(matte.rgb, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    at = cv2.resize(matte.opacity, size, interpolation=cv2.INTER_AREA)
    weight = 1 - at.astype(np.float32) / 255 + np.float32(1e-3)
    sigma = BLUR_SHARE * max(size)
    spread = cv2.GaussianBlur(small * weight[..., None], (0, 0), sigma)
    spread /= cv2.GaussianBlur(weight, (0, 0), sigma)[..., None]
    background = np.clip(np.rint(spread), 0, 255).astype(np.uint8)
    return _before(matte, cv2.resize(background, (width, height), interpolation=cv2.INTER_LINEAR))


def filled(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """A picture (h, w, 3) uint8 scaled and cropped about its centre to fill height × width."""
    scale = max(height / picture.shape[0], width / picture.shape[1])
    size = (max(width, round(picture.shape[1] * scale)), max(height, round(picture.shape[0] * scale)))
    scaled = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    top, left = (scaled.shape[0] - height) // 2, (scaled.shape[1] - width) // 2
    return scaled[top : top + height, left : left + width]
