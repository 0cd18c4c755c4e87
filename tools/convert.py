"""pnet-convert: photos and masks → TFRecords.

  pnet-convert --source=folder --input_dir=photos --output_dir=records --val_fraction=0.1 --split=train
  pnet-convert --source=folder --input_dir=photos --output_dir=records --val_fraction=0.1 --split=val
  pnet-convert --source=supervisely --input_dir=export --output_dir=records --face_crop      (Supervise-Portrait)

What each source expects in --input_dir:
  folder          Images/ and Labels/, masks of the same name: 0/1, 0/255 or alpha
  eg1800          the same with masks of 0/1
  supervisely     a Supervisely export: img/ and ann/, or data set folders that have them
  unlabelled      photos without masks, which --teacher draws
  coco            photos that a COCO file, --coco_json, outlines people on; crowds are ignored
  coco_negatives  photos without people; --coco_json takes those that a COCO file has no person on
"""

import collections
import contextlib
import dataclasses
import functools
import pathlib
import shlex
import sys
from collections.abc import Iterator

from absl import flags

from pnet_tf.errors import InputError
from pnet_tf_tools import cli, jobs, oddities
from tfrecords import masks, sources, split, teacher

FLAGS = cli.new_flags()
flags.DEFINE_enum("source", "folder", list(sources.SOURCES), "What kind of data set it is.", flag_values=FLAGS)
flags.DEFINE_string("input_dir", None, "The data set's folder.", required=True, flag_values=FLAGS)
flags.DEFINE_string("output_dir", None, "Where the records go.", required=True, flag_values=FLAGS)
flags.DEFINE_string("images", sources.IMAGES, "Sub-folder of the photos (folder, eg1800).", flag_values=FLAGS)
flags.DEFINE_string("labels", sources.LABELS, "Sub-folder of the masks (folder, eg1800).", flag_values=FLAGS)
flags.DEFINE_string(
    "mask_values", "auto", f"<{'|'.join(masks.CONVENTIONS)}|threshold:N>: What masks look like (folder).",
    flag_values=FLAGS,
)  # fmt: skip
flags.DEFINE_list(
    "classes", [], "Foreground classes; supervisely: person* by default, coco: person.", flag_values=FLAGS
)
flags.DEFINE_string("coco_json", None, "COCO instances file (coco, coco_negatives).", flag_values=FLAGS)
flags.DEFINE_string("split_file", None, "Takes only the ids in this file, one a line.", flag_values=FLAGS)
flags.DEFINE_string("leave_out", None, "Leaves out the ids in this file, one a line.", flag_values=FLAGS)
flags.DEFINE_enum("split", "train", split.SPLITS, "Which split to write; its files get that name.", flag_values=FLAGS)
flags.DEFINE_float("val_fraction", 0.0, "Share of the photos that belongs to the split val.", 0, 0.9, flag_values=FLAGS)
flags.DEFINE_integer("split_seed", 0, "Seed of the random split.", flag_values=FLAGS)
flags.DEFINE_boolean(
    "face_crop", False, "Crops to 3:4 around the largest face; drops photos without.", flag_values=FLAGS
)
flags.DEFINE_integer("max_side", 0, "Scales photos down to this longer side; 0 keeps them.", 0, flag_values=FLAGS)
flags.DEFINE_multi_string(
    "teacher",
    [],
    "A segmenter whose soft masks join the records, such as selfie.tflite:0..1 or modnet.onnx:-1..1:384 (shorter "
    "side), for --distillation_weight; it draws the masks of --source=unlabelled. Repeat it for several.",
    flag_values=FLAGS,
)
flags.DEFINE_multi_float(
    "teacher_threshold",
    [],
    "The teacher's probability that counts as one half, 0.5 by default: more for a teacher that draws people wider "
    "than the labels do. One for all teachers, or one for each.",
    0.01,
    0.99,
    flag_values=FLAGS,
)
flags.DEFINE_enum(
    "teacher_fusion",
    "mean",
    teacher.FUSIONS,
    "How several teachers answer: the mean of their probabilities, or the first says who is there and the second where "
    "the edge runs.",
    flag_values=FLAGS,
)
flags.DEFINE_float(
    "teacher_floor",
    0.0,
    "Stores probabilities up to this as 0, from one less this on as 1, linear between, so that nobody learns a faint "
    "ghost of the background.",
    0,
    0.45,
    flag_values=FLAGS,
)
flags.DEFINE_boolean(
    "teacher_mirrored",
    False,
    "Stores the mean of the teacher's answers to the photo and to its mirror image.",
    flag_values=FLAGS,
)
flags.DEFINE_boolean(
    "skip_damaged",
    False,
    "Leaves out photos of which no record can be made (damaged, without a mask, …), names them, and converts the rest.",
    flag_values=FLAGS,
)
flags.DEFINE_integer("num_shards", 8, "Number of record files.", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_enum("runner", "local", ["local", "beam"], "What runs the conversion.", flag_values=FLAGS)
flags.DEFINE_multi_string(
    "beam_arg", [], "A flag for Beam, such as --beam_arg=--runner=FlinkRunner.", flag_values=FLAGS
)
flags.DEFINE_boolean("overwrite", False, "Replaces records that are already there.", flag_values=FLAGS)

LISTED = 100
"""Photos that cannot be taken, named by a line each, at most."""

_OF_A_TEACHER = {
    "teacher_threshold": "whose probability it is",
    "teacher_fusion": "of whom it takes two",
    "teacher_floor": "whose probabilities it cuts",
    "teacher_mirrored": "whose answers it averages",
}


def _tell_left_out(items: list[sources.Item]) -> None:
    """One line for what of the labels is in no mask."""
    kinds = collections.Counter(kind for item in items for kind in item.left_out)
    if kinds:
        photos = [item.id for item in items if item.left_out]
        told = ", ".join(f"{count} × {kind}" for kind, count in kinds.items())
        if FLAGS.source == "coco":
            print(f"left out: {told}; --source=coco_negatives takes those with nobody", file=sys.stderr)
            return
        print(f"left out, without an area: {told}; on {jobs.listed(photos)}", file=sys.stderr)


def _items() -> list[sources.Item]:
    masks.require_convention(FLAGS.mask_values)
    options = sources.Options(
        FLAGS.images,
        FLAGS.labels,
        FLAGS.mask_values,
        tuple(FLAGS.classes),
        pathlib.Path(FLAGS.coco_json) if FLAGS.coco_json else None,
    )
    items = sources.SOURCES[FLAGS.source](pathlib.Path(FLAGS.input_dir), options)
    _tell_left_out(items)
    if FLAGS.split_file:
        items = sources.keep_listed(items, pathlib.Path(FLAGS.split_file))
    if FLAGS.leave_out:
        left_out = {item.id for item in sources.keep_listed(items, pathlib.Path(FLAGS.leave_out), "--leave_out")}
        items = [item for item in items if item.id not in left_out]
    return split.choose(items, FLAGS.split, FLAGS.val_fraction, FLAGS.split_seed)


def _teacher() -> teacher.Teacher | None:
    """The teacher that the flags describe; raises InputError for flags that do not go together."""
    models, thresholds = tuple(FLAGS.teacher), tuple(FLAGS.teacher_threshold) or (0.5,)
    if not models:
        for name, reason in _OF_A_TEACHER.items():
            if FLAGS[name].present:
                raise InputError(f"--{name}: needs --teacher, {reason}")
        if FLAGS.source == "unlabelled":
            raise InputError("--source=unlabelled: needs --teacher, which draws the masks")
        return None
    if len(thresholds) not in (1, len(models)):
        raise InputError(f"--teacher_threshold: {len(thresholds)} for {len(models)} teachers; one, or one for each")
    if FLAGS.teacher_fusion == "edge" and len(models) != 2:
        raise InputError("--teacher_fusion=edge: takes two teachers, who is there and where the edge runs")
    thresholds = thresholds * len(models) if len(thresholds) == 1 else thresholds
    return teacher.Teacher(models, thresholds, FLAGS.teacher_fusion, FLAGS.teacher_mirrored, FLAGS.teacher_floor)


def convert() -> None:
    """Runs the conversion that the flags describe."""
    asked = _teacher()
    items = _items()
    from tfrecords import beam_runner, prepare, writer  # need TensorFlow, which --help does not

    cli.one_opencv_thread()
    seen: list = []
    with cli.progress("converting", "photo") as update, _each_fault_told(len(items)):
        entry = writer.convert(
            items,
            FLAGS.output_dir,
            FLAGS.split,
            FLAGS.num_shards,
            prepare.Preparation(FLAGS.face_crop, FLAGS.max_side, asked),
            FLAGS.overwrite,
            shlex.join(["pnet-convert", *cli.given(FLAGS)]),
            functools.partial(beam_runner.run, beam_args=FLAGS.beam_arg) if FLAGS.runner == "beam" else None,
            on_photo=update,
            skip_damaged=FLAGS.skip_damaged,
            on_looked=seen.extend,
        )
    if "left_out" in entry:
        _tell_each(list(entry["left_out"].values()))
        print(f"{len(entry['left_out'])} of {len(items)} photos left out, named above", file=sys.stderr)
    share = 100 * entry["mean_foreground_share"]
    print(f"{entry['records']} records in {len(entry['files'])} files, foreground {share:.1f} % of a photo")
    if not share and FLAGS.source != "coco_negatives":
        print("nobody is on any of these photos, as their masks say; look at --mask_values, --labels", file=sys.stderr)
    if FLAGS.face_crop:
        print(f"{entry['dropped']} photos without a face dropped")
    _tell_what_looks_odd(seen)
    print(pathlib.Path(FLAGS.output_dir) / f"{FLAGS.split}-*.tfrecord")


@contextlib.contextmanager
def _each_fault_told(total: int) -> Iterator[None]:
    """Several faults are a line each, before the one that ends the command."""
    from tfrecords import writer

    try:
        yield
    except writer.Faults as faults:
        if len(faults.reasons) == 1:
            raise
        _tell_each(faults.reasons)
        remedy = "mend them" if FLAGS.skip_damaged else "mend them, or --skip_damaged leaves them out"
        raise InputError(f"{len(faults.reasons)} of {total} photos cannot be taken, named above; {remedy}") from None


def _tell_each(reasons: list[str]) -> None:
    for reason in reasons[:LISTED]:
        print(reason, file=sys.stderr)
    if len(reasons) > LISTED:
        print(f"… and {len(reasons) - LISTED} more", file=sys.stderr)


def _tell_what_looks_odd(looked: list) -> None:
    """What pnet-check says of them; that nobody is in a mask is no news of a source of pictures without people."""
    from pnet_tf.data import inspection

    if FLAGS.source == "coco_negatives":
        looked = [dataclasses.replace(one, findings=()) for one in looked]
    oddities.tell(FLAGS.split, looked)
    oddities.tell_pairs(inspection.twice(looked))


def main(argv: list[str] | None = None) -> int:
    """Console entry point; returns the exit status."""
    return cli.run(convert, FLAGS, __doc__, argv)


if __name__ == "__main__":
    sys.exit(main())
