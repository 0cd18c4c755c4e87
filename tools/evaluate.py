"""pnet-evaluate: how good is a model on labelled photos?

  pnet-evaluate --model=model_dir --records='records/val-*'
  pnet-evaluate --model=portraitnet-int8.tflite --input_dir=photos       (Images/ and Labels/)

Published IoUs differ by definition; the table names each (README.md, "Which IoU?").
"""

import pathlib
import sys
from collections.abc import Iterator

from absl import flags

from pnet_tf import evaluation
from pnet_tf.errors import InputError
from pnet_tf_tools import cli

FLAGS = cli.new_flags()
flags.DEFINE_string("model", None, "A model directory or a .tflite file.", required=True, flag_values=FLAGS)
flags.DEFINE_string("records", None, "Labelled photos as records, a glob pattern.", flag_values=FLAGS)
flags.DEFINE_string("input_dir", None, "Labelled photos as Images/ and Labels/.", flag_values=FLAGS)
flags.DEFINE_enum(
    "resize", "letterbox", ["letterbox", "stretch"], "How a photo meets the network's size.", flag_values=FLAGS
)
flags.DEFINE_integer("threads", 2, "Threads for a .tflite file.", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_string("json", None, "Writes the figures to this file, too.", flag_values=FLAGS)


def _network():
    if pathlib.Path(FLAGS.model).is_dir():
        from pnet_tf import store
        from pnet_tf.model.predict import KerasNetwork

        return KerasNetwork(store.load(FLAGS.model)[0])
    from pnet_tf.runtime.network import TFLiteNetwork

    return TFLiteNetwork(FLAGS.model, FLAGS.threads)


def _from_folder(directory: pathlib.Path) -> tuple[int, Iterator[evaluation.Sample]]:
    import cv2

    from pnet_tf import fields
    from tfrecords import photo, sources

    items = sources.folder(directory, sources.Options())

    def samples() -> Iterator[evaluation.Sample]:
        for item in items:
            bgr = photo.read(item.photo).bgr
            mask = item.mask.read(*bgr.shape[:2])
            yield item.id, cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), fields.to_labels(mask)

    return len(items), samples()


def _from_records(pattern: str) -> tuple[int, Iterator[evaluation.Sample]]:
    from pnet_tf.data import records

    paths = records.find(pattern)
    return records.count(paths), records.samples(paths)


def evaluate() -> None:
    """Runs the evaluation that the flags describe."""
    if bool(FLAGS.records) == bool(FLAGS.input_dir):
        raise InputError("name the photos with either --records or --input_dir")
    network = _network()
    total, samples = _from_records(FLAGS.records) if FLAGS.records else _from_folder(pathlib.Path(FLAGS.input_dir))
    done = 0
    with cli.progress("scoring", "photo") as update:

        def on_photo(_: str, __: dict[str, float]) -> None:
            nonlocal done
            done += 1
            update(done, total)

        scores = evaluation.evaluate(network, samples, FLAGS.resize, on_photo)
    print(f"{FLAGS.model}: {total} photos, {FLAGS.resize}, threshold {evaluation.THRESHOLD}")
    print(f"{'':18}{'network size':>14}{'photo size':>14}")
    for name in scores[evaluation.PHOTO_SIZE]:
        small, full = scores[evaluation.NETWORK_SIZE][name], scores[evaluation.PHOTO_SIZE][name]
        print(f"{name:18}{100 * small:14.2f}{100 * full:14.2f}")
    if FLAGS.json:
        result = {"model": FLAGS.model, "photos": total, "resize": FLAGS.resize, **scores}
        cli.write_json(FLAGS.json, result)


def main(argv: list[str] | None = None) -> int:
    """Console entry point; returns the exit status."""
    return cli.run(evaluate, FLAGS, __doc__, argv)


if __name__ == "__main__":
    sys.exit(main())
