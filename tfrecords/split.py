"""A random split that is the same on every machine and stays when photos join."""

import hashlib

from tfrecords.sources import Pair

SPLITS = ("train", "val", "all")


def _draw(pair: Pair, seed: int) -> float:
    """0..1 from the photo's content, so that the same photo under two names lands on one side."""
    digest = hashlib.sha256(f"{seed}:".encode() + pair.photo.read_bytes()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def choose(pairs: list[Pair], split: str, val_fraction: float, seed: int) -> list[Pair]:
    """The pairs of one split: "val" takes about `val_fraction` of the photos, "train" the others, "all" all."""
    if split == "all" or not val_fraction:
        return pairs
    return [pair for pair in pairs if (_draw(pair, seed) < val_fraction) == (split == "val")]
