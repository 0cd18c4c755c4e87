"""The schema of a record, for the writer and every reader."""

import contextlib
import dataclasses
import glob
import itertools
import json
import pathlib
import re
from collections.abc import Iterator

import cv2
import numpy as np

from pnet_tf import fields
from pnet_tf.errors import InputError
from pnet_tf.pictures import header
from pnet_tf.stack import tf


@dataclasses.dataclass(frozen=True)
class Record:
    """One labelled photo.

    Attributes:
      id: unique within a data set.
      source: the kind of set that it came from.
      image_bytes: JPEG or PNG file content, upright, 8-bit.
      height, width: of photo and mask, pixels.
      mask_bytes: grey PNG of fields.MASK_BACKGROUND, MASK_IGNORE and MASK_FOREGROUND.
      teacher_bytes: grey PNG of another network's foreground probability times 255 over the whole photo, at
        that network's own size; empty where no teacher was asked.
    """

    id: str
    source: str
    image_bytes: bytes
    height: int
    width: int
    mask_bytes: bytes
    teacher_bytes: bytes = b""


_SPEC = {
    fields.SCHEMA: tf.io.FixedLenFeature([], tf.int64),
    fields.RECORD_ID: tf.io.FixedLenFeature([], tf.string),
    fields.SOURCE: tf.io.FixedLenFeature([], tf.string),
    fields.IMAGE_BYTES: tf.io.FixedLenFeature([], tf.string),
    fields.IMAGE_HEIGHT: tf.io.FixedLenFeature([], tf.int64),
    fields.IMAGE_WIDTH: tf.io.FixedLenFeature([], tf.int64),
    fields.MASK_BYTES: tf.io.FixedLenFeature([], tf.string),
    fields.TEACHER_BYTES: tf.io.FixedLenFeature([], tf.string, default_value=b""),
}


def serialize(record: Record) -> bytes:
    """The record as a serialised tf.train.Example; the same record gives the same bytes."""

    def feature(value: str | bytes | int) -> tf.train.Feature:
        if isinstance(value, int):
            return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
        content = value.encode() if isinstance(value, str) else value
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[content]))

    values = {
        fields.SCHEMA: fields.SCHEMA_VERSION,
        fields.RECORD_ID: record.id,
        fields.SOURCE: record.source,
        fields.IMAGE_BYTES: record.image_bytes,
        fields.IMAGE_HEIGHT: record.height,
        fields.IMAGE_WIDTH: record.width,
        fields.MASK_BYTES: record.mask_bytes,
    }
    if record.teacher_bytes:
        values[fields.TEACHER_BYTES] = record.teacher_bytes
    example = tf.train.Example(features=tf.train.Features(feature={k: feature(v) for k, v in values.items()}))
    return example.SerializeToString(deterministic=True)


