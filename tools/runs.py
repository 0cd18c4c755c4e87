"""What the commands that train share: settings as flags, first weights, progress."""

import dataclasses
import pathlib
import sys
import time
from typing import Any, Literal, get_args, get_origin

from absl import flags

from pnet_tf import config
from pnet_tf.errors import InputError
from pnet_tf_tools import cli

_DEFINE = {int: flags.DEFINE_integer, float: flags.DEFINE_float, bool: flags.DEFINE_boolean, str: flags.DEFINE_string}

_SHOWN = {
    "loss": "loss",
    "mask_loss": "mask",
    "boundary_loss": "boundary",
    "consistency_loss": "consistency",
    "distillation_loss": "distillation",
    "training_foreground_iou": "IoU",
    "pairs_per_second": "pairs/s",
}


def define_settings(values: flags.FlagValues, without: tuple[str, ...] = ()) -> None:
    """A flag for every setting of an experiment, but for those that the command decides itself."""
    meanings = config.field_meanings()
    for section in dataclasses.fields(config.Experiment):
        for field in dataclasses.fields(section.type):
            text = f"{meanings.get(field.name, '')} By default what the preset says.".strip()
            if field.name in without:
                continue
            if get_origin(field.type) is Literal:
                flags.DEFINE_enum(field.name, None, get_args(field.type), text, flag_values=values)
            else:
                _DEFINE[field.type](field.name, None, text, flag_values=values)


def given_settings(values: flags.FlagValues) -> dict[str, Any]:
    """The settings that this command line changes."""
    names = [name for name in config.field_owners() if name in values]
    return {name: values[name].value for name in names if values[name].value is not None}


def changed_settings(start: config.Experiment, values: flags.FlagValues) -> dict[str, Any]:
    """`given_settings`, and the hidden channels of the pruned model that --init_weights names, if any.

    A pruned model's weights fit no other network, so nobody has to repeat its seventeen numbers.
    """
    given, source = given_settings(values), init_source(values)
    model = start.replace(**given).model
    if source and source.is_dir() and not model.hidden_channels:
        from pnet_tf import store

        theirs = store.read_config(source).model if (source / store.CONFIG).is_file() else config.Model()
        if theirs.hidden_channels and theirs.network == model.network:
            given["hidden_channels"] = theirs.hidden_channels
    return given


def define_init_weights(values: flags.FlagValues) -> None:
    """The flag that `init_source` reads."""
    flags.DEFINE_string(
        "init_weights",
        None,
        "First weights: an encoder's .npz or Keras 2's .h5, a model directory, a shipped model's name, or imagenet.",
        flag_values=values,
    )


def init_source(values: flags.FlagValues) -> pathlib.Path | None:
    """The file or directory that --init_weights names, None without the flag; `config.IMAGENET` is neither."""
    if not values.init_weights:
        return None
    from pnet_tf import store

    path = pathlib.Path(values.init_weights)
    if path.is_file() or values.init_weights == config.IMAGENET:
        return path
    source = store.find(values.init_weights) or (path if path.exists() else None)
    if source is None:
        raise InputError(
            f"--init_weights={path}: neither a file, a model directory, a shipped model nor {config.IMAGENET}"
        )
    return source


def _note_another_network(source: pathlib.Path, settings: config.Model) -> None:
    """Weights of the same shapes may come from a network that is connected in another way; says how."""
    from tqdm import tqdm

    from pnet_tf import store

    if not (source / store.CONFIG).is_file():
        return
    theirs, ours = (dataclasses.asdict(one) for one in (store.read_config(source).model, settings))
    names = [name for name in ours if theirs[name] != ours[name] and name not in ("input_height", "input_width")]
    if names:
        had, has = (", ".join(f"{name}={one[name]}" for name in names) for one in (theirs, ours))
        tqdm.write(f"note: the weights in {source} were trained with {had}; this network has {has}")


def load_first(model: Any, source: pathlib.Path | None, settings: config.Model) -> None:
    """A new network's first weights: another model's, an encoder's, or its own random ones.

    Prints a note where a model's weights fit though its network was another.

    Raises:
      InputError: weights that cannot be read or do not fit.
    """
    from pnet_tf import store
    from pnet_tf.model import portraitfcn, weights

    if str(source) == config.IMAGENET and settings.network == "portraitfcn":
        portraitfcn.load_imagenet(model)
        return
    if source and not source.is_dir() and settings.network not in config.OF_MOBILENET:
        raise InputError(
            f"--init_weights={source}: holds MobileNetV2, which network={settings.network} has not; name one of its "
            "model directories, or leave it out"
        )
    if source and source.is_dir():
        store.initialise(model, settings, source)
        _note_another_network(source, settings)
    elif source and source.suffix.lower() in (".h5", ".hdf5"):
        weights.load_keras_file(model, source)
    elif source and source.exists():
        weights.load_encoder(model, source)
    elif source:
        weights.load_imagenet(model, settings.width)


def _short(figures: dict[str, float]) -> dict[str, str]:
    """A step's figures for people; a loss that is switched off is left out."""
    return {short: f"{figures[name]:.4g}" for name, short in _SHOWN.items() if figures[name]}


def watchers(bar: Any, run: str = "", board: Any = None) -> Any:
    """`loop.Watchers` that move a tqdm bar on a terminal, and print a line every so often elsewhere.

    Args:
      bar: of the steps, open.
      run: the run's name where there are several, put before every line.
      board: a `summaries.Board` that is told the same, or None.
    """
    from pnet_tf.training import loop

    latest = {"time": 0.0}
    before = f"{run}: " if run else ""

    def on_start(done: int, total: int) -> None:
        bar.total, bar.n, bar.initial = total, done, done
        bar.set_description(run)
        if done == total:
            bar.write(f"{before}finished, {total} steps")
        else:
            bar.write(f"{before}{'resuming at' if done else 'starting,'} step {done} of {total}")
        sys.stdout.flush()

    def on_step(done: int, figures: dict[str, float]) -> None:
        bar.set_postfix(_short(figures), refresh=False)
        bar.update(done - bar.n)
        if bar.disable and time.monotonic() - latest["time"] > cli.LINE_SECONDS:
            latest["time"] = time.monotonic()
            shown = ", ".join(f"{name} {value}" for name, value in _short(figures).items())
            print(f"{before}step {done} of {bar.total}: {shown}", flush=True)
        if board:
            board.on_step(done, figures)

    def on_epoch(entry: dict[str, Any]) -> None:
        scores = entry["network_size"]
        bar.write(
            f"{before}epoch {entry['epoch']:g}: loss {entry['loss']:.4f}, validation foreground IoU "
            f"{scores['foreground_iou']:.4f}, boundary IoU {scores['boundary_iou']:.4f}, {entry['seconds']:.0f} s"
        )
        sys.stdout.flush()
        if board:
            board.on_epoch(entry)

    def on_note(line: str) -> None:
        bar.write(before + line)

    return loop.Watchers(on_start, on_step, on_epoch, on_note, board.on_panels if board else None)


def draw_curves(history: list[dict[str, Any]], model_dir: str) -> None:
    """training.png in the model directory."""
    from pnet_tf.training import curves

    if history:
        curves.draw(history, pathlib.Path(model_dir) / curves.PICTURE)
