"""Where photos and masks come from: each source lists its pairs and reads one of them.

Listing looks at names alone; reading checks the content. A convention is never guessed between
two that the values allow: a mask of 0 and 1 is 0/1, of 0 and 255 is 0/255, anything else is refused.
"""

import dataclasses
import pathlib
from collections.abc import Callable

import cv2
import numpy as np

from pnet_tf import fields
from pnet_tf.errors import InputError

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png")
IMAGES, LABELS = "Images", "Labels"


@dataclasses.dataclass(frozen=True)
class Pair:
    """One photo and its mask on disk."""

    id: str
    source: str
    photo: pathlib.Path
    mask: pathlib.Path


def _by_stem(folder: pathlib.Path) -> dict[str, pathlib.Path]:
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; a source has photos in {IMAGES}/ and masks in {LABELS}/")
    found: dict[str, pathlib.Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in PHOTO_SUFFIXES:
            if path.stem in found:
                raise InputError(f"{path}: same id as {found[path.stem].name}; rename or remove one of them")
            found[path.stem] = path
    if not found:
        raise InputError(f"{folder}: holds no {', '.join(PHOTO_SUFFIXES)} file")
    return found


def folder(directory: pathlib.Path, source: str = "folder") -> list[Pair]:
    """Photos in `Images/`, masks of the same stem in `Labels/`.

    Raises:
      InputError: a folder missing or empty, a photo without its mask or the other way about, by name.
    """
    photos, masks = _by_stem(directory / IMAGES), _by_stem(directory / LABELS)
    for stem, path in photos.items():
        if stem not in masks:
            raise InputError(f"{path}: has no mask {directory / LABELS / stem}.png; add it or remove the photo")
    for stem, path in masks.items():
        if stem not in photos:
            raise InputError(f"{path}: has no photo of that name in {directory / IMAGES}; add it or remove the mask")
    return [Pair(stem, source, photos[stem], masks[stem]) for stem in sorted(photos)]


def eg1800(directory: pathlib.Path) -> list[Pair]:
    """EG1800 as published: `Images/*.jpg`, `Labels/*.png` with 0 and 1; otherwise as `folder`."""
    return folder(directory, "eg1800")


SOURCES: dict[str, Callable[[pathlib.Path], list[Pair]]] = {"eg1800": eg1800, "folder": folder}


def keep_listed(pairs: list[Pair], split_file: pathlib.Path) -> list[Pair]:
    """The pairs whose id stands in a file, one a line, with or without a suffix such as .jpg.

    Raises:
      InputError: no such file, or an id in it that is not among the pairs.
    """
    if not split_file.is_file():
        raise InputError(f"{split_file}: no such file; --split_file lists one id a line")
    known = {pair.id: pair for pair in pairs}
    wanted = dict.fromkeys(
        pathlib.PurePath(line.strip()).stem for line in split_file.read_text().splitlines() if line.strip()
    )
    missing = [name for name in wanted if name not in known]
    if missing:
        raise InputError(f"{split_file}: {len(missing)} ids without a photo, the first is {missing[0]!r}")
    return [known[name] for name in wanted]


def _whole(content: bytes) -> bool:
    """Whether a JPEG or PNG reaches its end marker; OpenCV decodes truncated ones to grey in silence."""
    if content[:2] != b"\xff\xd8":
        return b"IEND" in content[-(1 << 16) :]
    position = 2  # walk the segments up to the scan, so that a thumbnail's end marker does not count
    while position + 4 <= len(content) and content[position + 1] != 0xDA:
        position += 2 + int.from_bytes(content[position + 2 : position + 4], "big")
    return content.find(b"\xff\xd9", position) >= 0


def read_photo(path: pathlib.Path) -> tuple[bytes, np.ndarray]:
    """File content and (h, w, 3) uint8 BGR.

    Raises:
      InputError: unreadable, truncated, or no JPEG or PNG.
    """
    content = path.read_bytes()
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) if content else None
    if decoded is None or not _whole(content):
        raise InputError(f"{path}: unreadable or truncated photo; replace it or remove it with its mask")
    return content, decoded


def read_mask(path: pathlib.Path) -> np.ndarray:
    """(h, w) uint8 of fields.MASK_BACKGROUND and MASK_FOREGROUND.

    Raises:
      InputError: unreadable, or values that are neither 0/1 nor 0/255 (they are named).
    """
    content = path.read_bytes()
    mask = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED) if content else None
    if mask is None or not _whole(content):
        raise InputError(f"{path}: unreadable or truncated mask")
    if mask.ndim == 3:
        planes = mask[..., :3]
        if (planes != planes[..., :1]).any():
            raise InputError(f"{path}: a coloured picture, not a mask; save it as grey with 0/1 or 0/255")
        mask = planes[..., 0]
    values = np.unique(mask)
    if not (set(values.tolist()) <= {0, 1} or set(values.tolist()) <= {0, 255}):
        shown = ", ".join(map(str, values[:8])) + (" …" if values.size > 8 else "")
        raise InputError(f"{path}: mask values {shown} are neither 0/1 nor 0/255; threshold it first")
    return np.where(mask > 0, fields.MASK_FOREGROUND, fields.MASK_BACKGROUND).astype(np.uint8)


def read(pair: Pair) -> tuple[bytes, np.ndarray, np.ndarray]:
    """A pair's photo bytes, (h, w, 3) uint8 BGR, and (h, w) uint8 stored mask values.

    Raises:
      InputError: see `read_photo` and `read_mask`; photo and mask of different sizes.
    """
    content, bgr = read_photo(pair.photo)
    mask = read_mask(pair.mask)
    if bgr.shape[:2] != mask.shape:
        (height, width), (mask_height, mask_width) = bgr.shape[:2], mask.shape
        raise InputError(f"{pair.mask}: mask is {mask_width}×{mask_height}, its photo {width}×{height}")
    return content, bgr, mask