def parse(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
    """One serialised record → its features by the names in `fields` (a tf.data map function)."""
    return tf.io.parse_single_example(serialized, _SPEC)


def parse_record(serialized: bytes) -> Record:
    """One serialised record as plain Python values."""
    values = {name: value.numpy() for name, value in parse(serialized).items()}
    return Record(
        values[fields.RECORD_ID].decode(),
        values[fields.SOURCE].decode(),
        values[fields.IMAGE_BYTES],
        int(values[fields.IMAGE_HEIGHT]),
        int(values[fields.IMAGE_WIDTH]),
        values[fields.MASK_BYTES],
        values[fields.TEACHER_BYTES],
    )


def _decoded(content: bytes, mode: int, what: str) -> np.ndarray:
    if header.too_large(content):
        raise InputError(f"its {what} says that it has over {header.MAX_PIXELS // 10**6} megapixels; leave it out")
    image = cv2.imdecode(np.frombuffer(content, np.uint8), mode) if content else None
    if image is None:
        raise InputError(f"its {what} cannot be decoded; convert the photos again with pnet-convert")
    return image


def decode_photo(image_bytes: bytes, mode: int = cv2.IMREAD_COLOR) -> np.ndarray:
    """File content → (h, w, 3) uint8 RGB.

    Args:
      mode: cv2.IMREAD_COLOR, or IMREAD_REDUCED_COLOR_2, 4 or 8 for 1/2, 1/4 or 1/8 of the size.

    Raises:
      InputError: not a picture. `named` puts the record's id in front.
    """
    return cv2.cvtColor(_decoded(image_bytes, mode, "photo"), cv2.COLOR_BGR2RGB)


def encode_mask(mask: np.ndarray) -> bytes:
    """(h, w) uint8 of the three stored mask values → PNG; 1-bit where nothing is ignored, which decodes fastest."""
    bilevel = [] if (mask == fields.MASK_IGNORE).any() else [cv2.IMWRITE_PNG_BILEVEL, 1]
    return cv2.imencode(".png", mask, bilevel)[1].tobytes()


def decode_mask(mask_bytes: bytes) -> np.ndarray:
    """PNG → (h, w) uint8 labels: BACKGROUND, FOREGROUND or IGNORE. Raises InputError as `decode_photo` does."""
    return fields.to_labels(_decoded(mask_bytes, cv2.IMREAD_GRAYSCALE, "mask"))


def encode_teacher(probability: np.ndarray) -> bytes:
    """(h, w) float32 foreground probability 0..1 → PNG of 8 bits."""
    return cv2.imencode(".png", np.rint(np.clip(probability, 0, 1) * 255).astype(np.uint8))[1].tobytes()


def decode_teacher(teacher_bytes: bytes) -> np.ndarray:
    """PNG → (h, w) uint8, the foreground probability times 255. Raises InputError as `decode_photo` does."""
    return _decoded(teacher_bytes, cv2.IMREAD_GRAYSCALE, "teacher")


@contextlib.contextmanager
def named(record_id: str) -> Iterator[None]:
    """Puts the record's id in front of an InputError's words."""
    try:
        yield
    except InputError as error:
        raise InputError(f"record {record_id}: {error}") from None


def find(pattern: str) -> list[str]:
    """The sorted record files that a glob pattern (or several, comma-separated) matches.

    Raises:
      InputError: a pattern matches nothing, shards are missing or truncated, or a file holds no records of this schema.
    """
    found = []
    for part in pattern.split(","):
        matches = sorted(glob.glob(part))
        if not matches:
            raise InputError(f"{part}: matches no file; pnet-convert writes NAME-00000-of-00008.tfrecord")
        found += matches
    _check_complete(found)
    for path in found:
        _check_schema(path)
    return found


def require_teacher(paths: list[str]) -> None:
    """Raises InputError if no file begins with a record that has a teacher; elsewhere the labels stand for one."""
    if not any(first.teacher_bytes for path in paths for first in itertools.islice(read([path]), 1)):
        raise InputError(
            f"{paths[0]}: its records have no teacher, which --distillation_weight needs; convert with --teacher"
        )


def _check_complete(paths: list[str]) -> None:
    """A shard's siblings are all on disk, and its size is what the manifest beside it says."""
    whole, sizes = set(), {}
    for path in map(pathlib.Path, paths):
        numbered = re.fullmatch(r"(.+)-\d{5}-of-(\d{5})\.tfrecord", path.name)
        if not numbered:
            continue
        folder, stem, shards = path.parent, numbered[1], int(numbered[2])
        if (folder, stem, shards) not in whole:
            for index in range(shards):
                sibling = folder / f"{stem}-{index:05d}-of-{shards:05d}.tfrecord"
                if not sibling.exists():
                    raise InputError(f"{sibling}: is missing, the conversion did not end; run pnet-convert again")
            whole.add((folder, stem, shards))
        manifest = folder / "manifest.json"
        if folder not in sizes:
            sizes[folder] = {name: size for one in _splits(manifest) for name, size in one["files"].items()}
        size = sizes[folder].get(path.name)
        if size is not None and path.stat().st_size != size:
            raise InputError(
                f"{path}: truncated or changed, {manifest.name} says {size} bytes; convert the photos again"
            )


def _splits(manifest: pathlib.Path) -> list[dict[str, dict]]:
    """Files and photos of each split that a manifest has; none without one, since records work without."""
    try:
        splits = json.loads(manifest.read_text())["splits"].values()
        return [{key: dict(split[key]) for key in ("files", "photos")} for split in splits]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []


def digests(paths: list[str]) -> dict[str, str]:
    """SHA-256 → id of the photos in the splits that these files are of, as the manifests beside them say."""
    names = {path.name for path in map(pathlib.Path, paths)}
    splits = [
        one for folder in {pathlib.Path(path).parent for path in paths} for one in _splits(folder / "manifest.json")
    ]
    return {digest: name for one in splits if names & one["files"].keys() for name, digest in one["photos"].items()}


def _check_schema(path: str) -> None:
    advice = f"{path}: not records of schema {fields.SCHEMA_VERSION}; convert the photos again with pnet-convert"
    try:
        for first in tf.data.TFRecordDataset(path).take(1):
            version = int(parse(first)[fields.SCHEMA])
            if version != fields.SCHEMA_VERSION:
                raise InputError(f"{advice} (found schema {version})")
    except tf.errors.DataLossError:
        raise InputError(f"{path}: not a record file, or a damaged one; convert the photos again") from None
    except (tf.errors.InvalidArgumentError, tf.errors.OpError):
        raise InputError(advice) from None


def count(paths: list[str]) -> int:
    """How many records the files hold; reads them whole and so proves that none is truncated.

    Raises:
      InputError: a truncated or damaged file, by name; no records at all.
    """
    total = 0
    for path in paths:
        try:
            total += int(tf.data.TFRecordDataset(path, buffer_size=1 << 20).reduce(np.int64(0), lambda n, _: n + 1))
        except tf.errors.DataLossError:
            raise InputError(f"{path}: truncated or damaged; convert the photos again with pnet-convert") from None
    if not total:
        raise InputError(f"{pathlib.Path(paths[0]).parent}: the record files are empty")
    return total


def read(paths: list[str]) -> Iterator[Record]:
    """The records of the files, in order.

    Raises:
      InputError: a truncated or damaged file, by name.
    """
    for path in paths:
        try:
            for serialized in tf.data.TFRecordDataset(path).as_numpy_iterator():
                yield parse_record(serialized)
        except tf.errors.DataLossError:
            raise InputError(f"{path}: truncated or damaged; convert the photos again with pnet-convert") from None


def samples(paths: list[str]) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Id, (h, w, 3) uint8 RGB and (h, w) uint8 labels of every record, in order.

    Raises:
      InputError: as for `read`, or a photo or mask that cannot be decoded, by the record's id.
    """
    for record in read(paths):
        with named(record.id):
            photo, labels = decode_photo(record.image_bytes), decode_mask(record.mask_bytes)
        yield record.id, photo, labels
