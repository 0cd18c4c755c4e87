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
import os
import pathlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pnet_tf import files
from pnet_tf.data import inspection
from pnet_tf.errors import InputError
from pnet_tf.stack import tf
from tfrecords import manifest as manifest_file
from tfrecords.prepare import AS_IT_IS, Fault, Outcome, Preparation, fault_of, prepare_or_tell
from tfrecords.sources import Item

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


def write_shard(path: pathlib.Path, prepared: Iterable[Outcome]) -> dict[str, Any]:
    """Writes one shard and returns what is to be known of it, as JSON has it."""
    digest, photos, share, dropped = hashlib.sha256(), [], 0.0, 0
    faults: list[tuple[str, str]] = []
    looked: list[dict[str, Any]] = []
    with tf.io.TFRecordWriter(str(path)) as writer:
        for one in prepared:
            if one is None:
                dropped += 1
                continue
            if isinstance(one, Fault):
                faults.append((one.id, one.reason))
                continue
            writer.write(one.serialized)
            digest.update(one.inputs.encode())
            photos.append([one.id, one.digest])
            share += one.foreground
            looked.append(one.looked.as_json())
    size = path.stat().st_size
    return {"name": path.name, "bytes": size, "digest": digest.hexdigest(), "photos": photos, "foreground": share,
            "dropped": dropped, "faults": faults, "looked": looked}  # fmt: skip


def _ahead(items: Iterable[Item], work: Callable[[Item], Any], workers: int) -> Iterator[Any]:
    """What comes of items, in order, a few ahead of who takes it, so that memory does not grow with the set."""
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        waiting: collections.deque[concurrent.futures.Future] = collections.deque()
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
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
    work = functools.partial(prepare_or_tell, preparation=preparation)
    prepared = _ahead((item for shard in shards for item in shard.items), work, workers)

    def counted(count: int) -> Iterator[Outcome]:
        nonlocal done
        for _ in range(count):
            yield next(prepared)
            done += 1
            on_photo(done, total)

    return [write_shard(shard.path, counted(len(shard.items))) for shard in shards]


class Faults(InputError):
    """Items of which no record can be made.

    Attributes:
      reasons: one line for each, which names the file.
    """

    def __init__(self, reasons: list[str]):
        self.reasons = reasons
        more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
        super().__init__(f"{reasons[0]}{more}")


def _refuse_faults(faults: Iterable[Fault]) -> None:
    reasons = [one.reason for one in faults]
    if reasons:
        raise Faults(reasons)


Runner = Callable[[list[Shard], Preparation], list[dict[str, Any]]]
"""Writes planned shards and returns what `write_shard` says of each, in order."""


def _write(planned: list[Shard], runner: Runner, preparation: Preparation, skip_damaged: bool) -> list[dict[str, Any]]:
    results = runner(planned, preparation)
    if not skip_damaged or not any(result["photos"] for result in results):
        _refuse_faults(Fault(*one) for result in results for one in result["faults"])
    return results


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
    skip_damaged: bool = False,
    on_looked: Callable[[list[inspection.Looked]], None] = lambda looked: None,
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
      skip_damaged: leave out items of which no record can be made; the entry's `left_out` has each with its reason.
      on_looked: told what was seen of each record, once all are there.

    Returns:
      The manifest's entry: command, records, dropped, mean_foreground_share, digest, files with sizes, photos.

    Raises:
      Faults: items of which no record can be made; with `skip_damaged` where there are no others.
      InputError: nothing to write, duplicate ids, the split already there, a photo that another split of the directory
        holds, no face on any photo, a place that cannot be written.
    """
    directory = pathlib.Path(directory).resolve()
    fresh = not directory.exists()
    workers = workers or os.cpu_count() or 1
    runner = runner or functools.partial(write_locally, workers=workers, on_photo=on_photo)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with _alone(directory):
            if preparation.teacher and not skip_damaged:  # asking a teacher takes much longer than looking
                _refuse_faults(one for one in _ahead(items, fault_of, workers) if one)
            write = functools.partial(_write, runner=runner, preparation=preparation, skip_damaged=skip_damaged)
            entry, looked = _convert(items, directory, split, shards, overwrite, command, write)
            on_looked(looked)
            return entry
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
    overwrite: bool,
    command: str,
    write: Callable[[list[Shard]], list[dict[str, Any]]],
) -> tuple[dict[str, Any], list[inspection.Looked]]:
    manifest = manifest_file.read(directory)
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
        results = write(planned)
        entry = manifest_file.entry(results, command)
        if not entry["records"]:
            raise InputError(f"--face_crop: no face on any of {entry['dropped']} photos; look at them, or leave it out")
        manifest_file.refuse_overlap(manifest, split, entry["photos"])
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        for name in unfinished:
            (directory / name).unlink(missing_ok=True)
        raise
    files.write_text(partial / MOVING, "\n".join({*old, *entry["files"]}))
    if manifest["splits"].pop(split, None):
        manifest_file.write(directory, manifest)  # until the new shards are all there, the split is not
    for name in old:
        (directory / name).unlink()
    for name in entry["files"]:
        os.replace(partial / name, directory / name)
    manifest["splits"][split] = entry
    manifest_file.write(directory, manifest)
    shutil.rmtree(partial, ignore_errors=True)
    return entry, [inspection.Looked.from_json(one) for result in results for one in result["looked"]]
