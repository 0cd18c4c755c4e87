"""pnet-train: records → a model directory.

  pnet-train --records='records/train-*' --val_records='records/val-*' --model_dir=model --preset=hour

Every setting of the preset is a flag too (--epochs, --batch_size, --width …). The same command
goes on where a stopped run left off.
"""

import dataclasses
import pathlib
import shlex
import sys
from typing import Any

from absl import flags

from pnet_tf import config, presets
from pnet_tf.errors import InputError
from pnet_tf_tools import cli, jobs, runs

FLAGS = cli.new_flags()
flags.DEFINE_string(
    "records",
    None,
    "Training records, a glob pattern, or several with commas between; one that counts more or less than once an epoch "
    "has its weight behind it: 'eg/train-*=2,things/train-*=0.5'.",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "val_records",
    None,
    "Validation records, a glob pattern, or several sets that are scored apart: eg=eg/val-*,ccp=ccp/val-*.",
    flag_values=FLAGS,
)
flags.DEFINE_string("model_dir", None, "Where the model is kept; resumed if it is there.", flag_values=FLAGS)
flags.DEFINE_boolean("summary", False, "Prints the network's parameters and multiply-adds and ends.", flag_values=FLAGS)
flags.DEFINE_integer(
    "benchmark_steps", 0, "Times so many steps, and the plain way to write them.", 0, flag_values=FLAGS
)
flags.DEFINE_string("json", None, "Writes the benchmark's figures to this file, too.", flag_values=FLAGS)
flags.DEFINE_string("preset", "paper", f"The experiment to start from.\n{presets.notes()}", flag_values=FLAGS)
flags.DEFINE_string("config", None, "A config.json instead of a preset.", flag_values=FLAGS)
flags.DEFINE_enum(
    "strategy",
    "none",
    ["none", "mirrored", "multiworker", "tpu"],
    "One device; all devices of this machine; the machines in TF_CONFIG; a TPU. They share every batch.",
    flag_values=FLAGS,
)
flags.DEFINE_boolean("tensorboard", True, "Writes TensorBoard files into MODEL_DIR/logs.", flag_values=FLAGS)
runs.define_init_weights(FLAGS)
runs.define_settings(FLAGS)


def _preset() -> str:
    """--preset; without it one of the paper's competitors starts from its own, not from PortraitNet's."""
    named = FLAGS["preset"].present or FLAGS.network in (None, *config.OF_MOBILENET)
    return FLAGS.preset if named else FLAGS.network


def _experiment() -> config.Experiment:
    if FLAGS.config and FLAGS["preset"].present:
        raise InputError("--config and --preset: both say what to start from; give one")
    if FLAGS.config:
        path = pathlib.Path(FLAGS.config)
        if not path.is_file():
            raise InputError(f"--config={path}: no such file")
        start = config.read(path)
    else:
        start = presets.get(_preset())
    if start.training.quantize or FLAGS.quantize:
        finished = runs.init_source(FLAGS)
        if not (finished and finished.is_dir()):
            raise InputError("--quantize: needs a finished float model; name its directory with --init_weights")
        from pnet_tf import store

        source = store.read_config(finished)
        if source.training.quantize:
            raise InputError(f"--init_weights={FLAGS.init_weights}: is an int8 twin already; name the float model")
        start = dataclasses.replace(start, model=source.model)
        size = {name: FLAGS[name].value or getattr(source.model, name) for name in ("input_height", "input_width")}
        if start.replace(**runs.given_settings(FLAGS)).model != dataclasses.replace(source.model, **size):
            raise InputError(f"--quantize: the network is that of {finished}; of its settings only the size can change")
    return start.replace(**runs.changed_settings(start, FLAGS))


