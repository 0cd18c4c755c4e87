"""Where a mask comes from: a picture file, Supervisely annotations, or nowhere.

Each kind is a small picklable value with one method, so that it can be read by another thread or machine.
"""

import base64
import binascii
import dataclasses
import io
import json
import pathlib
import re
import zlib
from typing import Any, Protocol

import cv2
import numpy as np
from PIL import Image

from pnet_tf import fields
from pnet_tf.errors import InputError
from pnet_tf.pictures import header

FARTHEST = 100_000
"""Pixels from the origin beyond which a polygon's point is taken for damage."""

LARGEST_BITMAP = 1 << 26
"""Bytes of a bitmap's PNG beyond which it is not inflated any further."""

CONVENTIONS = ("auto", "0/1", "0/255", "alpha", "index", "trimap")
"""And threshold:N, see `FileMask`."""

THRESHOLD = re.compile(r"threshold:(\d{1,3})")
VOID = 255
"""The index that VOC and its heirs give to what nobody labelled."""


class Mask(Protocol):
    """What a source's item needs of its mask."""

    def read(self, height: int, width: int) -> np.ndarray:
        """(height, width) uint8 of fields.MASK_BACKGROUND, MASK_FOREGROUND, MASK_IGNORE, for a photo of that size."""
        ...

    def source_bytes(self) -> bytes:
        """What the mask is made of, for digests."""
        ...


def stored(foreground: np.ndarray) -> np.ndarray:
    """Truth values → uint8 MASK_FOREGROUND and MASK_BACKGROUND."""
    return np.where(foreground, fields.MASK_FOREGROUND, fields.MASK_BACKGROUND).astype(np.uint8)


def require_convention(name: str) -> None:
    """Raises InputError for anything but one of `CONVENTIONS` or threshold:N with N from 1 to 255."""
    cut = THRESHOLD.fullmatch(name)
    if name not in CONVENTIONS and not (cut and 1 <= int(cut[1]) <= 255):
        raise InputError(f"--mask_values={name}: {', '.join(CONVENTIONS)}, or threshold:128 for grey ones")


