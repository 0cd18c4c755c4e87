"""Pictures to disk."""

import io
import pathlib
from typing import Any

import numpy as np
from PIL import ExifTags, Image, PngImagePlugin

from pnet_tf import files
from pnet_tf.errors import InputError
from pnet_tf.pictures.reader import QUALITY, Photo

FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".bmp": "BMP"}
"""Suffix → Pillow's name of the format."""

_WITH_OPACITY = (".png", ".webp")


def require_suffix(path: str | pathlib.Path) -> None:
    """Raises InputError if the file's suffix is no picture's."""
    if pathlib.Path(path).suffix.lower() not in FORMATS:
        raise InputError(f"{path}: pictures end with {', '.join(FORMATS)}")


def write(path: str | pathlib.Path, picture: np.ndarray, like: Photo | None = None) -> None:
    """Writes a picture as the suffix says, whole or not at all, and says that its colours are sRGB.

    Args:
      path: of the file.
      picture: grey (h, w), RGB (h, w, 3) or RGBA (h, w, 4) uint8.
      like: the photo that it was made from, whose date and resolution it keeps.

    Raises:
      InputError: a place that cannot be written, a suffix that is no picture's, transparency into JPEG or BMP.
    """
    require_suffix(path)
    suffix = pathlib.Path(path).suffix.lower()
    if picture.ndim == 3 and picture.shape[2] == 4 and suffix not in _WITH_OPACITY:
        raise InputError(f"{path}: {suffix} has no transparency; use .png")
    files.write_bytes(path, encoded(picture, suffix, like))


def encoded(picture: np.ndarray, suffix: str, like: Photo | None = None) -> bytes:
    """The content of such a file; arguments as for `write`, the suffix with its dot."""
    content = io.BytesIO()
    image = Image.fromarray(picture)
    image.save(content, FORMATS[suffix], **_options(suffix, like))
    return content.getvalue()


def _options(suffix: str, like: Photo | None) -> dict[str, Any]:
    options: dict[str, Any] = {"quality": QUALITY} if suffix in (".jpg", ".jpeg", ".webp") else {}
    if suffix == ".png":
        chunks = PngImagePlugin.PngInfo()
        chunks.add(b"sRGB", b"\0")  # perceptual
        options |= {"pnginfo": chunks, "compress_level": 3}
    if suffix == ".bmp":
        return options
    if like and like.dpi and suffix != ".webp":
        options["dpi"] = like.dpi
    exif = Image.Exif()
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    inner[ExifTags.Base.ColorSpace] = 1  # sRGB
    if like and like.taken:
        exif[ExifTags.Base.DateTime] = inner[ExifTags.Base.DateTimeOriginal] = like.taken
    options["exif"] = exif
    return options
