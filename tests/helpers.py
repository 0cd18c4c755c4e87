"""Tiny synthetic portraits and what the tests do with them."""

import pathlib

import cv2
import numpy as np

SHARED = pathlib.Path(__file__).resolve().parents[2] / "shared"
"""Real portraits, where somebody put them beside the checkout; tests that need them skip without."""


def portrait(seed: int, height: int = 96, width: int = 72) -> tuple[np.ndarray, np.ndarray]:
    """(h, w, 3) uint8 RGB and (h, w) uint8 mask 0/1: a head on shoulders before a gradient."""
    rng = np.random.default_rng(seed)
    backdrop, skin = rng.integers(0, 100, 3), rng.integers(150, 255, 3)
    ramp = np.linspace(0, 40, width)[None, :, None]
    rgb = np.clip(backdrop + ramp + np.zeros((height, 1, 1)), 0, 255).astype(np.uint8)
    mask = np.zeros((height, width), np.uint8)
    x, y = int(width * rng.uniform(0.4, 0.6)), int(height * 0.4)
    cv2.ellipse(mask, (x, y), (width // 5, height // 5), 0, 0, 360, 1, -1)
    cv2.ellipse(mask, (x, height), (width // 2 - 6, int(height * 0.4)), 0, 0, 360, 1, -1)
    rgb[mask == 1] = skin
    return rgb, mask


def write_photo(path: pathlib.Path, rgb: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), rgb[..., ::-1])


def write_folder(directory: pathlib.Path, count: int, mask_value: int = 1, first: int = 0) -> pathlib.Path:
    """`Images/p000.jpg` and `Labels/p000.png`, masks of 0 and `mask_value`."""
    for index in range(first, first + count):
        rgb, mask = portrait(index)
        write_photo(directory / "Images" / f"p{index:03d}.jpg", rgb)
        (directory / "Labels").mkdir(exist_ok=True)
        cv2.imwrite(str(directory / "Labels" / f"p{index:03d}.png"), mask * mask_value)
    return directory


def write_records(directory: pathlib.Path, train: int = 12, val: int = 4) -> tuple[str, str]:
    """Records of synthetic portraits; returns the two glob patterns."""
    from tfrecords import sources, writer

    for split, count, first in (("train", train, 0), ("val", val, 1000)):
        items = sources.folder(write_folder(directory / f"photos-{split}", count, first=first), sources.Options())
        writer.convert(items, directory / "records", split, shards=2)
    return str(directory / "records/train-*.tfrecord"), str(directory / "records/val-*.tfrecord")


def sharpen_batch_norm(model, seed: int = 0) -> None:
    """Gives every batch norm statistics that are not the identity, so that folding has work to do."""
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        if hasattr(layer, "moving_variance"):
            size = layer.moving_variance.shape
            layer.moving_mean.assign(rng.normal(0, 0.1, size))
            layer.moving_variance.assign(rng.uniform(0.3, 1.0, size))
            layer.gamma.assign(rng.uniform(0.8, 1.6, size))
            layer.beta.assign(rng.normal(0, 0.1, size))