def _palette_indices(content: bytes) -> np.ndarray | None:
    """(h, w) uint8 indices of a picture with a palette; None of others, and of palettes that are all grey values."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            if image.mode != "P":
                return None
            colours = np.asarray(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
            indices = np.asarray(image)
    except Exception:  # Pillow's plugins raise whatever their parsing stumbles over
        return None
    shown = colours[np.unique(indices)[np.unique(indices) < len(colours)]]
    return None if set(shown[:, 0].tolist()) == {0, 255} and (shown == shown[:, :1]).all() else indices


@dataclasses.dataclass(frozen=True)
class FileMask:
    """A mask picture.

    Attributes:
      path: any picture file.
      convention: "0/1", "0/255" and "alpha" (opaque from 128) insist; "index" takes 0 for background, 255 for pixels to
        ignore and every other value, or place in a palette, for person; "trimap" is 0, 128 (to ignore) and 255;
        "threshold:N" cuts grey values at N. "auto" recognises the first three and palettes of 0 and 1 (with 255 to
        ignore), and refuses what could be two of them.
    """

    path: pathlib.Path
    convention: str = "auto"

    def source_bytes(self) -> bytes:
        """See `Mask`."""
        return self.path.read_bytes()

    def read(self, height: int, width: int) -> np.ndarray:
        """See `Mask`.

        Raises:
          InputError: unreadable, of another size than the photo, or of another convention (the values
            found are named).
        """
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read ({error.strerror})") from None
        if header.too_large(content):
            raise InputError(f"{self.path}: a mask of over {header.MAX_PIXELS // 10**6} megapixels; scale it down")
        picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED) if content else None
        found = header.read(content)
        if picture is None or (found is not None and not found.whole):
            raise InputError(f"{self.path}: unreadable or truncated mask")
        if picture.shape[:2] != (height, width):
            raise InputError(
                f"{self.path}: mask is {picture.shape[1]}×{picture.shape[0]}, its photo {width}×{height} "
                "(upright, as EXIF says)"
            )
        indices = _palette_indices(content) if self.convention in ("auto", "index") else None
        if indices is not None:
            return self._by_index(indices)
        return self._by_kind(picture)

    def _by_index(self, indices: np.ndarray) -> np.ndarray:
        values = set(np.unique(indices).tolist())
        if self.convention == "auto" and not values <= {0, 1, VOID}:
            raise InputError(
                f"{self.path}: a palette's places {_shown(values)}; --mask_values=index takes all but 0 for person "
                f"({VOID} is ignored)"
            )
        return np.where(indices == VOID, np.uint8(fields.MASK_IGNORE), stored(indices > 0))

    def _by_kind(self, picture: np.ndarray) -> np.ndarray:
        has_alpha = picture.ndim == 3 and picture.shape[2] == 4
        # An opaque picture has an alpha channel only in name.
        alpha_varies = has_alpha and picture[..., 3].min() < np.iinfo(picture.dtype).max
        if self.convention == "alpha":
            if not has_alpha:
                raise InputError(f"{self.path}: has no alpha channel; name another --mask_values")
            return stored(picture[..., 3] > np.iinfo(picture.dtype).max // 2)
        planes = picture[..., :3] if picture.ndim == 3 else picture[..., None]
        cut = THRESHOLD.fullmatch(self.convention)
        if cut:
            grey = planes[..., 0] if planes.shape[2] == 1 else cv2.cvtColor(planes, cv2.COLOR_BGR2GRAY)
            return stored(grey >= int(cut[1]) * (257 if grey.dtype == np.uint16 else 1))
        coloured = (planes != planes[..., :1]).any()
        if self.convention == "auto" and alpha_varies:
            if np.ptp(picture[..., 3]) == 0 or (not coloured and np.ptp(planes) > 0):
                raise InputError(f"{self.path}: could be grey values or alpha; say which with --mask_values")
            return stored(picture[..., 3] > np.iinfo(picture.dtype).max // 2)
        if coloured:
            raise InputError(f"{self.path}: a coloured picture, not a mask; save it as grey with 0/1 or 0/255")
        return self._by_values(planes[..., 0])

    def _by_values(self, grey: np.ndarray) -> np.ndarray:
        if self.convention == "index":
            return self._by_index(grey)
        values = set(np.unique(grey).tolist())
        grey_trimap = {0, fields.MASK_IGNORE, 255}
        allowed = {"0/1": [{0, 1}], "0/255": [{0, 255}], "auto": [{0, 1}, {0, 255}], "trimap": [grey_trimap]}
        if not any(values <= one for one in allowed[self.convention]):
            wanted = "neither 0/1 nor 0/255" if self.convention == "auto" else f"not {self.convention}"
            hint = "trimap" if values == grey_trimap else "index" if len(values) <= 3 else "threshold:128"
            raise InputError(
                f"{self.path}: mask values {_shown(values)} are {wanted}; --mask_values={hint} may be meant"
            )
        if self.convention == "trimap":
            return grey.astype(np.uint8)
        return stored(grey > 0)


def _shown(values: set[int]) -> str:
    return ", ".join(map(str, sorted(values)[:8])) + (" …" if len(values) > 8 else "")


@dataclasses.dataclass(frozen=True)
class EmptyMask:
    """Nobody in the photo."""

    def source_bytes(self) -> bytes:
        """See `Mask`."""
        return b""

    def read(self, height: int, width: int) -> np.ndarray:
        """See `Mask`."""
        return np.zeros((height, width), np.uint8)


def read_annotation(path: pathlib.Path) -> dict[str, Any]:
    """A Supervisely annotation file as it is.

    Raises:
      InputError: not JSON, or without the size and objects that Supervisely's have.
    """
    try:
        found = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not JSON ({error})") from None
    things = found.get("objects") if isinstance(found, dict) and isinstance(found.get("size"), dict) else None
    if not isinstance(things, list) or not all(isinstance(thing, dict) for thing in things):
        raise InputError(f"{path}: not a Supervisely annotation, which has size and objects")
    return found


@dataclasses.dataclass(frozen=True)
class SuperviselyMask:
    """The union of a photo's objects of some classes, from the annotation format of Supervisely's exports."""

    path: pathlib.Path
    classes: tuple[str, ...]

    def source_bytes(self) -> bytes:
        """See `Mask`."""
        return self.path.read_bytes()

    def read(self, height: int, width: int) -> np.ndarray:
        """See `Mask`.

        Raises:
          InputError: an annotation for another photo size, or an object that cannot be drawn.
        """
        annotation = read_annotation(self.path)
        size = (annotation["size"].get("height"), annotation["size"].get("width"))
        if size != (height, width):
            raise InputError(f"{self.path}: annotation is for {size[1]}×{size[0]}, its photo is {width}×{height}")
        union = np.zeros((height, width), bool)
        for thing in annotation["objects"]:
            if thing.get("classTitle") in self.classes:
                union |= self._drawn(thing, height, width)
        return stored(union)

    def _drawn(self, thing: dict[str, Any], height: int, width: int) -> np.ndarray:
        kind = thing.get("geometryType") or ("bitmap" if thing.get("bitmap") else "polygon")
        try:
            if kind == "polygon":
                return _polygon(thing["points"], height, width)
            if kind == "bitmap":
                return _bitmap(thing["bitmap"], height, width)
        except (KeyError, TypeError, ValueError, binascii.Error, zlib.error, cv2.error) as error:
            raise InputError(f"{self.path}: {kind} of class {thing['classTitle']} does not decode ({error})") from None
        return np.zeros((height, width), bool)  # no area, and told by `sources.supervisely`


def _polygon(points: dict[str, Any], height: int, width: int) -> np.ndarray:
    """Exterior less interiors; what lies outside of the photo is clipped."""
    drawn = np.zeros((height, width), np.uint8)
    for rings, value in (([points["exterior"]], 1), (points.get("interior", []), 0)):
        for ring in rings:
            corners = np.asarray(ring, np.float64).reshape(-1, 2)
            if not np.isfinite(corners).all() or np.abs(corners).max(initial=0) > FARTHEST:
                raise ValueError("a point is not finite, or miles away")
            corners = np.rint(corners).astype(np.int32)
            cv2.fillPoly(drawn, [corners], value)
    return drawn.astype(bool)


def _bitmap(bitmap: dict[str, Any], height: int, width: int) -> np.ndarray:
    """A PNG, deflated, in base64, whose opaque pixels lie at `origin` (x, y)."""
    inflating = zlib.decompressobj()
    content = inflating.decompress(base64.b64decode(bitmap["data"], validate=True), LARGEST_BITMAP)
    if inflating.unconsumed_tail or header.too_large(content):
        raise ValueError("larger than any photo")
    if not inflating.eof:
        raise ValueError("cut off")
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise ValueError("no PNG inside")
    opaque = (picture[..., -1] if picture.ndim == 3 else picture) > 0
    left, top = (int(one) for one in bitmap["origin"])
    drawn = np.zeros((height, width), bool)
    y, x = max(top, 0), max(left, 0)
    part = opaque[y - top : max(0, height - top), x - left : max(0, width - left)]
    drawn[y : y + part.shape[0], x : x + part.shape[1]] = part
    return drawn
