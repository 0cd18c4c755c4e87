"""Items → record shards and a manifest, the same bytes from the same input.

Shards are written into a hidden folder and moved when all are complete; the manifest's entry comes last
and makes them valid. A conversion that was killed leaves no entry, and starts again cleanly.
"""

import collections
import concurrent.futures
import contextlib
import dataclasses
import fcntl
import functools
import hashlib
import json
import os
import pathlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pnet_tf import fields, files
from pnet_tf.errors import InputError
from pnet_tf.stack import tf
from tfrecords.prepare import AS_IT_IS, Preparation, Prepared, prepare
from tfrecords.sources import Item

MANIFEST = "manifest.json"
MOVING = "moving.txt"


@dataclasses.dataclass(frozen=True)
class Shard:
    """One file's share of the work, in order."""

    path: pathlib.Path
    items: tuple[Item, ...]


def plan(items: list[Item], folder: pathlib.Path, split: str, shards: int) -> list[Shard]:
    """Deals the items out in the order of a hash of their ids, so that every shard is a fair sample.

    Raises:
      InputError: no items, or two with the same id.
    """
    if not items:
        raise InputError(f"split {split!r} is empty; look at --input_dir, --split_file and --val_fraction")
    seen: dict[str, Item] = {}
    for item in items:
        if item.id in seen:
            raise InputError(f"{item.photo} and {seen[item.id].photo} have the same id {item.id!r}; rename one")
        seen[item.id] = item
    ordered = sorted(items, key=lambda item: hashlib.sha256(item.id.encode()).digest())
    shards = min(shards, len(ordered))
    bounds = [len(ordered) * i // shards for i in range(shards + 1)]
    names = [f"{split}-{index:05d}-of-{shards:05d}.tfrecord" for index in range(shards)]
    return [
        Shard(folder / name, tuple(ordered[start:end]))
        for name, start, end in zip(names, bounds[:-1], bounds[1:], strict=True)
    ]


def write_shard(path: pathlib.Path, prepared: Iterable[Prepared | None]) -> dict[str, Any]:
    """Writes one shard and returns what `finish` needs to know of it; None stands for a dropped photo."""
    digest, photos, share, dropped = hashlib.sha256(), [], 0.0, 0
    with tf.io.TFRecordWriter(str(path)) as writer:
        for one in prepared:
            if one is None:
                dropped += 1
                continue
            writer.write(one.serialized)
            digest.update(one.inputs.encode())
            photos.append([one.id, one.digest])
            share += one.foreground
    size = path.stat().st_size
    return {"name": path.name, "bytes": size, "digest": digest.hexdigest(), "photos": photos, "foreground": share,
            "dropped": dropped}  # fmt: skip


def _ahead(items: Iterable[Item], preparation: Preparation, workers: int) -> Iterator[Prepared | None]:
    """Prepared items in order, a few ahead of the writer, so that memory does not grow with the set."""
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        waiting: collections.deque[concurrent.futures.Future] = collections.deque()
        try:
            for item in items:
                waiting.append(pool.submit(prepare, item, preparation))
                if len(waiting) > 4 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def write_locally(
    shards: list[Shard], preparation: Preparation, workers: int, on_photo: Callable[[int, int], None]
) -> list[dict[str, Any]]:
    """Writes the shards one after the other with a pool of threads; OpenCV leaves them the cores."""
    total, done = sum(len(shard.items) for shard in shards), 0
    prepared = _ahead((item for shard in shards for item in shard.items), preparation, workers)

    def counted(count: int) -> Iterator[Prepared | None]:
        nonlocal done
        for _ in range(count):
            yield next(prepared)
            done += 1
            on_photo(done, total)

    return [write_shard(shard.path, counted(len(shard.items))) for shard in shards]


def read_manifest(directory: pathlib.Path) -> dict[str, Any]:
    """The manifest of a folder of records, an empty one where there is none.

    Raises:
      InputError: a file of that name that is none.
    """
    path = directory / MANIFEST
    if not path.exists():
        return {"schema_version": fields.SCHEMA_VERSION, "splits": {}}
    try:
        manifest = json.loads(path.read_text())
        for entry in manifest["splits"].values():
            entry["photos"].items()
        return manifest
    except (ValueError, TypeError, KeyError, AttributeError):
        raise InputError(f"{path}: not a manifest of pnet-convert; remove it or choose another --output_dir") from None


def _write_manifest(directory: pathlib.Path, manifest: dict[str, Any]) -> None:
    files.write_text(directory / MANIFEST, json.dumps(manifest, indent=1) + "\n")


def _refuse_overlap(manifest: dict[str, Any], split: str, photos: dict[str, str]) -> None:
    by_digest = {digest: name for name, digest in photos.items()}
    for other, entry in manifest["splits"].items():
        for name, digest in entry["photos"].items() if other != split else ():
            if digest in by_digest:
                raise InputError(
                    f"{by_digest[digest]} of split {split!r} and {name} of split {other!r} are the same photo; "
                    "remove one, or split with --val_fraction"
                )


def _entry(results: list[dict[str, Any]], command: str) -> dict[str, Any]:
    photos = {name: digest for one in results for name, digest in one["photos"]}
    count = len(photos)
    return {
        "command": command,
        "records": count,
        "dropped": sum(one["dropped"] for one in results),
        "mean_foreground_share": round(sum(one["foreground"] for one in results) / max(count, 1), 6),
        "digest": hashlib.sha256("".join(one["digest"] for one in results).encode()).hexdigest(),
        "files": {one["name"]: one["bytes"] for one in results},
        "photos": photos,
    }


Runner = Callable[[list[Shard], Preparation], list[dict[str, Any]]]
"""Writes planned shards and returns what `write_shard` says of each, in order."""


def convert(
    items: list[Item],
    directory: str | pathlib.Path,
    split: str,
    shards: int = 8,
    preparation: Preparation = AS_IT_IS,
    overwrite: bool = False,
    command: str = "",
    runner: Runner | None = None,
    workers: int | None = None,
    on_photo: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Writes one split's shards, then its entry of the manifest; nothing appears before it is whole.

    Args:
      items: what to write, from `sources`.
      directory: made if missing.
      split: the shards' name.
      shards: number of files, at most one a record.
      preparation: what happens to every photo.
      overwrite: replace a split that is already there.
      command: how the conversion was called, for the manifest.
      runner: what writes the shards; threads on this machine by default.
      workers: how many threads; the number of cores by default.
      on_photo: told how many of how many photos are done (by the default runner).

    Returns:
      The manifest's entry: command, records, dropped, mean_foreground_share, digest, files with sizes, photos.

    Raises:
      InputError: nothing to write, duplicate ids, a bad item, the split already there, a photo that
        another split of the directory holds, no face on any photo, a place that cannot be written.
    """
    directory = pathlib.Path(directory).resolve()
    fresh = not directory.exists()
    workers = workers or os.cpu_count() or 1
    runner = runner or functools.partial(write_locally, workers=workers, on_photo=on_photo)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with _alone(directory):
            return _convert(items, directory, split, shards, preparation, overwrite, command, runner)
    except (OSError, tf.errors.OpError) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise InputError(f"{directory}: cannot be written ({reason}); choose another --output_dir") from None
    finally:
        if fresh and directory.is_dir() and not any(directory.iterdir()):
            directory.rmdir()


@contextlib.contextmanager
def _alone(directory: pathlib.Path) -> Iterator[None]:
    """Holds the folder against a second conversion; the lock ends with the process, however that ends."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise InputError(f"{directory}: another conversion is writing here; wait for it") from None
    finally:
        os.close(handle)


def _convert(
    items: list[Item],
    directory: pathlib.Path,
    split: str,
    shards: int,
    preparation: Preparation,
    overwrite: bool,
    command: str,
    runner: Runner,
) -> dict[str, Any]:
    manifest = read_manifest(directory)
    if split in manifest["splits"] and not overwrite:
        raise InputError(f"{directory}: already holds the split {split!r}; --overwrite replaces it")
    partial = directory / f".{split}-partial"
    # What a killed run was moving when it died is listed in its folder, and may go; a split that the
    # manifest has is whole, whatever lies about.
    interrupted = split not in manifest["splits"] and (partial / MOVING).exists()
    unfinished = set((partial / MOVING).read_text().split()) if interrupted else set()
    old = {path.name for path in directory.glob(f"{split}-[0-9]*-of-[0-9]*.tfrecord")}
    if old - unfinished and not overwrite:  # files of somebody else, or whose manifest is gone
        stray = min(old - unfinished)
        raise InputError(f"{directory}: holds {stray}, which no manifest knows; --overwrite replaces it")
    planned = plan(items, partial, split, shards)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    if unfinished:  # for the next run, should this one be killed, too
        files.write_text(partial / MOVING, "\n".join(unfinished))
    try:
        entry = _entry(runner(planned, preparation), command)
        if not entry["records"]:
            raise InputError(f"--face_crop: no face on any of {entry['dropped']} photos; look at them, or leave it out")
        _refuse_overlap(manifest, split, entry["photos"])
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        for name in unfinished:
            (directory / name).unlink(missing_ok=True)
        raise
    files.write_text(partial / MOVING, "\n".join({*old, *entry["files"]}))
    if manifest["splits"].pop(split, None):
        _write_manifest(directory, manifest)  # until the new shards are all there, the split is not
    for name in old:
        (directory / name).unlink()
    for name in entry["files"]:
        os.replace(partial / name, directory / name)
    manifest["splits"][split] = entry
    _write_manifest(directory, manifest)
    shutil.rmtree(partial, ignore_errors=True)
    return entry
