"""pnet-views: the paired views that training sees, as a contact sheet.

pnet-views --records='records/train-*' --output=views.png --count=8
pnet-views --records='records/train-*' --benchmark
"""

import sys

from absl import flags

from pnet_tf import config
from pnet_tf.errors import InputError
from pnet_tf_tools import cli

FLAGS = cli.new_flags()
flags.DEFINE_string("records", None, "Records, a glob pattern.", required=True, flag_values=FLAGS)
flags.DEFINE_string("output", "views.png", "The picture.", flag_values=FLAGS)
flags.DEFINE_integer("count", 8, "How many records.", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_integer("input_height", 224, "The network's input height.", flag_values=FLAGS)
flags.DEFINE_integer("input_width", 224, "The network's input width.", flag_values=FLAGS)
flags.DEFINE_enum("augment", "paper", ["paper", "authors", "none"], "Which augmentation.", flag_values=FLAGS)
flags.DEFINE_float("deformation_strength", 1.0, "Factor on the paper's deformations, 0 to 1.", flag_values=FLAGS)
flags.DEFINE_float("stretch_share", 0.0, "Share of pairs that fill the input.", flag_values=FLAGS)
flags.DEFINE_float("backdrop_share", 0.0, "Share of pairs with another record's background.", flag_values=FLAGS)
flags.DEFINE_float("company_share", 0.0, "Share of the others with another record's person.", flag_values=FLAGS)
flags.DEFINE_float("turn_share", 0.0, "Share of pairs turned by 90 degrees.", flag_values=FLAGS)
flags.DEFINE_float("far_share", 0.0, "Share of pairs zoomed out to a quarter or a half.", flag_values=FLAGS)
flags.DEFINE_float("dark_share", 0.0, "Share of pairs in little light.", flag_values=FLAGS)
flags.DEFINE_enum("boundary", "canny", ["canny", "contour"], "Which boundary labels.", flag_values=FLAGS)
flags.DEFINE_integer("seed", 0, "Seed of all draws.", lower_bound=0, flag_values=FLAGS)
flags.DEFINE_boolean("benchmark", False, "Measures instead of drawing, at --batch_size.", flag_values=FLAGS)
flags.DEFINE_integer("batch_size", 16, "Batch size of the measurement.", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_integer("batches", 40, "Batches of the measurement.", lower_bound=1, flag_values=FLAGS)
flags.DEFINE_string("json", None, "Writes the measured figures to this file.", flag_values=FLAGS)
flags.DEFINE_boolean("overwrite", False, "Replaces a picture that is already there.", flag_values=FLAGS)


def _settings(batch_size: int) -> config.Experiment:
    shares = ("stretch_share", "backdrop_share", "company_share", "turn_share", "far_share", "dark_share")
    views = ("augment", "deformation_strength", *shares, "boundary")
    names = ("input_height", "input_width", *views, "seed")
    return config.Experiment().replace(batch_size=batch_size, **{name: FLAGS[name].value for name in names})


def benchmark() -> None:
    """Measures the pipeline that the flags describe."""
    from pnet_tf.data import benchmark as measure
    from pnet_tf.data import mixture

    figures = measure.measure(mixture.parse(FLAGS.records), _settings(FLAGS.batch_size), FLAGS.batches)
    print(
        f"{figures['pairs_per_second']:.0f} pairs a second, {figures['cpu_ms_per_pair']:.2f} ms of CPU a pair, "
        f"of which decoding {figures['decode_ms_per_pair']:.2f} ms"
    )
    if FLAGS.json:
        cli.write_json(FLAGS.json, figures)


def show() -> None:
    """Draws the sheet that the flags describe, or measures."""
    cli.one_opencv_thread()
    if FLAGS.benchmark:
        benchmark()
        return
    if FLAGS.json:
        raise InputError("--json: only --benchmark has figures to write")
    cli.refuse_existing(FLAGS.output, FLAGS.overwrite)
    from pnet_tf.data import mixture, pipeline, sheet
    from pnet_tf.pictures import writer

    drawn_from = mixture.parse(FLAGS.records)
    if drawn_from.drawn < FLAGS.count:
        raise InputError(f"--count={FLAGS.count}: the records are only {drawn_from.drawn}")
    with pipeline.bad_records_are_named():
        (batch,) = pipeline.training_batches(drawn_from, _settings(FLAGS.count)).take(1).as_numpy_iterator()
    writer.write(FLAGS.output, sheet.draw(batch))
    print(FLAGS.output)


def main(argv: list[str] | None = None) -> int:
    """Console entry point; returns the exit status."""
    return cli.run(show, FLAGS, __doc__, argv)


if __name__ == "__main__":
    sys.exit(main())
