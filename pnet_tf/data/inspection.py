"""What one would look for by hand in a labelled set: odd masks, odd photos, and the same photo twice.

Nothing here is certain; each finding says what looks so, and a sheet shows it.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from pnet_tf import fields

SIDE = 128
"""Longer side, pixels, at which masks are held against photos."""

SMALL = 2 * SIDE
"""Longer side, pixels, at which photos are looked at."""

FAR = 6
"""Pixels of `SIDE` to each side, up to which a mask may be shifted."""

STEP = 3
"""Pixels of `SIDE` from which a shift is told."""

PLAINER = 1.3
"""How much stronger the photo's edges must be under a shifted mask's boundary."""

SMALLEST = 64
"""Sides of photos, pixels, below which they are told."""

FLAT = 4.0
"""Standard deviation of grey below which a photo shows nothing."""

LITTLE = 0.005
"""Share of a photo below which somebody is told to be small."""

BITS = 6
"""Of the 64 of a difference hash, so many may differ between two of one photo …"""

LEVELS = 4.0
"""… and so many grey levels, in the mean, between their thumbnails."""

_THUMBNAIL = 16
_BITS_OF_16 = np.unpackbits(np.arange(1 << 16, dtype=np.uint16).view(np.uint8)).reshape(1 << 16, 16).sum(1)


@dataclasses.dataclass(frozen=True)
class Looked:
    """What was seen of one record.

    Attributes:
      id: the record's.
      group: the set that it is of.
      height, width: of the photo, pixels.
      share: of its pixels that are people, 0..1, ignored ones left out.
      hash: 64 bits, whether each of 8 × 8 places is brighter than the one to its right.
      thumbnail: (16, 16) uint8 grey.
      findings: what looks odd, in words.
    """

    id: str
    group: str
    height: int
    width: int
    share: float
    hash: int
    thumbnail: np.ndarray
    findings: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """What `from_json` takes."""
        return {**vars(self), "thumbnail": self.thumbnail.tolist()}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> "Looked":
        """Of `as_json`, also by way of a JSON file."""
        thumbnail, findings = np.array(told["thumbnail"], np.uint8), tuple(told["findings"])
        return cls(**{**told, "thumbnail": thumbnail, "findings": findings})


def difference_hash(grey: np.ndarray) -> int:
    """64 bits of a grey photo (h, w) uint8 that survive scaling and compression."""
    small = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    bits = (small[:, :-1] > small[:, 1:]).ravel()
    return int(np.packbits(bits).view(">u8")[0])


def look(name: str, rgb: np.ndarray, labels: np.ndarray, group: str = "") -> Looked:
    """Looks at one record.

    Args:
      name: its id.
      rgb: (h, w, 3) uint8.
      labels: (h, w) uint8 of BACKGROUND, FOREGROUND, IGNORE.
      group: the set that it is of.
    """
    height, width = labels.shape
    counts = np.bincount(labels.ravel(), minlength=256)
    counted = labels.size - int(counts[fields.IGNORE])
    share = float(counts[fields.FOREGROUND] / counted) if counted else 0.0
    # Shrunk first: nothing that is looked for is finer, and large photos would take as long as their conversion.
    scale = min(1.0, SMALL / max(height, width))
    size = max(8, round(width * scale)), max(8, round(height * scale))
    grey = cv2.cvtColor(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    findings = []
    if min(height, width) < SMALLEST:
        findings.append(f"a photo of {width}×{height}")
    if grey.std() < FLAT:
        findings.append("a photo that shows nothing")
    if not counted:
        findings.append("a mask that is ignored throughout")
    elif share == 0:
        findings.append("nobody in the mask")
    elif share == 1:
        findings.append("nothing but people in the mask")
    else:
        person = cv2.resize((labels == fields.FOREGROUND).astype(np.uint8), size, interpolation=cv2.INTER_AREA) > 0
        findings += _of_mask(grey, person, share, 1 / scale)
    thumbnail = cv2.resize(grey, (_THUMBNAIL, _THUMBNAIL), interpolation=cv2.INTER_AREA)
    return Looked(name, group, height, width, share, difference_hash(grey), thumbnail, tuple(findings))


def _of_mask(grey: np.ndarray, person: np.ndarray, share: float, enlarged: float) -> list[str]:
    findings = []
    if share < LITTLE:
        findings.append(f"people on {100 * share:.2f} % of the photo")
    if _inverted(person):
        findings.append("a mask that looks inverted")
    elif (shift := shifted(grey, person)) is not None:
        x, y = (round(one * enlarged) for one in shift)
        findings.append(f"a mask that looks shifted by {x}, {y} pixels")
    return findings


def _inverted(person: np.ndarray) -> bool:
    """People fill the frame's edge and leave its middle: three quarters of the border, a quarter of the centre."""
    height, width = person.shape
    border = np.concatenate([person[0], person[-1], person[:, 0], person[:, -1]])
    middle = person[height // 3 : -(-2 * height // 3), width // 3 : -(-2 * width // 3)]
    return border.mean() > 0.75 and middle.mean() < 0.25


def shifted(grey: np.ndarray, person: np.ndarray) -> tuple[int, int] | None:
    """How far a mask lies beside the photo's edges, x and y in the photo's pixels; None where it fits best as it is.

    The mean strength of the photo's edges under the mask's boundary is compared over all shifts up to `FAR`.
    """
    scale = min(1.0, SIDE / max(grey.shape))
    size = max(8, round(grey.shape[1] * scale)), max(8, round(grey.shape[0] * scale))
    small = cv2.GaussianBlur(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), (3, 3), 0).astype(np.float32)
    edges = np.hypot(cv2.Sobel(small, cv2.CV_32F, 1, 0), cv2.Sobel(small, cv2.CV_32F, 0, 1))
    edges = np.minimum(edges, np.percentile(edges, 95))  # one hard edge elsewhere says nothing
    mask = cv2.resize(person.astype(np.uint8), size, interpolation=cv2.INTER_AREA)
    boundary = (cv2.morphologyEx(mask, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0).astype(np.float32)
    boundary[:FAR], boundary[-FAR:], boundary[:, :FAR], boundary[:, -FAR:] = 0, 0, 0, 0
    if boundary.sum() < 4 * FAR:
        return None
    padded = cv2.copyMakeBorder(edges, FAR, FAR, FAR, FAR, cv2.BORDER_CONSTANT, value=0)
    strength = cv2.matchTemplate(padded, boundary, cv2.TM_CCORR)  # (2·FAR + 1)²
    down, right = np.unravel_index(np.argmax(strength), strength.shape)
    y, x = int(down) - FAR, int(right) - FAR
    if max(abs(x), abs(y)) < STEP or strength.max() < PLAINER * strength[FAR, FAR]:
        return None
    return round(-x / scale), round(-y / scale)


def twice(looked: Sequence[Looked]) -> list[tuple[Looked, Looked]]:
    """Pairs of records that look like one photo, scaled or compressed anew, in the order of the records."""
    hashes = np.array([one.hash for one in looked], np.uint64)
    pairs = []
    for index, one in enumerate(looked):
        apart = _bits(hashes[index + 1 :] ^ hashes[index])
        for other in np.flatnonzero(apart <= BITS):
            second = looked[index + 1 + int(other)]
            if np.abs(one.thumbnail.astype(np.int16) - second.thumbnail).mean() <= LEVELS:
                pairs.append((one, second))
    return pairs


def _bits(values: np.ndarray) -> np.ndarray:
    """(n,) uint64 → how many bits of each are 1; NumPy counts them itself from 2.0 on."""
    return _BITS_OF_16[values.view(np.uint16).reshape(-1, 4)].sum(1)
