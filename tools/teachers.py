"""pnet-teachers: which network should draw a set's soft masks? Judged on photos that somebody has labelled.

  pnet-teachers --records='records/train-*' --teacher=multiclass.tflite:-1..1 --teacher=modnet.onnx:-1..1:384
  pnet-teachers --records='records/train-*' --teacher=a.tflite:0..1 --teacher=b.onnx:-1..1:384 \\
                --doubtful=doubtful.txt --sheet=doubtful.png

The table has foreground / Boundary IoU of each teacher, of each mean, and of each pair fused, over thresholds; the best
row's threshold is for pnet-convert --teacher_threshold. Labels that the best one contradicts are listed, and
pnet-convert --leave_out=doubtful.txt leaves them out.
"""

import itertools
import pathlib
import sys

import numpy as np
from absl import flags

from pnet_tf import evaluation, files, worst
from pnet_tf.metrics import masks
from pnet_tf.pictures import writer
from pnet_tf_tools import cli, scoring

FLAGS = cli.new_flags()
scoring.define_photos(FLAGS)
flags.DEFINE_multi_string("teacher", None, "As for pnet-convert; repeat it.", required=True, flag_values=FLAGS)
flags.DEFINE_boolean("mirrored", True, "The mean with the answer to the mirror image.", flag_values=FLAGS)
flags.DEFINE_integer("photos", 0, "Looks at so many photos only, the first; 0 takes all.", 0, flag_values=FLAGS)
flags.DEFINE_float(
    "least_agreement", 0.93, "Labels of less foreground IoU to the best teacher are doubtful.", 0, 1, flag_values=FLAGS
)
flags.DEFINE_string("doubtful", None, "Writes the ids of doubtful labels to this .txt, one a line.", flag_values=FLAGS)
flags.DEFINE_string("sheet", None, "Draws them, the worst first, to this picture.", flag_values=FLAGS)
flags.DEFINE_integer("sheet_count", 16, "How many at most.", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_string("json", None, "Writes the table to this file, too.", flag_values=FLAGS)
flags.DEFINE_boolean("overwrite", False, "Replaces a list or picture that is already there.", flag_values=FLAGS)


def _check_flags() -> None:
    cli.require_suffix(FLAGS.json, ".json")
    cli.require_suffix(FLAGS.doubtful, ".txt")
    if FLAGS.sheet:
        writer.require_suffix(FLAGS.sheet)
    cli.refuse_existing_named(FLAGS, "doubtful", "sheet")


def _print(table, chosen: tuple[str, float], short: dict[str, str]) -> None:
    from tfrecords import choice

    wide = max(map(len, short.values()))
    print(f"{'per cent':{wide}}" + "".join(f"{at:>15}" for at in choice.THRESHOLDS))
    for name, row in table.items():
        cells = "".join(
            f"{100 * row[at][masks.FOREGROUND_IOU]:.2f} / {100 * row[at][masks.BOUNDARY_IOU]:.2f}".rjust(15)
            for at in choice.THRESHOLDS
        )
        print(f"{short[name]:{wide}}{cells}")
    print(f"best: {short[chosen[0]]} with a threshold of {chosen[1]}")


def teachers() -> None:
    """Compares what the flags name."""
    _check_flags()
    from tfrecords import choice

    total, samples = scoring.samples(FLAGS)
    total = min(total, FLAGS.photos) if FLAGS.photos else total
    names = [pathlib.Path(one.partition(":")[0]).name for one in FLAGS.teacher]
    short = dict(zip(choice.candidates(FLAGS.teacher), choice.candidates(names), strict=True))
    agreements: dict[str, dict[tuple[str, float], float]] = {}
    with cli.progress("asking", "photo") as update:

        def on_photo(name: str, rgb: np.ndarray, labels: np.ndarray, said: dict[str, np.ndarray]) -> None:
            agreements[name] = {
                (one, at): choice.agreement(labels, said[one], at) for one in said for at in choice.THRESHOLDS
            }
            update(len(agreements), total)

        table = choice.score(itertools.islice(samples, total), FLAGS.teacher, FLAGS.mirrored, on_photo)
    chosen = choice.best(table)
    _print(table, chosen, short)
    scores = {name: one[chosen] for name, one in agreements.items()}
    doubtful = sorted((name for name in scores if scores[name] < FLAGS.least_agreement), key=scores.__getitem__)
    print(f"{len(doubtful)} of {total} labels agree by less than {FLAGS.least_agreement:g} with it")
    if FLAGS.doubtful:
        files.write_text(FLAGS.doubtful, "".join(f"{name}\n" for name in doubtful))
    if FLAGS.sheet and doubtful:
        _draw(set(doubtful[: FLAGS.sheet_count]), chosen)
    if FLAGS.json:
        cli.write_json(FLAGS.json, {"table": table, "best": chosen, "doubtful": {one: scores[one] for one in doubtful}})


def _draw(shown: set[str], chosen: tuple[str, float]) -> None:
    """The photos, the best teacher's masks in the place of predictions."""
    from tfrecords import choice

    sheet = worst.Worst(len(shown))

    def on_photo(name: str, rgb: np.ndarray, labels: np.ndarray, said: dict[str, np.ndarray]) -> None:
        predicted = said[chosen[0]] > chosen[1]
        figures = {masks.FOREGROUND_IOU: choice.agreement(labels, said[chosen[0]], chosen[1])}
        sheet(evaluation.Photo(name, rgb, labels, predicted, {}, figures))

    _, samples = scoring.samples(FLAGS)
    choice.score((one for one in samples if one[0] in shown), FLAGS.teacher, FLAGS.mirrored, on_photo)
    writer.write(FLAGS.sheet, sheet.draw())


def main(argv: list[str] | None = None) -> int:
    """Console entry point; returns the exit status."""
    return cli.run(teachers, FLAGS, __doc__, argv)


if __name__ == "__main__":
    sys.exit(main())
