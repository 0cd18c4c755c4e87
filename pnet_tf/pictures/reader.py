"""One photo file: read right, or refused with the reason.

OpenCV decodes much in silence that is not what it seems: truncated files turn grey, 16-bit values are
cut, transparency shows hidden colours, animations show their first frame. So the headers are read first.
"""

import dataclasses
import pathlib

import cv2
import numpy as np

from pnet_tf.errors import InputError
from pnet_tf.pictures import header

MAX_PIXELS = 100_000_000
QUALITY = 95
"""JPEG quality where a photo must be encoded anew."""


@dataclasses.dataclass(frozen=True)
class Photo:
    """A photo as it goes into a record.

    Attributes:
      content: the file's bytes as they came, or encoded anew.
      rgb: (h, w, 3) uint8, upright.
    """

    content: bytes
    rgb: np.ndarray


def encode(rgb: np.ndarray) -> Photo:
    """A changed photo, (h, w, 3) uint8, as JPEG of quality `QUALITY`; its pixels are those that the JPEG decodes to."""
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    content = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    return Photo(content, cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB))


def _refuse(path: pathlib.Path, found: header.Header | None) -> None:
    if found is None or not found.whole:
        raise InputError(f"{path}: unreadable or truncated photo; replace it, or remove it (and its mask)")
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


def read(path: str | pathlib.Path) -> Photo:
    """Reads a photo; its bytes are kept unless it must be encoded anew.

    Grey photos become three equal channels when decoded. Photos turned by EXIF are stored upright and
    16-bit ones with 8 bits, both encoded anew, as are formats other than JPEG and PNG.

    Raises:
      InputError: unreadable, truncated, of another format, over 100 megapixels, animated, CMYK, or partly transparent.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    found = header.read(content)
    _refuse(path, found)
    data = np.frombuffer(content, np.uint8)
    bgr = cv2.imdecode(data, cv2.IMREAD_COLOR) if content else None
    if bgr is None:
        raise InputError(f"{path}: unreadable or truncated photo; replace it, or remove it (and its mask)")
    if bgr.shape[0] * bgr.shape[1] > MAX_PIXELS:
        raise InputError(f"{path}: over {MAX_PIXELS // 10**6} megapixels; scale it down")
    if found.alpha and _transparent(data):
        raise InputError(f"{path}: partly transparent; flatten it onto a background")
    rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    if _turned(content, data, bgr) or found.bits > 8 or not content.startswith((header.JPEG, header.PNG)):
        return encode(rgb)
    return Photo(content, rgb)
