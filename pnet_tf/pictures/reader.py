"""One picture file as everybody means it: upright, sRGB, 8 bits, its own opacity apart; or refused with the reason.

OpenCV decodes much in silence that is not what it seems: truncated files turn grey, 16-bit values are cut,
transparency shows hidden colours, animations show their first frame, profiles are ignored. So a file's header is read
first, and what is no plain JPEG or PNG goes through Pillow.
"""

import dataclasses
import functools
import importlib.util
import io
import pathlib
import warnings

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageCms, ImageOps

from pnet_tf.errors import InputError
from pnet_tf.pictures import header

QUALITY = 95
"""JPEG quality where a photo must be encoded anew."""

_FRAMES_ARE_A_CLIP = ("GIF", "WEBP", "PNG", "AVIF", "TIFF")
"""Formats of Pillow's whose further frames belong to the picture; a JPEG's are previews and gain maps."""

_PLAIN_MODES = ("1", "L", "P", "RGB")


@dataclasses.dataclass(frozen=True)
class Photo:
    """A picture in memory.

    Attributes:
      rgb: (h, w, 3) uint8, upright, sRGB.
      content: the file's bytes, if a reader that looks at nothing but pixels sees the same; otherwise None.
      opacity: (h, w) uint8, the file's own, None where it is opaque.
      taken: date and time as EXIF writes it, if it is there.
      dpi: horizontal and vertical resolution in pixels per inch, if it is there.
    """

    rgb: np.ndarray
    content: bytes | None = None
    opacity: np.ndarray | None = None
    taken: str | None = None
    dpi: tuple[float, float] | None = None


def encode(rgb: np.ndarray) -> Photo:
    """A changed photo, (h, w, 3) uint8, as JPEG of quality `QUALITY`; its pixels are those that the JPEG decodes to."""
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    content = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    return Photo(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), content)


def read(path: str | pathlib.Path) -> Photo:
    """Reads a picture file.

    Raises:
      InputError: no such file, unreadable, truncated, over 100 megapixels, several frames, values that are no colours.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    return from_bytes(content, str(path))


def frame_count(path: str | pathlib.Path) -> int:
    """How many frames a picture file has that belong to the picture; 1 for what cannot be read."""
    try:
        with _openers().open(path) as image:
            return getattr(image, "n_frames", 1) if image.format in _FRAMES_ARE_A_CLIP else 1
    except Exception:  # Pillow's plugins raise whatever their parsing stumbles over
        return 1


def from_bytes(content: bytes, name: str) -> Photo:
    """As `read`, of a file's content; `name` is what messages call it."""
    if not content:
        raise InputError(f"{name}: an empty file; replace or remove it")
    _refuse_by_header(name, header.read(content))
    unreadable = f"{name}: unreadable or truncated photo; replace or remove it"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit here is our own
            image = _openers().open(io.BytesIO(content))
        _refuse_by_size(name, *image.size)
        frames = getattr(image, "n_frames", 1) if image.format in _FRAMES_ARE_A_CLIP else 1
        if frames > 1:
            raise InputError(f"{name}: animated, {frames} frames; save one of them as a photo")
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
        plain = _is_plain(image, content, orientation)
        rgb, opacity = (_by_opencv(content), None) if plain else _by_pillow(image, name)
    except Image.DecompressionBombError:
        raise InputError(f"{name}: over {header.MAX_PIXELS // 10**6} megapixels; scale it down") from None
    except InputError:
        raise
    except Exception:  # Pillow's plugins raise whatever their parsing stumbles over
        rgb = None
    if rgb is None:
        raise InputError(unreadable)
    return Photo(rgb, content if plain else None, opacity, _taken(image), _dpi(image))


@functools.cache
def _openers():
    """Pillow's Image, with HEIC where pillow-heif is installed."""
    if importlib.util.find_spec("pillow_heif"):
        import pillow_heif

        pillow_heif.register_heif_opener()
    return Image


def _refuse_by_header(name: str, found: header.Header | None) -> None:
    if found is None:
        return
    if not found.whole:
        raise InputError(f"{name}: unreadable or truncated photo; replace or remove it")
    if found.width and found.height:
        _refuse_by_size(name, found.width, found.height)


def _refuse_by_size(name: str, width: int, height: int) -> None:
    if width * height > header.MAX_PIXELS:
        raise InputError(f"{name}: {width}×{height} is over {header.MAX_PIXELS // 10**6} megapixels; scale it down")


def _is_plain(image: Image.Image, content: bytes, orientation: int) -> bool:
    """Whether OpenCV sees what is meant: an upright opaque JPEG or PNG of 8 bits in sRGB."""
    found = header.read(content)
    means_srgb = not image.info.get("icc_profile") or _is_srgb(image.info["icc_profile"])
    whole = content.startswith((header.JPEG, header.PNG)) and found.bits <= 8
    return whole and means_srgb and orientation == 1 and image.mode in _PLAIN_MODES and not _has_opacity(image)


def _by_opencv(content: bytes) -> np.ndarray | None:
    bgr = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    return None if bgr is None else cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def _has_opacity(image: Image.Image) -> bool:
    return image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info


def _by_pillow(image: Image.Image, name: str) -> tuple[np.ndarray, np.ndarray | None]:
    """(h, w, 3) uint8 sRGB and the opacity (h, w) uint8 or None."""
    profile = image.info.get("icc_profile")
    image = ImageOps.exif_transpose(image)
    opacity = None
    if _has_opacity(image):
        image = image.convert("RGBA")
        alpha = np.asarray(image.getchannel("A"))
        opacity = None if alpha.min() == 255 else alpha.copy()
        image = image.convert("RGB")
    if image.mode.startswith("I"):  # 16 bits of grey, in 16 or 32
        values = np.asarray(image)
        image = Image.fromarray((values >> 8 if values.max(initial=0) > 255 else values).astype(np.uint8))
    if image.mode == "F":
        raise InputError(f"{name}: has floating-point values, which are no colours; save it with 8 bits")
    if profile and not _is_srgb(profile):
        image = _to_srgb(image, profile)
    return np.array(image.convert("RGB")), opacity


@functools.lru_cache(maxsize=32)
def _is_srgb(profile: bytes) -> bool:
    try:
        return "srgb" in ImageCms.getProfileDescription(io.BytesIO(profile)).lower()
    except ImageCms.PyCMSError:
        return True  # a damaged profile says nothing


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """The picture's colours by its profile; as they are where the profile is for another kind of picture."""
    if image.mode not in ("RGB", "L", "CMYK", "LAB"):
        image = image.convert("RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except ImageCms.PyCMSError:
        return image


def _taken(image: Image.Image) -> str | None:
    exif = image.getexif()
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    found = inner.get(ExifTags.Base.DateTimeOriginal) or exif.get(ExifTags.Base.DateTime)
    return str(found) if found else None


def _dpi(image: Image.Image) -> tuple[float, float] | None:
    found = image.info.get("dpi")
    return (float(found[0]), float(found[1])) if found and min(found) > 0 else None
