"""manifest.json of a folder of records: what each split holds, and the command that made it."""

import hashlib
import json
import pathlib
from typing import Any

from pnet_tf import fields, files
from pnet_tf.errors import InputError

MANIFEST = "manifest.json"


def read(directory: pathlib.Path) -> dict[str, Any]:
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


def write(directory: pathlib.Path, manifest: dict[str, Any]) -> None:
    """Replaces the manifest, or leaves it as it was."""
    files.write_text(directory / MANIFEST, json.dumps(manifest, indent=1) + "\n")


def refuse_overlap(manifest: dict[str, Any], split: str, photos: dict[str, str]) -> None:
    """Raises InputError if another split has one of these photos, id → digest."""
    by_digest = {digest: name for name, digest in photos.items()}
    for other, entry in manifest["splits"].items():
        for name, digest in entry["photos"].items() if other != split else ():
            if digest in by_digest:
                raise InputError(
                    f"{by_digest[digest]} of split {split!r} and {name} of split {other!r} are the same photo; "
                    "remove one, or split with --val_fraction"
                )


def entry(results: list[dict[str, Any]], command: str) -> dict[str, Any]:
    """A split's entry from what `writer.write_shard` says of its shards."""
    photos = {name: digest for one in results for name, digest in one["photos"]}
    count = len(photos)
    faults = {name: reason for one in results for name, reason in one["faults"]}
    return {
        "command": command,
        "records": count,
        "dropped": sum(one["dropped"] for one in results),
        "mean_foreground_share": round(sum(one["foreground"] for one in results) / max(count, 1), 6),
        "digest": hashlib.sha256("".join(one["digest"] for one in results).encode()).hexdigest(),
        "files": {one["name"]: one["bytes"] for one in results},
        **({"left_out": faults} if faults else {}),
        "photos": photos,
    }
