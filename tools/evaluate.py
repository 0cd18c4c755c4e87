"""pnet-evaluate: how good is a model on labelled photos?

  pnet-evaluate --model=model_dir --records='records/val-*'
  pnet-evaluate --model=portraitnet-int8.tflite --input_dir=photos       (Images/ and Labels/)
  pnet-evaluate --model=model_dir --records='records/val-*' --per_photo=photos.csv --worst=worst.png
  pnet-evaluate --model=selfie.tflite:0..1 --records='records/val-*'     (another segmenter, whose pixels are 0..1)

Published IoUs differ by definition; the table names each (README.md, "Which IoU?").
"""

import sys
from collections.abc import Iterator

from absl import flags

from pnet_tf import evaluation, metrics, worst
from pnet_tf.errors import InputError
from pnet_tf.runtime import pictures
from pnet_tf_tools import cli, scoring

FLAGS = cli.new_flags()
flags.DEFINE_string(
    "model",
    None,
    "A model directory, a .tflite file, a shipped model's name, or another segmenter's file with the range of its "
    "pixels, file.tflite:0..1.",
    required=True,
    flag_values=FLAGS,
)
scoring.define_photos(FLAGS)
flags.DEFINE_enum(
    "resize",
    None,
    ["letterbox", "stretch"],
    "How a photo meets the network's size; by default as in training, letterbox for a file, stretch for a peer.",
    flag_values=FLAGS,
)
flags.DEFINE_boolean(
    "illumination",
    False,
    "Changes the light of every photo, for the test set of the paper's Table 3.",
    flag_values=FLAGS,
)
flags.DEFINE_integer("seed", 0, "Seed of --illumination.", lower_bound=0, flag_values=FLAGS)
flags.DEFINE_integer("threads", 2, "Threads for a .tflite file.", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_string("json", None, "Writes the figures to this file, too.", flag_values=FLAGS)
flags.DEFINE_string("per_photo", None, "Writes every photo's figures to this .csv file.", flag_values=FLAGS)
flags.DEFINE_string("worst", None, "Draws the photos of the lowest foreground IoU, a picture.", flag_values=FLAGS)
flags.DEFINE_integer("worst_count", 8, "How many of them.", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_boolean("overwrite", False, "Replaces a table or picture that is already there.", flag_values=FLAGS)


def _samples() -> tuple[int, Iterator[evaluation.Sample]]:
    total, samples = scoring.samples(FLAGS)
    if FLAGS.illumination:
        from pnet_tf.data import illumination

        samples = illumination.changed(samples, FLAGS.seed)
    return total, samples


def _check_flags() -> None:
    if FLAGS["seed"].present and not FLAGS.illumination:
        raise InputError("--seed: only --illumination draws anything")
    cli.require_suffix(FLAGS.json, ".json")
    cli.require_suffix(FLAGS.per_photo, ".csv")
    if FLAGS.worst:
        pictures.require_suffix(FLAGS.worst)
    for flag in ("per_photo", "worst"):
        if FLAGS[flag].value:
            cli.refuse_existing(FLAGS[flag].value, FLAGS.overwrite, f"--{flag}")


def _print_table(scores: dict[str, dict[str, float]]) -> None:
    wide = max(map(len, metrics.DEFINITIONS))
    print(f"{'per cent':{wide}}  network size  photo size")
    for name, definition in metrics.DEFINITIONS.items():
        small, full = (100 * scores[size][name] for size in (evaluation.NETWORK_SIZE, evaluation.PHOTO_SIZE))
        print(f"{name:{wide}}{small:14.2f}{full:12.2f}  {definition}")


def evaluate() -> None:
    """Runs the evaluation that the flags describe."""
    _check_flags()
    total, samples = _samples()
    network, usual = scoring.open_network(FLAGS.model, FLAGS.threads)
    resize = FLAGS.resize or usual
    lowest, rows = worst.Worst(FLAGS.worst_count), []
    with cli.progress("scoring", "photo") as update:

        def on_photo(photo: evaluation.Photo) -> None:
            sizes = {evaluation.NETWORK_SIZE: photo.network_size, evaluation.PHOTO_SIZE: photo.photo_size}
            figures = {f"{size}/{name}": value for size, part in sizes.items() for name, value in part.items()}
            rows.append({"id": photo.id, **figures})
            lowest(photo)
            update(len(rows), total)

        scores = evaluation.evaluate(network, samples, resize, on_photo)
    light = f", light changed by seed {FLAGS.seed}" if FLAGS.illumination else ""
    print(f"{FLAGS.model}: {total} photos, {resize}, threshold {evaluation.THRESHOLD}{light}")
    _print_table(scores)
    if FLAGS.per_photo:
        cli.write_csv(FLAGS.per_photo, rows)
    if FLAGS.worst:
        pictures.write(FLAGS.worst, lowest.draw())
    if FLAGS.json:
        about = {
            "model": FLAGS.model,
            "photos": total,
            "resize": resize,
            "illumination_seed": FLAGS.seed if FLAGS.illumination else None,
        }
        ranking = [{"id": name, metrics.FOREGROUND_IOU: score} for name, score in lowest.ranking()]
        cli.write_json(FLAGS.json, {**about, **scores, "worst": ranking})


def main(argv: list[str] | None = None) -> int:
    """Console entry point; returns the exit status."""
    return cli.run(evaluate, FLAGS, __doc__, argv)


if __name__ == "__main__":
    sys.exit(main())
