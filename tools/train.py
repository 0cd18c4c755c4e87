"""pnet-train: records → a model directory.

  pnet-train --records='records/train-*' --val_records='records/val-*' --model_dir=model --preset=hour

Every setting of the preset is a flag too (--epochs, --batch_size, --width …). The same command
goes on where a stopped run left off.
"""

import dataclasses
import pathlib
import sys
import time
from typing import Any, Literal, get_args, get_origin

from absl import flags

from pnet_tf import config, presets
from pnet_tf.errors import InputError
from pnet_tf_tools import cli

FLAGS = cli.new_flags()
flags.DEFINE_string("records", None, "Training records, a glob pattern.", flag_values=FLAGS)
flags.DEFINE_string("val_records", None, "Validation records, a glob pattern.", flag_values=FLAGS)
flags.DEFINE_string("model_dir", None, "Where the model is kept; resumed if it is there.", flag_values=FLAGS)
flags.DEFINE_boolean("summary", False, "Prints the network's parameters and multiply-adds and ends.", flag_values=FLAGS)
flags.DEFINE_string("preset", "paper", f"The experiment to start from.\n{presets.notes()}", flag_values=FLAGS)
flags.DEFINE_string("config", None, "A config.json instead of a preset.", flag_values=FLAGS)
flags.DEFINE_string(
    "init_weights",
    None,
    "First weights: an encoder's .npz, a model directory, a shipped model's name, or imagenet (by Keras).",
    flag_values=FLAGS,
)

_DEFINE = {int: flags.DEFINE_integer, float: flags.DEFINE_float, bool: flags.DEFINE_boolean}


def _define_settings() -> None:
    for section in dataclasses.fields(config.Experiment):
        for field in dataclasses.fields(section.type):
            text = f"Sets {section.name}.{field.name}; by default what the preset says."
            if get_origin(field.type) is Literal:
                flags.DEFINE_enum(field.name, None, get_args(field.type), text, flag_values=FLAGS)
            else:
                _DEFINE[field.type](field.name, None, text, flag_values=FLAGS)


_define_settings()


def _init_source() -> pathlib.Path | None:
    if not FLAGS.init_weights or FLAGS.init_weights == config.IMAGENET:
        return None
    from pnet_tf.runtime import shipped

    path = pathlib.Path(FLAGS.init_weights)
    source = path if path.exists() else shipped.directory(FLAGS.init_weights)
    if source is None:
        raise InputError(
            f"--init_weights={path}: neither a file, a model directory, a shipped model nor {config.IMAGENET}"
        )
    return source


def _experiment() -> config.Experiment:
    if FLAGS.config:
        path = pathlib.Path(FLAGS.config)
        if not path.is_file():
            raise InputError(f"--config={path}: no such file")
        start = config.from_json(path.read_text(), str(path))
    else:
        start = presets.get(FLAGS.preset)
    if start.training.quantize or FLAGS.quantize:
        if not (_init_source() and _init_source().is_dir()):
            raise InputError("--quantize: needs a finished float model; name its directory with --init_weights")
        from pnet_tf import store

        source = store.read_config(_init_source())
        if source.training.quantize:
            raise InputError(f"--init_weights={FLAGS.init_weights}: is an int8 twin already; name the float model")
        start = dataclasses.replace(start, model=source.model)
    given = {name: FLAGS[name].value for name in config.field_owners() if FLAGS[name].value is not None}
    return start.replace(**given)


def _watchers(loop: Any, bar: Any) -> Any:
    """Progress bar on a terminal, a plain line every so often elsewhere."""
    latest = {"time": 0.0}

    def on_start(done: int, total: int) -> None:
        bar.total, bar.n, bar.initial = total, done, done
        bar.refresh()
        print(f"{'resuming at' if done else 'starting,'} step {done} of {total}", flush=True)

    def on_step(done: int, losses: dict[str, float]) -> None:
        bar.update(done - bar.n)
        bar.set_postfix({name.removesuffix("_loss"): f"{value:.4f}" for name, value in losses.items()}, refresh=False)
        if bar.disable and time.monotonic() - latest["time"] > 30:
            latest["time"] = time.monotonic()
            print(f"step {done}: " + ", ".join(f"{k} {v:.5f}" for k, v in losses.items()), flush=True)

    def on_epoch(entry: dict[str, Any]) -> None:
        scores = entry["network_size"]
        bar.write(
            f"epoch {entry['epoch']:g}: loss {entry['loss']:.4f}, validation foreground IoU "
            f"{scores['foreground_iou']:.4f}, boundary IoU {scores['boundary_iou']:.4f}, {entry['seconds']:.0f} s"
        )
        sys.stdout.flush()

    return loop.Watchers(on_start, on_step, on_epoch)


def _initialise(model: Any, experiment: config.Experiment, train_paths: list[str]) -> None:
    """First weights: nothing, an encoder's, another model's, or a float model's int8 twin."""
    from pnet_tf import store
    from pnet_tf.model import weights

    source = _init_source()
    if experiment.training.quantize:
        from pnet_tf.export import calibration
        from pnet_tf.quantize import qat

        float_model, _ = store.load(source)
        twin = qat.quantize(float_model)
        photos = calibration.photos(train_paths, experiment)
        qat.calibrate(twin, float_model, [photo[None] for photo in photos])
        model.set_weights(twin.get_weights())
    elif source and source.is_dir():
        weights.load(model, source / store.WEIGHTS)
    elif source:
        weights.load_encoder(model, source)
    elif FLAGS.init_weights == config.IMAGENET:
        weights.load_imagenet(model, experiment.model.width)


def train() -> None:
    """Runs the training that the flags describe, or tells its network's size."""
    experiment = _experiment()
    if FLAGS.summary:
        from pnet_tf.model import summary

        print(summary.table(experiment.model))
        return
    for name in ("records", "val_records", "model_dir"):
        if not FLAGS[name].value:
            raise InputError(f"--{name}: training needs it, see --help")
    from tqdm import tqdm

    from pnet_tf.data import records
    from pnet_tf.training import loop

    cli.one_opencv_thread()
    train_paths, val_paths = records.find(FLAGS.records), records.find(FLAGS.val_records)
    with tqdm(unit="step", disable=not sys.stderr.isatty()) as bar:
        loop.fit(
            train_paths,
            val_paths,
            FLAGS.model_dir,
            experiment,
            lambda model: _initialise(model, experiment, train_paths),
            _watchers(loop, bar),
        )
    print(FLAGS.model_dir)


def main(argv: list[str] | None = None) -> int:
    """Console entry point; returns the exit status."""
    return cli.run(train, FLAGS, __doc__, argv)


if __name__ == "__main__":
    sys.exit(main())
