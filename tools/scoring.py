"""What the commands that score networks share: which network, on which photos."""

import pathlib
from collections.abc import Iterator

from absl import flags

from pnet_tf import evaluation
from pnet_tf.errors import InputError
from pnet_tf.runtime import shipped
from pnet_tf.runtime.segmenter import Network


def open_network(model: str, threads: int) -> tuple[Network, str]:
    """The network that --model names, and how a photo meets its size: as in its training, or "stretch" for a peer.

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
    from pnet_tf.runtime import peer
    from pnet_tf.runtime.network import TFLiteNetwork

    if peer.parse(model).span:
        return peer.PeerNetwork(model, threads), "stretch"
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


def samples(values: flags.FlagValues) -> tuple[int, Iterator[evaluation.Sample]]:
    """How many labelled photos the flags name, and the photos one at a time.

    Raises:
      InputError: none or both of the flags, or nothing behind one.
    """
    if bool(values.records) == bool(values.input_dir):
        raise InputError("name the labelled photos with either --records or --input_dir")
    if values.input_dir:
        return _from_folder(pathlib.Path(values.input_dir))
    return _from_records(values.records)


def _from_folder(directory: pathlib.Path) -> tuple[int, Iterator[evaluation.Sample]]:
    import cv2

    from pnet_tf import fields
    from tfrecords import photo, sources

    items = sources.folder(directory, sources.Options())

    def read() -> Iterator[evaluation.Sample]:
        for item in items:
            bgr = photo.read(item.photo).bgr
            mask = item.mask.read(*bgr.shape[:2])
            yield item.id, cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), fields.to_labels(mask)

    return len(items), read()


def _from_records(pattern: str) -> tuple[int, Iterator[evaluation.Sample]]:
    from pnet_tf.data import records

    paths = records.find(pattern)
    return records.count(paths), records.samples(paths)
