"""COCO's instances: which photos have people on them, and where; polygons, run lengths, and crowds, to be ignored.

The format: https://cocodataset.org/#format-data and the masks of pycocotools, whose run lengths go down the columns.
"""

import collections
import dataclasses
import json
import pathlib
from typing import Any

import cv2
import numpy as np

from pnet_tf import fields
from pnet_tf.errors import InputError
from tfrecords.masks import FARTHEST

PERSON = "person"

FINE, SMALL = 4, 4_000_000
"""OpenCV fills the outline's own pixels, too, so polygons are drawn `FINE` times as large and averaged; on photos of
more than `SMALL` pixels, where half a pixel is little, at their own size."""


@dataclasses.dataclass(frozen=True)
class CocoMask:
    """The union of a photo's people; a crowd, which nobody outlined one by one, is to be ignored.

    Attributes:
      file: the instances file, for messages.
      name: the photo's name in it.
      size: (height, width) that the file says, or None.
      people, crowds: segmentations as JSON, each a list of polygons [x, y, x, y …] or {"counts", "size"}; among the
        crowds the boxes of people without an outline.
    """

    file: pathlib.Path
    name: str
    size: tuple[int, int] | None
    people: tuple[str, ...]
    crowds: tuple[str, ...]

    def read(self, height: int, width: int) -> np.ndarray:
        """See `masks.Mask`.

        Raises:
          InputError: segmentations for another photo size, or one that cannot be drawn.
        """
        if self.size not in (None, (height, width)):
            raise InputError(
                f"{self.file}: says {self.size[1]}×{self.size[0]} of {self.name}, which is {width}×{height} (upright, "
                "as EXIF says)"
            )
        found = np.full((height, width), fields.MASK_BACKGROUND, np.uint8)
        for value, segmentations in ((fields.MASK_IGNORE, self.crowds), (fields.MASK_FOREGROUND, self.people)):
            for one in segmentations:
                try:
                    found[drawn(json.loads(one), height, width)] = value
                except (KeyError, TypeError, ValueError, IndexError, OverflowError, cv2.error) as error:
                    told = f"a person of {self.name} does not decode ({error})"
                    raise InputError(f"{self.file}: {told}") from None
        return found

    def source_bytes(self) -> bytes:
        """What the mask is made of, for digests."""
        return "\n".join((*self.people, "", *self.crowds)).encode()


def drawn(segmentation: Any, height: int, width: int) -> np.ndarray:
    """(height, width) bool of one segmentation; raises ValueError, KeyError or TypeError for what is none."""
    if isinstance(segmentation, dict):
        return run_lengths(segmentation["counts"], *segmentation["size"], (height, width))
    scale = FINE if height * width <= SMALL else 1
    canvas = np.zeros((scale * height, scale * width), np.uint8)
    for polygon in segmentation:
        corners = scale * np.asarray(polygon, np.float64).reshape(-1, 2) - 0.5  # pixels have their centres at halves
        if not np.isfinite(corners).all() or np.abs(corners).max(initial=0) > FARTHEST:
            raise ValueError("a point is not finite, or miles away")
        cv2.fillPoly(canvas, [np.rint(corners).astype(np.int32)], 255)
    return cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA) > 127


def run_lengths(counts: Any, height: int, width: int, wanted: tuple[int, int]) -> np.ndarray:
    """(height, width) bool from numbers of pixels, without and with the object in turns, down the columns."""
    if (height, width) != wanted:
        raise ValueError(f"run lengths of {width}×{height}")
    lengths = _unpacked(counts) if isinstance(counts, str) else [int(one) for one in counts]
    if min(lengths, default=0) < 0 or sum(lengths) != height * width:
        raise ValueError("run lengths that do not fill the picture")
    values = np.arange(len(lengths)) % 2 == 1
    return np.repeat(values, lengths).reshape(width, height).T


def _unpacked(text: str) -> list[int]:
    """pycocotools' packed run lengths: five bits a character, from the third on less the one before the last."""
    lengths: list[int] = []
    position = 0
    while position < len(text):
        value = shift = 0
        more = True
        while more:
            bits = ord(text[position]) - 48
            value |= (bits & 31) << shift
            more, shift, position = bool(bits & 32), shift + 5, position + 1
            if not more and bits & 16:
                value -= 1 << shift
        lengths.append(value + (lengths[-2] if len(lengths) > 2 else 0))
    return lengths


def _box(annotation: dict[str, Any]) -> list[list[float]]:
    """The box of a person whom nobody outlined, as a polygon; whoever is in it is to be ignored."""
    x, y, width, height = annotation.get("bbox") or (0, 0, 0, 0)
    return [[x, y, x + width, y, x + width, y + height, x, y + height]]


@dataclasses.dataclass(frozen=True)
class Instances:
    """What an instances file says.

    Attributes:
      with_people: photo's name → its mask, of all with a person that is outlined.
      crowds_alone: names of photos with people, none of whom is outlined one by one.
      without_people: names of photos that no annotation of a person names.
    """

    with_people: dict[str, CocoMask]
    crowds_alone: tuple[str, ...]
    without_people: tuple[str, ...]


def read(file: pathlib.Path, classes: tuple[str, ...] = ()) -> Instances:
    """Reads an instances file.

    Args:
      file: the JSON file.
      classes: names of the categories that are people; "person" by default.

    Raises:
      InputError: not such a file, or without those categories (those that it has are listed).
    """
    try:
        found = json.loads(file.read_text("utf-8-sig"))
        categories = {str(one["name"]): one["id"] for one in found["categories"]}
        photos = {one["id"]: one for one in found["images"]}
        names = {key: str(one["file_name"]) for key, one in photos.items()}
        outlined, crowds = collections.defaultdict(list), collections.defaultdict(list)
        chosen = [categories[name] for name in classes or (PERSON,) if name in categories]
        for one in found["annotations"]:
            if one["category_id"] in chosen:
                shape = one.get("segmentation")
                into = crowds if one.get("iscrowd") or not shape else outlined
                into[one["image_id"]].append(json.dumps(shape or _box(one)))
        sizes = {key: (one["height"], one["width"]) if "height" in one else None for key, one in photos.items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"--coco_json={file}: not a COCO instances file ({error!r})") from None
    absent = [name for name in classes or (PERSON,) if name not in categories]
    if absent:
        listed = ", ".join(sorted(categories)) or "none"
        raise InputError(f"--coco_json={file}: has no category {absent[0]!r}; those it has: {listed}")
    masks = {
        names[key]: CocoMask(file, names[key], sizes[key], tuple(outlined[key]), tuple(crowds[key]))
        for key in photos
        if key in outlined
    }
    alone = tuple(sorted(names[key] for key in photos if key in crowds and key not in outlined))
    nobody = tuple(sorted(names[key] for key in photos if key not in outlined and key not in crowds))
    return Instances(dict(sorted(masks.items())), alone, nobody)
