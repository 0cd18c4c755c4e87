"""What the commands that score networks share: which network, on which photos, and the tables."""

import dataclasses
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from absl import flags

from pnet_tf import evaluation
from pnet_tf.benchmark import origin
from pnet_tf.errors import InputError
from pnet_tf.metrics import masks, mattes, opacity, paired
from pnet_tf.runtime import peer, shipped
from pnet_tf.runtime.segmenter import WHOLE, Network

MODELS = (
    "A model directory, a .tflite file, a shipped model's name, or another segmenter's .tflite or .onnx file with the "
    "range of its pixels, file.tflite:0..1, and behind it the shorter side where it takes any, file.onnx:-1..1:384"
)
"""What may stand for a model."""

MOST_APART = 3
"""Photos listed on either side of a comparison."""


@dataclasses.dataclass(frozen=True)
class Opened:
    """A network and how photos meet it.

    Attributes:
      model: as it was named.
      resize: as for `segmenter.ask`.
    """

    model: str
    network: Network
    resize: str

    @property
    def short(self) -> str:
        """The file's or directory's name."""
        return pathlib.Path(peer.parse(self.model).path).name

    @property
    def digest(self) -> str | None:
        """Of the model's file; of the weights of a directory."""
        path = pathlib.Path(peer.parse(self.model).path)
        if path.is_dir():
            return origin.digest(path / "weights.npz")
        return origin.digest(path if path.is_file() else shipped.find(self.model))


@dataclasses.dataclass(frozen=True)
class Scored:
    """What a network scored.

    Attributes:
      scores: from `evaluation.evaluate`.
      photos: id → size → the photo's figures.
    """

    opened: Opened
    scores: dict[str, dict[str, float]]
    photos: dict[str, dict[str, dict[str, float]]]

    def to_json(self) -> dict[str, Any]:
        """All of it, each photo with the two figures at its own size that tables are made of."""
        kept = (masks.FOREGROUND_IOU, masks.BOUNDARY_IOU)
        return {
            "model": self.opened.model,
            "digest": self.opened.digest,
            "photos": len(self.photos),
            "resize": self.opened.resize,
            **self.scores,
            "per_photo": {
                name: [round(sizes[evaluation.PHOTO_SIZE][key], 5) for key in kept]
                for name, sizes in self.photos.items()
            },
        }


def open_as(model: str, threads: int, resize: str | None) -> Opened:
    """Opens what --model names, see `open_network`; `resize` overrules how photos meet it."""
    network, usual = open_network(model, threads)
    if resize and usual == WHOLE:
        network.height  # noqa: B018  (raises where the file takes photos of any size)
    return Opened(model, network, resize or usual)


def print_scores(scored: Scored, light: str) -> None:
    """The table of one model; `light` is added to its heading."""
    opened, scores = scored.opened, scored.scores
    print(f"{opened.model}: {len(scored.photos)} photos, {opened.resize}, threshold {evaluation.THRESHOLD}{light}")
    wide = max(map(len, masks.DEFINITIONS))
    print(f"{'per cent':{wide}}  network size  photo size")
    for name, definition in masks.DEFINITIONS.items():
        small, full = (100 * scores[size][name] for size in (evaluation.NETWORK_SIZE, evaluation.PHOTO_SIZE))
        print(f"{name:{wide}}{small:14.2f}{full:12.2f}  {definition}")
    for name, value in scores.get(evaluation.OPACITY, {}).items():
        print(f"{name:{wide}}{'':14}{100 * value:12.2f}  {opacity.DEFINITIONS[name]}")
    for name, value in scores.get(evaluation.MATTES, {}).items():
        print(f"{name:{wide}}{'':14}{value:12.4f}  {mattes.DEFINITIONS[name]}")
    nobody = scores.get(evaluation.NOBODY)
    if nobody:
        over = ", ".join(
            f"over {limit} % of person on {100 * nobody[masks.NOBODY_OVER.format(limit)]:.1f} %"
            for limit in masks.NOBODY_LIMITS
        )
        print(
            f"nobody: {nobody[masks.NOBODY_PHOTOS]} photos with nobody on them; {over} of them, "
            f"{100 * nobody[masks.NOBODY_SHARE]:.2f} % of their pixels in the mean"
        )


def _paired(first: Scored, second: Scored) -> dict[str, paired.Difference]:
    size = evaluation.PHOTO_SIZE
    names = next(iter(first.photos.values()))[size]
    return {
        name: paired.difference(
            [sizes[size][name] for sizes in first.photos.values()],
            [second.photos[photo][size][name] for photo in first.photos],
        )
        for name in names
    }


def paired_json(first: Scored, second: Scored) -> dict[str, dict[str, float]]:
    """Measure → the difference at the photos' size, first less second."""
    return {name: dataclasses.asdict(one) for name, one in _paired(first, second).items()}


