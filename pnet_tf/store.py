"""A model directory: `config.json` and `weights.npz`, which every tool takes.

Training keeps more beside them (its checkpoints and curves); these two alone are the model.
"""

import dataclasses
import pathlib
from collections.abc import Sequence

import numpy as np

from pnet_tf import config, files
from pnet_tf.errors import InputError
from pnet_tf.model import build as networks
from pnet_tf.model import weights
from pnet_tf.model.portraitnet import BOUNDARY_HEAD, MASK_HEAD
from pnet_tf.quantize import qat
from pnet_tf.stack import keras

CONFIG = "config.json"
WEIGHTS = "weights.npz"
DECODER = ("decode_", "fuse_", "upsample_", MASK_HEAD, BOUNDARY_HEAD)
"""How the names of the decoder's and the heads' layers begin."""
SHIPPED = pathlib.Path(__file__).parent / "assets"


def find(name: str) -> pathlib.Path | None:
    """A model directory by its path or, of a shipped model's float weights, by its name; None if it is neither."""
    paths = pathlib.Path(name), SHIPPED / name
    return next((path for path in paths if (path / WEIGHTS).is_file()), None)


def build(experiment: config.Experiment) -> keras.Model:
    """The training graph that an experiment asks for, float or quantisation-aware, with fresh weights."""
    model = networks.build(experiment.model)
    return qat.quantize(model) if experiment.training.quantize else model


def save(model: keras.Model, experiment: config.Experiment, directory: str | pathlib.Path) -> None:
    """Writes the model's two files; each appears complete or not at all."""
    directory = pathlib.Path(directory)
    weights.save(model, directory / WEIGHTS)  # first, since it is what a full disk refuses
    files.write_text(directory / CONFIG, experiment.to_json())


def read_config(directory: str | pathlib.Path) -> config.Experiment:
    """The experiment of a model directory.

    Raises:
      InputError: no such directory, or a config.json that `config.read` refuses.
    """
    path = pathlib.Path(directory) / CONFIG
    if not path.is_file():
        raise InputError(f"{directory}: no model directory ({CONFIG} is not there); name one that pnet-train wrote")
    return config.read(path)


def load(
    directory: str | pathlib.Path, input_height: int | None = None, input_width: int | None = None
) -> tuple[keras.Model, config.Experiment]:
    """Builds the training graph of a model directory and reads its weights.

    Args:
      directory: what `save` wrote, or a shipped model's name.
      input_height, input_width: another input size, in pixels, each divisible by 32; the weights of a fully
        convolutional network fit every size. By default the size of training.

    Raises:
      InputError: a size that 32 does not divide; see also `read_config` and `weights.load`.
    """
    directory = find(str(directory)) or directory
    experiment = read_config(directory)
    size = {"input_height": input_height, "input_width": input_width}
    experiment = experiment.replace(**{name: value for name, value in size.items() if value is not None})
    model = build(experiment)
    weights.load(model, pathlib.Path(directory) / WEIGHTS)
    return model, experiment


def initialise(model: keras.Model, settings: config.Model, directory: str | pathlib.Path) -> None:
    """First weights from a model directory; one of head_rate=1 and bilinear up-sampling fits one of head_rate=2, too.

    The logits stay the same, but for the two outermost rows and columns (`portraitnet.half_rate_head`). One of other
    decoder_channels gives its encoder, and of its decoder and heads what has the same shape; the rest begins afresh.

    Args:
      model: from `build` with these settings.
      directory: what `save` wrote; without a config.json its heads are taken for those of the model.

    Raises:
      InputError: as `read_config` and `weights.load`.
    """
    directory = pathlib.Path(directory)
    theirs = read_config(directory).model if (directory / CONFIG).is_file() else settings
    full_rate_heads = (theirs.head_rate, settings.head_rate) == (1, 2)
    fresh = DECODER if theirs.decoder_channels != settings.decoder_channels else ()
    weights.load(model, directory / WEIGHTS, full_rate_heads, fresh)


def average(directories: Sequence[str | pathlib.Path]) -> tuple[keras.Model, config.Experiment]:
    """The mean of the weights of float models of one network, batch norm's statistics included.

    It makes sense of models that were trained from the same weights or from one another, which lie in one basin
    of the loss ("model soups", Wortsman et al. 2022), and of no others.

    Args:
      directories: what `save` wrote, or shipped models' names. The first one's settings are the result's; those of
        head_rate=1 join one of head_rate=2 as in `initialise`.

    Raises:
      InputError: an int8 twin, another network; see also `load`.
    """
    directories = [find(str(directory)) or directory for directory in directories]
    experiments = [read_config(directory) for directory in directories]
    first = experiments[0].model
    alike = {name: getattr(first, name) for name in ("input_height", "input_width", "head_rate", "edge_filter")}
    for directory, other in zip(directories, experiments, strict=True):
        if other.training.quantize:
            raise InputError(f"{directory}: an int8 twin; name the float models, and make a twin of their mean")
        if dataclasses.replace(other.model, **alike) != first:
            raise InputError(f"{directory}: another network than that of {directories[0]}; compare their {CONFIG}")
        if other.model.head_rate > first.head_rate:
            raise InputError(f"{directory}: has head_rate=2 and {directories[0]} has not; name it first")
    model, experiment = load(directories[0])
    arrays = [model.get_weights()]
    for directory in directories[1:]:
        initialise(model, first, directory)
        arrays.append(model.get_weights())
    model.set_weights([np.mean(same, axis=0, dtype=np.float64) for same in zip(*arrays, strict=True)])
    return model, experiment


def scale_logits(model: keras.Model, factor: float) -> None:
    """Multiplies the mask's logits by way of the head's weights; a temperature of 1 / `factor` (Guo et al. 2017)."""
    head = model.get_layer(MASK_HEAD)
    head.set_weights([factor * one for one in head.get_weights()])
