"""Weights as .npz files: plain arrays under `<layer>/<variable>`, never pickles.

The same names serve the project's own models and ImageNet encoders of the
tf.keras.applications family.
"""

import pathlib
import zipfile

import numpy as np

from pnet_tf import files
from pnet_tf.errors import InputError
from pnet_tf.stack import keras, tf

KERAS_EPSILON = 1e-3
"""Batch norm epsilon of tf.keras.applications' MobileNetV2, and so of our encoder."""

_UNUSED_ENCODER_LAYERS = ("Conv_1", "Conv_1_bn", "predictions")
"""The classifier's part of MobileNetV2, which PortraitNet leaves out."""


def named_variables(model: keras.Model) -> dict[str, tf.Variable]:
    """`<layer>/<variable>` → variable, for example ``Conv1/kernel``."""
    return {
        f"{layer.name}/{variable.name.split('/')[-1].split(':')[0]}": variable
        for layer in model.layers
        for variable in layer.weights
    }


def _read(path: str | pathlib.Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, ValueError, zipfile.BadZipFile, AttributeError, EOFError) as error:
        raise InputError(f"{path}: not an .npz file of plain arrays ({error})") from None


def _assign(variables: dict[str, tf.Variable], arrays: dict[str, np.ndarray], path: str | pathlib.Path) -> None:
    problems = [f"{name} missing" for name in variables if name not in arrays]
    problems += [f"{name} unknown" for name in arrays if name not in variables]
    problems += [
        f"{name} is {arrays[name].shape}, the network has {tuple(variable.shape)}"
        for name, variable in variables.items()
        if name in arrays and arrays[name].shape != tuple(variable.shape)
    ]
    if problems:
        shown = "; ".join(problems[:5]) + (f"; and {len(problems) - 5} more" if len(problems) > 5 else "")
        raise InputError(f"{path}: weights of another network: {shown}")
    for name, variable in variables.items():
        variable.assign(arrays[name])


def save(model: keras.Model, path: str | pathlib.Path) -> None:
    """Writes every weight of the model as float32, completely or not at all."""
    arrays = {name: variable.numpy() for name, variable in named_variables(model).items()}
    with files.replacing(path) as temporary:
        np.savez_compressed(temporary, **arrays)


def load(model: keras.Model, path: str | pathlib.Path) -> None:
    """Reads what `save` wrote into a network of the same shape.

    Raises:
      InputError: not such a file, or any name or shape that does not match (listed).
    """
    _assign(named_variables(model), _read(path), path)


def load_encoder(model: keras.Model, path: str | pathlib.Path, epsilon: float = 1e-5) -> None:
    """Reads ImageNet MobileNetV2 weights into the encoder and leaves the decoder alone.

    Args:
      model: from `portraitnet.build`.
      path: an .npz with tf.keras.applications' layer names; the classifier's layers are ignored.
      epsilon: batch norm epsilon that the weights were trained with (1e-5 in PyTorch). Our layers
        have 1e-3; gamma·sqrt((variance + 1e-3) / (variance + epsilon)) makes that good exactly.

    Raises:
      InputError: not such a file, or any encoder name or shape that does not match (listed).
    """
    arrays = {name: array for name, array in _read(path).items() if name.split("/")[0] not in _UNUSED_ENCODER_LAYERS}
    for name in [name for name in arrays if name.endswith("/gamma")]:
        variance = arrays.get(name.replace("/gamma", "/moving_variance"))
        if variance is None:
            raise InputError(f"{path}: {name} has no moving_variance beside it")
        arrays[name] = arrays[name] * np.sqrt((variance + KERAS_EPSILON) / (variance + epsilon))
    _assign(encoder_variables(model), arrays, path)


def encoder_variables(model: keras.Model) -> dict[str, tf.Variable]:
    """The part of `named_variables` that belongs to MobileNetV2."""
    prefixes = ("Conv1/", "bn_Conv1/", "expanded_conv_", "block_")
    return {name: variable for name, variable in named_variables(model).items() if name.startswith(prefixes)}
