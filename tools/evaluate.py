"""pnet-evaluate: what does a model score on labelled photos?

pnet-evaluate --model=model --records='records/val-*'
pnet-evaluate --model=portraitnet-int8.tflite --input_dir=photos
pnet-evaluate --model=portraitnet --against=portraitnet-lite --against=selfie.tflite:0..1 --records='records/val-*'
pnet-evaluate --model=portraitnet-int8.tflite --records='records/val-*' --per_photo=photos.csv --worst=worst.png
pnet-evaluate --model=portraitnet-int8.tflite --records='records/val-*' --illumination --seed=0
pnet-evaluate --model=portraitnet-int8.tflite --records='records/val-*' --turn=90 --light=0.1
pnet-evaluate --model=portraitnet --against=portraitnet-lite --clip=talk.mp4
"""

import functools
import itertools
import shlex
import sys
from collections.abc import Callable, Iterator

from absl import flags

from pnet_tf import evaluation, worst
from pnet_tf.benchmark import origin
from pnet_tf.errors import InputError
from pnet_tf.metrics import masks
from pnet_tf.pictures import writer
from pnet_tf_tools import cli, scoring

FLAGS = cli.new_flags()
flags.DEFINE_string("model", None, f"{scoring.MODELS}.", required=True, flag_values=FLAGS)
flags.DEFINE_multi_string(
    "against", [], "Another model that is scored on the same photos and compared photo by photo; repeatable.",
    flag_values=FLAGS,
)  # fmt: skip
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
flags.DEFINE_enum("turn", "0", ["0", "90", "180", "270"], "Turns photos by degrees to the left.", flag_values=FLAGS)
flags.DEFINE_float("light", 1.0, "Multiplies the pixels: 0.1 for a tenth of the light.", 0, 4, flag_values=FLAGS)
flags.DEFINE_boolean(
    "mattes", False, "Labels/ holds grey opacities: SAD, MSE, gradient and connectivity errors.", flag_values=FLAGS
)
flags.DEFINE_boolean("refine", False, "Scores edges that follow the photo, as pnet-segment's.", flag_values=FLAGS)
flags.DEFINE_string(
    "clip", None, "In place of photos: a clip, and how still its masks hold with each --steady of pnet-segment.",
    flag_values=FLAGS,
)  # fmt: skip
flags.DEFINE_integer("threads", 2, "Threads for a .tflite file.", 1, cli.MOST_THREADS, flag_values=FLAGS)
flags.DEFINE_string("json", None, "Writes the figures to this file, too.", flag_values=FLAGS)
flags.DEFINE_string("per_photo", None, "Writes every photo's figures to this .csv file.", flag_values=FLAGS)
flags.DEFINE_string("worst", None, "Draws the photos of the lowest foreground IoU, a picture.", flag_values=FLAGS)
flags.DEFINE_integer("worst_count", 8, "How many of them.", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_boolean("overwrite", False, "Replaces a table or picture that is already there.", flag_values=FLAGS)


def _samples() -> tuple[int, Iterator[evaluation.Sample]]:
    total, samples = scoring.samples(FLAGS, FLAGS.mattes)
    if FLAGS.illumination or FLAGS.turn != "0" or FLAGS.light != 1:
        from pnet_tf.data import illumination

        samples = illumination.changed(samples, FLAGS.seed) if FLAGS.illumination else samples
        samples = illumination.turned_and_dimmed(samples, int(FLAGS.turn) // 90, FLAGS.light)
    return total, samples


def _check_flags() -> None:
    if FLAGS["seed"].present and not FLAGS.illumination:
        raise InputError("--seed: only --illumination draws anything")
    cli.require_suffix(FLAGS.json, ".json")
    cli.require_suffix(FLAGS.per_photo, ".csv")
    if FLAGS.worst:
        writer.require_suffix(FLAGS.worst)
    cli.refuse_existing_named(FLAGS, "per_photo", "worst")


def _scored(opened: scoring.Opened, lowest: worst.Worst) -> scoring.Scored:
    """One model's scores on all photos; the worst of them go into `lowest`."""
    total, samples = _samples()
    photos: dict[str, dict[str, dict[str, float]]] = {}
    with cli.progress(f"scoring {opened.short}", "photo") as update:

        def on_photo(photo: evaluation.Photo) -> None:
            photos[photo.id] = {
                evaluation.NETWORK_SIZE: photo.network_size,
                evaluation.PHOTO_SIZE: photo.photo_size,
            }
            lowest(photo)
            update(len(photos), total)

        scores = evaluation.evaluate(opened.network, samples, opened.resize, on_photo, FLAGS.refine)
    return scoring.Scored(opened, scores, photos)


def _write(first: scoring.Scored, others: list[scoring.Scored], lowest: worst.Worst) -> None:
    if FLAGS.per_photo:
        flat = [
            {"id": name, **{f"{size}/{key}": value for size, part in sizes.items() for key, value in part.items()}}
            for name, sizes in first.photos.items()
        ]
        cli.write_csv(FLAGS.per_photo, flat)
    if FLAGS.worst:
        writer.write(FLAGS.worst, lowest.draw())
    if FLAGS.json:
        ranking = [{"id": name, masks.FOREGROUND_IOU: score} for name, score in lowest.ranking()]
        light = {"illumination_seed": FLAGS.seed if FLAGS.illumination else None, "light": FLAGS.light}
        light["refined"] = FLAGS.refine
        about = {**origin.about(shlex.join(["pnet-evaluate", *cli.given(FLAGS)])), **light, "turn": int(FLAGS.turn)}
        compared = [{**other.to_json(), "paired": scoring.paired_json(first, other)} for other in others]
        cli.write_json(FLAGS.json, {**about, **first.to_json(), "worst": ranking, "against": compared})


def _count(update: Callable[[int, int], None], done: Iterator[int], total: int) -> None:
    update(next(done), total)


def _clip() -> None:
    """The table of --clip."""
    from pnet_tf.metrics import clips
    from pnet_tf.video import measure, reader

    if FLAGS.records or FLAGS.input_dir:
        raise InputError("--clip: stands in place of --records and --input_dir; give one")
    cli.require_suffix(FLAGS.json, ".json")
    opened = [scoring.open_as(model, FLAGS.threads, FLAGS.resize) for model in (FLAGS.model, *FLAGS.against)]
    found = {}
    for one in opened:
        with reader.read(FLAGS.clip) as clip, cli.progress(f"scoring {one.short}", "frame") as update:
            frames = (frame.rgb for frame in clip)
            progressed = functools.partial(_count, update, itertools.count(1), clip.estimate or 0)
            found[one.model] = measure.steadiness(one.network, one.resize, frames, progressed)
    names = (*clips.DEFINITIONS, measure.AGREEMENT)
    for one in opened:
        print(f"{one.model} on {FLAGS.clip}, per cent" + "".join(f"{name:>18}" for name in names))
        for way, figures in found[one.model].items():
            print(f"  {way:16}" + "".join(f"{100 * figures[name]:18.2f}" for name in names))
    if FLAGS.json:
        about = origin.about(shlex.join(["pnet-evaluate", *cli.given(FLAGS)]))
        models = [{"model": one.model, "digest": one.digest, "ways": found[one.model]} for one in opened]
        cli.write_json(FLAGS.json, {**about, "models": models})


def evaluate() -> None:
    """Runs the evaluation that the flags describe."""
    if FLAGS.clip:
        _clip()
        return
    _check_flags()
    # All are opened before any is scored, so that a wrong one is refused at once.
    opened = [scoring.open_as(model, FLAGS.threads, FLAGS.resize) for model in (FLAGS.model, *FLAGS.against)]
    lowest = worst.Worst(FLAGS.worst_count)
    first = _scored(opened[0], lowest)
    light = f", light changed by seed {FLAGS.seed}" if FLAGS.illumination else ""
    light += f", turned by {FLAGS.turn}°" if FLAGS.turn != "0" else ""
    light += f", {FLAGS.light:g} of the light" if FLAGS.light != 1 else ""
    light += ", edges refined" if FLAGS.refine else ""
    scoring.print_scores(first, light)
    others = [_scored(one, worst.Worst(1)) for one in opened[1:]]
    for other in others:
        scoring.print_paired(first, other)
    _write(first, others, lowest)


def main(argv: list[str] | None = None) -> int:
    """Console entry point; returns the exit status."""
    return cli.run(evaluate, FLAGS, __doc__, argv)


if __name__ == "__main__":
    sys.exit(main())
