"""What a picture file says of itself before it is decoded."""

import dataclasses

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif", ".heic", ".heif")
"""Of the files that are read."""

MAX_PIXELS = 100_000_000
"""Of pictures that are decoded; a file of a few bytes can say that it has more than fit in memory."""

JPEG, PNG = b"\xff\xd8", b"\x89PNG\r\n\x1a\n"
"""How such files begin."""

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


def too_large(content: bytes) -> bool:
    """Whether a picture's content says that it has more than `MAX_PIXELS`; nothing is decoded for that."""
    found = read(content)
    return bool(found and found.width and found.height and found.width * found.height > MAX_PIXELS)


def read(content: bytes) -> Header | None:
    """Reads the header of a file's content; None if it is neither JPEG, PNG, WebP nor BMP."""
    if content.startswith(JPEG):
        return _jpeg_header(content)
    if content.startswith(PNG):
        return _png_header(content)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _webp_header(content)
    if content[:2] == b"BM" and len(content) >= 26:
        width, height = (abs(int.from_bytes(content[i : i + 4], "little", signed=True)) for i in (18, 22))
        return Header(width, height, len(content) >= int.from_bytes(content[2:6], "little"))
    return None
