"""One item → one record: read, check, crop, scale, encode."""

import dataclasses
import hashlib

import cv2
import numpy as np

from pnet_tf import fields
from pnet_tf.data import inspection, records
from pnet_tf.errors import InputError
from pnet_tf.pictures import face, reader
from tfrecords import crop, masks
from tfrecords.sources import Item
from tfrecords.teacher import Teacher


@dataclasses.dataclass(frozen=True)
class Preparation:
    """What happens to every photo on its way.

    Attributes:
      face_crop: cut to a portrait around the largest face; photos without a face are dropped.
      max_side: longer side in pixels that a photo is scaled down to; 0 keeps photos as they are.
      teacher: whose soft masks join the records, if anybody's.
    """

    face_crop: bool = False
    max_side: int = 0
    teacher: Teacher | None = None


AS_IT_IS = Preparation()


@dataclasses.dataclass(frozen=True)
class Prepared:
    """A record and what the manifest says of it.

    Attributes:
      serialized: the record's bytes.
      id: the record's.
      digest: SHA-256 of the photo's file, hexadecimal, before any crop: the same photo has the same one.
      inputs: SHA-256 of the photo's and the mask's files, hexadecimal; of the photo's alone where a
        teacher draws the mask.
      foreground: share of the mask, 0..1.
      looked: what one sees at a glance.
    """

    serialized: bytes
    id: str
    digest: str
    inputs: str
    foreground: float
    looked: inspection.Looked


@dataclasses.dataclass(frozen=True)
class Fault:
    """Why no record was made of an item: one line that names the file."""

    id: str
    reason: str


Outcome = Prepared | Fault | None
"""None stands for a photo that was dropped."""


def prepare_or_tell(item: Item, preparation: Preparation) -> Outcome:
    """`prepare`, which raises nothing for a bad item."""
    try:
        return prepare(item, preparation)
    except InputError as error:
        return Fault(item.id, str(error))


def fault_of(item: Item) -> Fault | None:
    """Whether the item's files can be read, which is quickly known before a teacher is asked."""
    try:
        _read(item)
    except InputError as error:
        return Fault(item.id, str(error))
    return None


def _read(item: Item) -> tuple[reader.Photo, np.ndarray | None]:
    if item.fault:
        raise InputError(item.fault)
    taken = reader.read(item.photo)
    if taken.opacity is not None:
        raise InputError(f"{item.photo}: partly transparent; flatten it onto a background")
    return taken, None if item.mask is None else item.mask.read(*taken.rgb.shape[:2])


def prepare(item: Item, preparation: Preparation) -> Prepared | None:
    """Reads an item and makes its record; None if it is dropped for want of a face.

    Where the item has no mask, what the teacher takes for foreground is the label.

    Raises:
      InputError: the item's own fault, what `pictures.reader.read` and the mask's `read` refuse; neither a mask nor a
        teacher.
    """
    if item.mask is None and not preparation.teacher and not item.fault:
        raise InputError(f"{item.photo}: has no mask; --teacher names the network that draws it")
    taken, mask = _read(item)
    if taken.content is None:
        taken = reader.encode(taken.rgb)
    if preparation.face_crop:
        found = face.find(taken.rgb)
        if found is None:
            return None
        top, left, height, width = crop.frame(*taken.rgb.shape[:2], found)
        inside = (slice(top, top + height), slice(left, left + width))
        taken = reader.encode(taken.rgb[inside])
        mask = None if mask is None else mask[inside]
    height, width = taken.rgb.shape[:2]
    scale = preparation.max_side / max(height, width) if preparation.max_side else 1.0
    if scale < 1:
        height, width = (max(1, round(side * scale)) for side in (height, width))
        taken = reader.encode(cv2.resize(taken.rgb, (width, height), interpolation=cv2.INTER_AREA))
        if mask is not None:
            mask = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    soft = preparation.teacher(taken.rgb) if preparation.teacher else None
    if mask is None:
        mask = masks.stored(cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR) > 0.5)
    teacher = b"" if soft is None else records.encode_teacher(soft)
    record = records.Record(item.id, item.source, taken.content, height, width, records.encode_mask(mask), teacher)
    original = item.photo.read_bytes()
    inputs = hashlib.sha256(original + (item.mask.source_bytes() if item.mask is not None else b""))
    return Prepared(
        records.serialize(record),
        item.id,
        hashlib.sha256(original).hexdigest(),
        inputs.hexdigest(),
        float((mask == fields.MASK_FOREGROUND).mean()),
        inspection.look(item.id, taken.rgb, fields.to_labels(mask)),
    )