def print_paired(first: Scored, second: Scored) -> None:
    """The comparison of two models on the same photos, at the photos' size, and the photos that differ most."""
    size, confidence = evaluation.PHOTO_SIZE, 100 * paired.CONFIDENCE
    print(f"\n{first.opened.short} less {second.opened.short}, photo by photo, photo size, per cent")
    wide = max(map(len, masks.DEFINITIONS))
    print(f"{'':{wide}}{'first':>8}{'second':>8}{'difference':>12}{f'{confidence:.0f} % interval':>20}  ahead  behind")
    for name, one in _paired(first, second).items():
        ours, theirs = (100 * scored.scores[size][name] for scored in (first, second))
        low, high = 100 * (one.mean - one.half_width), 100 * (one.mean + one.half_width)
        interval = f"{low:+.2f} to {high:+.2f}"
        print(f"{name:{wide}}{ours:8.2f}{theirs:8.2f}{100 * one.mean:+12.2f}{interval:>20}{one.ahead:7}{one.behind:8}")
    apart = {
        name: sizes[size][masks.FOREGROUND_IOU] - second.photos[name][size][masks.FOREGROUND_IOU]
        for name, sizes in first.photos.items()
    }
    ordered = sorted(apart, key=apart.__getitem__)
    for words, names in (("behind", ordered[:MOST_APART]), ("ahead", ordered[::-1][:MOST_APART])):
        listed = ", ".join(f"{name} {100 * apart[name]:+.1f}" for name in names)
        print(f"most {words} in {masks.FOREGROUND_IOU}: {listed}")


def open_network(model: str, threads: int) -> tuple[Network, str]:
    """The network that --model names, and how a photo meets its size.

    That is as in its training, "stretch" for a peer, or `segmenter.WHOLE` for one of free size.

    Args:
      model: a model directory, a .tflite file from pnet-export, a shipped model's name, or another segmenter with the
        range of its pixels, such as `selfie.tflite:0..1`.
      threads: for a .tflite file.

    Raises:
      InputError: nothing of the kind is there.
    """
    if pathlib.Path(model).is_dir():
        from pnet_tf import store
        from pnet_tf.model.predict import KerasNetwork

        if store.find(model) in (None, pathlib.Path(model)):  # not just a folder of a shipped model's name
            network, experiment = store.load(model)
            return KerasNetwork(network), experiment.data.resize
    from pnet_tf.runtime.network import TFLiteNetwork

    if peer.parse(model).span:
        network = peer.PeerNetwork(model, threads)
        return network, "stretch" if network.is_of_fixed_size else WHOLE
    model = shipped.find(model)
    try:
        return TFLiteNetwork(model, threads), "letterbox"
    except InputError as error:
        if not pathlib.Path(model).is_file():
            raise
        raise InputError(f"{error}, or give another segmenter's pixel range: {model}:0..1 or {model}:-1..1") from None


def define_photos(values: flags.FlagValues) -> None:
    """The two flags that `samples` reads."""
    flags.DEFINE_string("records", None, "Labelled photos as records, a glob pattern.", flag_values=values)
    flags.DEFINE_string("input_dir", None, "Labelled photos as Images/ and Labels/.", flag_values=values)


def samples(values: flags.FlagValues, opacities: bool = False) -> tuple[int, Iterator[evaluation.Sample]]:
    """How many labelled photos the flags name, and the photos one at a time.

    With `opacities` the grey values in Labels/ are opacities.

    Raises:
      InputError: none or both of the flags, or nothing behind one.
    """
    if bool(values.records) == bool(values.input_dir):
        raise InputError("name the labelled photos with either --records or --input_dir")
    if opacities and not values.input_dir:
        raise InputError("--mattes: records hold no opacities; name a folder with --input_dir")
    if values.input_dir:
        return _from_folder(pathlib.Path(values.input_dir), opacities)
    return _from_records(values.records)


def _from_folder(directory: pathlib.Path, opacities: bool) -> tuple[int, Iterator[evaluation.Sample]]:
    from pnet_tf import fields
    from pnet_tf.pictures import reader
    from tfrecords import sources

    items = sources.folder(directory, sources.Options())
    for item in items:
        if item.fault:
            raise InputError(item.fault)

    def read() -> Iterator[evaluation.Sample]:
        for item in items:
            rgb = reader.read(item.photo).rgb
            if opacities:
                grey = reader.read(item.mask.path).rgb[..., 0]
                if grey.shape != rgb.shape[:2]:
                    raise InputError(f"{item.mask.path}: is of another size than its photo")
                yield item.id, rgb, grey.astype(np.float32) / 255
                continue
            mask = item.mask.read(*rgb.shape[:2])
            yield item.id, rgb, fields.to_labels(mask)

    return len(items), read()


def _from_records(pattern: str) -> tuple[int, Iterator[evaluation.Sample]]:
    from pnet_tf.data import records

    paths = records.find(pattern)
    return records.count(paths), records.samples(paths)