def _initialise(model: Any, experiment: config.Experiment, train_paths: list[str]) -> None:
    """First weights: nothing, an encoder's, another model's, or a float model's int8 twin."""
    source = runs.init_source(FLAGS)
    if not experiment.training.quantize:
        runs.load_first(model, source, experiment.model)
        return
    from pnet_tf import store
    from pnet_tf.export import calibration
    from pnet_tf.quantize import qat

    float_model, _ = store.load(source, experiment.model.input_height, experiment.model.input_width)
    twin = qat.quantize(float_model)
    photos = calibration.photos(train_paths, experiment)
    qat.calibrate(twin, float_model, [photo[None] for photo in photos])
    model.set_weights(twin.get_weights())


def _require(*names: str) -> None:
    for name in names:
        if not FLAGS[name].value:
            raise InputError(f"--{name}: training needs it, see --help")


def _benchmark(experiment: config.Experiment) -> None:
    _require("records")
    if FLAGS.strategy != "none":
        raise InputError("--benchmark_steps: times one device; leave out --strategy")
    cli.require_suffix(FLAGS.json, ".json")
    from pnet_tf.data import mixture
    from pnet_tf.training import benchmark

    cli.one_opencv_thread()
    with cli.progress("timing", "step") as update:
        times = benchmark.measure(mixture.parse(FLAGS.records), experiment, FLAGS.benchmark_steps, update)
    print(
        f"{times.seconds_per_step:.3f} s a step, {100 * times.input_wait_share:.1f} % of it waiting for input; "
        f"the plain way {times.plain_seconds_per_step:.3f} s, ratio {times.ratio:.2f}"
    )
    if FLAGS.json:
        cli.write_json(FLAGS.json, dataclasses.asdict(times))


def _tell_what_is_trained_on(training: list[str], validation: list[str]) -> None:
    """Files, or photos under whatever names, that are validated on as well."""
    from pnet_tf.data import records

    both = set(training) & set(validation)
    told = f"{len(both)} of these files are trained on, too ({min(both)})" if both else ""
    if not both:
        trained, held = records.digests(training), records.digests(validation)
        twice = [f"{held[one]} is {trained[one]} there" for one in held if one in trained]
        told = f"{len(twice)} of these photos are trained on, too ({jobs.listed(twice)})" if twice else ""
    if told:
        print(f"--val_records: {told}; the scores will flatter", file=sys.stderr)


def train() -> None:
    """Runs the training that the flags describe, or tells its network's size."""
    experiment = _experiment()
    if FLAGS.json and not FLAGS.benchmark_steps:
        raise InputError("--json: takes the figures of --benchmark_steps; a run's are in its history.json")
    if FLAGS.summary:
        from pnet_tf.model import summary

        print(summary.table(experiment.model))
        return
    if FLAGS.benchmark_steps:
        _benchmark(experiment)
        return
    _require("records", "val_records", "model_dir")
    from tqdm import tqdm

    from pnet_tf.data import mixture
    from pnet_tf.training import distribution, loop, summaries

    cli.one_opencv_thread()
    strategy = distribution.make(FLAGS.strategy)  # before TensorFlow computes anything
    chief = distribution.is_chief(strategy)
    training, validation = mixture.parse(FLAGS.records), mixture.validation_sets(FLAGS.val_records)
    _tell_what_is_trained_on(training.paths, [path for paths in validation.values() for path in paths])
    board = summaries.Board(FLAGS.model_dir) if FLAGS.tensorboard and chief else None
    with tqdm(unit="step", disable=not (chief and sys.stderr.isatty()), dynamic_ncols=True) as bar:
        history = loop.fit(
            training,
            validation,
            FLAGS.model_dir,
            experiment,
            lambda model: _initialise(model, experiment, training.paths),
            runs.watchers(bar, board=board),
            strategy,
            shlex.join(["pnet-train", *cli.given(FLAGS)]),
        )
    if chief:
        runs.draw_curves(history, FLAGS.model_dir)
    print(FLAGS.model_dir)


def main(argv: list[str] | None = None) -> int:
    """Console entry point; returns the exit status."""
    return cli.run(train, FLAGS, __doc__, argv)


if __name__ == "__main__":
    sys.exit(main())
