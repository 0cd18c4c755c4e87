"""pnet-convert: photos and masks → TFRecords.

  pnet-convert --source=folder --input_dir=photos --output_dir=records --val_fraction=0.1 --split=train
  pnet-convert --source=folder --input_dir=photos --output_dir=records --val_fraction=0.1 --split=val

--source=folder and --source=eg1800 take photos in Images/ and masks of the same name in Labels/.
"""

import pathlib
import shlex
import sys

from absl import flags

from pnet_tf.errors import InputError
from pnet_tf_tools import cli
from tfrecords import sources, split

FLAGS = cli.new_flags()
flags.DEFINE_enum("source", "folder", sorted(sources.SOURCES), "What kind of data set it is.", flag_values=FLAGS)
flags.DEFINE_string("input_dir", None, "The data set's folder.", required=True, flag_values=FLAGS)
flags.DEFINE_string("output_dir", None, "Where the records go.", required=True, flag_values=FLAGS)
flags.DEFINE_string("split_file", None, "Takes only the ids in this file, one a line.", flag_values=FLAGS)
flags.DEFINE_enum("split", "train", split.SPLITS, "Which split to write; its files get that name.", flag_values=FLAGS)
flags.DEFINE_float("val_fraction", 0.0, "Share of the photos that belongs to the split val.", 0, 0.9, flag_values=FLAGS)
flags.DEFINE_integer("split_seed", 0, "Seed of the random split.", flag_values=FLAGS)
flags.DEFINE_integer("num_shards", 8, "Number of record files.", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_enum("runner", "local", ["local"], "What runs the conversion.", flag_values=FLAGS)
flags.DEFINE_boolean("overwrite", False, "Replaces records that are already there.", flag_values=FLAGS)


def convert() -> None:
    """Runs the conversion that the flags describe."""
    pairs = sources.SOURCES[FLAGS.source](pathlib.Path(FLAGS.input_dir))
    if FLAGS.split_file:
        pairs = sources.keep_listed(pairs, pathlib.Path(FLAGS.split_file))
    if FLAGS.split == "val" and not FLAGS.val_fraction and not FLAGS.split_file:
        raise InputError("--split=val: say which photos with --val_fraction or --split_file")
    pairs = split.choose(pairs, FLAGS.split, FLAGS.val_fraction, FLAGS.split_seed)

    from tfrecords import writer  # needs TensorFlow, which --help does not

    with cli.progress("writing", "photo") as update:
        entry = writer.convert(
            pairs,
            FLAGS.output_dir,
            FLAGS.split,
            FLAGS.num_shards,
            overwrite=FLAGS.overwrite,
            command="pnet-convert " + shlex.join(sys.argv[1:]),
            on_record=update,
        )
    share = 100 * entry["mean_foreground_share"]
    print(f"{entry['records']} records in {len(entry['files'])} files, foreground {share:.1f} % of the pixels")
    print(pathlib.Path(FLAGS.output_dir) / f"{FLAGS.split}-*.tfrecord")


def main(argv: list[str] | None = None) -> int:
    """Console entry point; returns the exit status."""
    return cli.run(convert, FLAGS, __doc__, argv)


if __name__ == "__main__":
    sys.exit(main())
