"""Pairs → record shards and a manifest, the same bytes from the same input."""

import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shutil
from collections.abc import Callable, Iterator
from typing import Any

from pnet_tf import fields, files
from pnet_tf.data import records
from pnet_tf.errors import InputError
from pnet_tf.stack import tf
from tfrecords import sources

MANIFEST = "manifest.json"


def shard_name(split: str, index: int, shards: int) -> str:
    """For example ``train-00000-of-00008.tfrecord``."""
    return f"{split}-{index:05d}-of-{shards:05d}.tfrecord"


def _encode(pair: sources.Pair) -> tuple[records.Record, str, float]:
    content, _, mask = sources.read(pair)
    record = records.Record(pair.id, pair.source, content, *mask.shape, records.encode_mask(mask))
    return record, hashlib.sha256(content).hexdigest(), float((mask == fields.MASK_FOREGROUND).mean())


def _ordered(pairs: list[sources.Pair], workers: int) -> Iterator[tuple[records.Record, str, float]]:
    """Encoded pairs in order, a few ahead of the writer, so that memory does not grow with the set."""
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        waiting: collections.deque[concurrent.futures.Future] = collections.deque()
        try:
            for pair in pairs:
                waiting.append(pool.submit(_encode, pair))
                if len(waiting) > 4 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _read_manifest(path: pathlib.Path) -> dict[str, Any]:
    if not path.exists():
        return {"schema_version": fields.SCHEMA_VERSION, "splits": {}}
    try:
        return json.loads(path.read_text())
    except ValueError:
        raise InputError(f"{path}: not a manifest of pnet-convert; remove it or choose another --output_dir") from None


def _refuse_overlap(manifest: dict[str, Any], split: str, digests: dict[str, str]) -> None:
    for other, entry in manifest["splits"].items():
        if other == split:
            continue
        for digest, name in entry["photos"].items():
            if digest in digests:
                raise InputError(
                    f"{digests[digest]} of split {split!r} and {name} of split {other!r} are the same photo; "
                    "remove one, or split with --val_fraction"
                )


def convert(
    pairs: list[sources.Pair],
    directory: str | pathlib.Path,
    split: str,
    shards: int = 8,
    workers: int | None = None,
    overwrite: bool = False,
    command: str = "",
    on_record: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Writes one split's shards, then its entry of the manifest; nothing appears before it is whole.

    Records lie in the order of a hash of their ids, so that every shard is a fair sample.

    Args:
      pairs: what to write, from `sources`.
      directory: made if missing.
      split: the shards' name.
      shards: number of files, at most one a record.
      workers: threads that read and encode; the number of cores by default.
      overwrite: replace a split that is already there.
      command: how the conversion was called, for the manifest.
      on_record: told how many of how many records are written.

    Returns:
      The manifest's entry: records, mean foreground share, digest of the inputs, files with sizes.

    Raises:
      InputError: nothing to write, duplicate ids, a bad pair, the split already there, a
        photo that another split of the directory holds, a place that cannot be written.
    """
    directory = pathlib.Path(directory)
    if not pairs:
        raise InputError(f"split {split!r} is empty; look at --input_dir, --split_file and --val_fraction")
    pairs = sorted(pairs, key=lambda pair: hashlib.sha256(pair.id.encode()).digest())
    shards = min(shards, len(pairs))
    manifest = _read_manifest(directory / MANIFEST)
    if split in manifest["splits"] and not overwrite:
        raise InputError(f"{directory}: already holds the split {split!r}; --overwrite replaces it")

    partial = directory / f".{split}-partial"
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
    except OSError as error:
        raise InputError(f"{directory}: cannot be written ({error.strerror}); choose another --output_dir") from None
    try:
        entry = _write(pairs, partial, split, shards, workers or os.cpu_count() or 1, on_record)
        _refuse_overlap(manifest, split, entry["photos"])
        for old in directory.glob(f"{split}-[0-9]*-of-[0-9]*.tfrecord"):
            old.unlink()
        for name in entry["files"]:
            os.replace(partial / name, directory / name)
    except (OSError, tf.errors.OpError) as error:
        raise InputError(f"{directory}: cannot be written ({error})") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    manifest["splits"][split] = {"command": command, **entry}
    files.write_text(directory / MANIFEST, json.dumps(manifest, indent=1) + "\n")
    return entry


def _write(
    pairs: list[sources.Pair],
    partial: pathlib.Path,
    split: str,
    shards: int,
    workers: int,
    on_record: Callable[[int, int], None],
) -> dict[str, Any]:
    digest, photos, shares, sizes, total = hashlib.sha256(), {}, 0.0, {}, len(pairs)
    bounds = [total * i // shards for i in range(shards + 1)]
    encoded = _ordered(pairs, workers)
    for index in range(shards):
        path = partial / shard_name(split, index, shards)
        with tf.io.TFRecordWriter(str(path)) as writer:
            for done in range(bounds[index], bounds[index + 1]):
                record, photo_digest, share = next(encoded)
                photos[photo_digest] = record.id
                content = records.serialize(record)
                digest.update(content)
                shares += share
                writer.write(content)
                on_record(done + 1, total)
        sizes[path.name] = path.stat().st_size
    return {
        "records": total,
        "mean_foreground_share": round(shares / total, 6),
        "digest": digest.hexdigest(),
        "files": sizes,
        "photos": photos,
    }
