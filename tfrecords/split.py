"""A random split that is the same on every machine and stays when photos join."""

import hashlib

from tfrecords.sources import Item

SPLITS = ("train", "val", "all")


def _draw(item: Item, seed: int) -> float:
    """0..1 from the photo's content, so that the same photo under two names lands on one side."""
    content = item.photo.read_bytes() if item.photo.is_file() else item.id.encode()
    digest = hashlib.sha256(f"{seed}:".encode() + content).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def choose(items: list[Item], split: str, val_fraction: float, seed: int) -> list[Item]:
    """The items of one split: "val" takes about `val_fraction` of the photos, "train" the others, "all" all."""
    if split == "all" or not val_fraction:
        return items
    return [item for item in items if (_draw(item, seed) < val_fraction) == (split == "val")]
