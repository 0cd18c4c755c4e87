"""One photo file: read right, or refused with the reason.

OpenCV decodes much in silence that is not what it seems: truncated files turn grey, 16-bit values are
cut, transparency shows hidden colours, animations show their first frame. So the headers are read first.
"""

import dataclasses
import pathlib

import cv2
import numpy as np

from pnet_tf.errors import InputError

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
MAX_PIXELS = 100_000_000
QUALITY = 95
"""JPEG quality where a photo must be encoded anew."""

_JPEG, _PNG = b"\xff\xd8", b"\x89PNG\r\n\x1a\n"
_JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_PNG_ALPHA_TYPES = (4, 6)


@dataclasses.dataclass(frozen=True)
class Header:
    """What a file says of itself; None where its format was not looked into.

    Attributes:
      whole: it reaches its end marker.
      channels: colour components (JPEG), None for other formats.
      bits: per component.
      alpha: an alpha channel or a transparent colour.
      animated: more than one frame.
    """

    width: int | None = None
    height: int | None = None
    whole: bool = True
    channels: int | None = None
    bits: int = 8
    alpha: bool = False
    animated: bool = False


def _jpeg_header(content: bytes) -> Header:
    width = height = channels = None
    position = 2  # segment by segment up to the scan, so that a thumbnail's markers do not count
    while position + 4 <= len(content) and content[position + 1] != 0xDA:
        if content[position + 1] == 0xFF:  # padding before a marker
            position += 1
            continue
        marker, length = content[position + 1], int.from_bytes(content[position + 2 : position + 4], "big")
        if marker in _JPEG_FRAMES:
            height, width = (int.from_bytes(content[position + i : position + i + 2], "big") for i in (5, 7))
            channels = content[position + 9] if position + 9 < len(content) else None
        position += 2 + length
    return Header(width, height, content.find(b"\xff\xd9", position) >= 0, channels)


def _png_header(content: bytes) -> Header:
    width, height = (int.from_bytes(content[i : i + 4], "big") for i in (16, 20))
    bits, colour_type = (content[24], content[25]) if len(content) > 25 else (8, 2)
    return Header(
        width,
        height,
        b"IEND" in content[-64:],
        bits=bits,
        alpha=colour_type in _PNG_ALPHA_TYPES or b"tRNS" in content[:4096],
        animated=b"acTL" in content[:4096],
    )


def _webp_header(content: bytes) -> Header:
    flags = content[20] if content[12:16] == b"VP8X" and len(content) > 20 else 0
    whole = len(content) >= int.from_bytes(content[4:8], "little") + 8
    return Header(whole=whole, alpha=bool(flags & 0x10) or content[12:16] == b"VP8L", animated=bool(flags & 0x02))


def header(content: bytes) -> Header | None:
    """Reads the header of a file's content; None if it is neither JPEG, PNG, WebP nor BMP."""
    if content.startswith(_JPEG):
        return _jpeg_header(content)
    if content.startswith(_PNG):
        return _png_header(content)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _webp_header(content)
    if content[:2] == b"BM" and len(content) >= 26:
        width, height = (abs(int.from_bytes(content[i : i + 4], "little", signed=True)) for i in (18, 22))
        return Header(width, height, len(content) >= int.from_bytes(content[2:6], "little"))
    return None


@dataclasses.dataclass(frozen=True)
class Photo:
    """A photo as it goes into a record.

    Attributes:
      content: the file's bytes as they came, or encoded anew.
      bgr: (h, w, 3) uint8, upright.
    """

    content: bytes
    bgr: np.ndarray


def encode(bgr: np.ndarray) -> Photo:
    """A changed photo as JPEG of quality `QUALITY`; its pixels are those that the JPEG decodes to."""
    content = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
    return Photo(content, cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR))


def _refuse(path: pathlib.Path, found: Header | None) -> None:
    if found is None or not found.whole:
        raise InputError(f"{path}: unreadable or truncated photo; replace it or remove it (and its mask)")
    if found.width and found.height and found.width * found.height > MAX_PIXELS:
        raise InputError(
            f"{path}: {found.width}×{found.height} is over {MAX_PIXELS // 10**6} megapixels; scale it down"
        )
    if found.animated:
        raise InputError(f"{path}: animated; save one frame as a photo")
    if found.channels == 4:
        raise InputError(f"{path}: CMYK, whose colours depend on a profile; save it as RGB")


def _transparent(data: np.ndarray) -> bool:
    full = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    if full.ndim == 2:  # grey with a transparent shade, which OpenCV leaves out
        return True
    return full.shape[2] == 4 and full[..., 3].min() < np.iinfo(full.dtype).max


def _turned(content: bytes, data: np.ndarray, upright: np.ndarray) -> bool:
    if b"Exif" not in content[: 1 << 16] and b"eXIf" not in content[: 1 << 16]:
        return False
    as_it_is = cv2.imdecode(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    return as_it_is.shape != upright.shape or not np.array_equal(as_it_is, upright)


def read(path: pathlib.Path) -> Photo:
    """Reads a photo; bytes are kept unless it must be encoded anew.

    Grey photos become three equal channels when decoded. Photos turned by EXIF are stored upright and
    16-bit ones with 8 bits, both encoded anew, as are formats other than JPEG and PNG.

    Raises:
      InputError: unreadable, truncated, of another format, over 100 megapixels, animated, CMYK, or partly transparent.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    found = header(content)
    _refuse(path, found)
    data = np.frombuffer(content, np.uint8)
    bgr = cv2.imdecode(data, cv2.IMREAD_COLOR) if content else None
    if bgr is None:
        raise InputError(f"{path}: unreadable or truncated photo; replace it or remove it (and its mask)")
    if bgr.shape[0] * bgr.shape[1] > MAX_PIXELS:
        raise InputError(f"{path}: over {MAX_PIXELS // 10**6} megapixels; scale it down")
    if found.alpha and _transparent(data):
        raise InputError(f"{path}: partly transparent; flatten it onto a background")
    if _turned(content, data, bgr) or found.bits > 8 or not content.startswith((_JPEG, _PNG)):
        return encode(bgr)
    return Photo(content, bgr)
