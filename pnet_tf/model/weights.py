"""Weights as .npz files: plain arrays under `<layer>/<variable>`, never pickles.

The same names serve the project's own models and ImageNet encoders of the
tf.keras.applications family.
"""

import pathlib
import zipfile
import zlib

import numpy as np

from pnet_tf import config, files
from pnet_tf.errors import InputError
from pnet_tf.model.portraitnet import BOUNDARY_HEAD, MASK_HEAD, RGB_MEAN, RGB_SCALE, half_rate_head
from pnet_tf.stack import keras, tf

KERAS_EPSILON = 1e-3
"""Batch norm epsilon of tf.keras.applications' MobileNetV2, and so of portraitnet's encoder."""

KERAS_HALF_RANGE = 127.5
"""tf.keras.applications' MobileNetV2 takes pixel/127.5 − 1."""

_UNUSED_ENCODER_LAYERS = ("Conv_1", "Conv_1_bn", "predictions")
"""The classifier's part of MobileNetV2, which PortraitNet leaves out."""

_FIRST_EXPANSION = "expanded_conv_expand"


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
            arrays = {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error, AttributeError, EOFError):
        raise InputError(f"{path}: not an .npz file of plain arrays") from None
    # Files in half precision are half as large; the network computes in float32 all the same.
    return {name: one.astype(np.float32) if one.dtype == np.float16 else one for name, one in arrays.items()}


def listed(names: list[str]) -> str:
    """The first five and how many more, for one line."""
    return "; ".join(names[:5]) + (f"; and {len(names) - 5} more" if len(names) > 5 else "")


def check(shapes: dict[str, tuple[int, ...]], arrays: dict[str, np.ndarray], path: str | pathlib.Path) -> None:
    """Raises InputError unless `arrays` has exactly the names and shapes of `shapes` (what differs is listed)."""
    problems = [f"{name} missing" for name in shapes if name not in arrays]
    problems += [f"{name} unknown" for name in arrays if name not in shapes]
    problems += [
        f"{name} is {arrays[name].shape}, the network has {shape}"
        for name, shape in shapes.items()
        if name in arrays and arrays[name].shape != shape
    ]
    if problems:
        raise InputError(f"{path}: weights of another network: {listed(problems)}")


def _assign(variables: dict[str, tf.Variable], arrays: dict[str, np.ndarray], path: str | pathlib.Path) -> None:
    check({name: tuple(variable.shape) for name, variable in variables.items()}, arrays, path)
    for name, variable in variables.items():
        variable.assign(arrays[name])


def save(model: keras.Model, path: str | pathlib.Path) -> None:
    """Writes every weight of the model, completely or not at all."""
    arrays = {name: variable.numpy() for name, variable in named_variables(model).items()}
    with files.replacing(path) as temporary:
        np.savez_compressed(temporary, **arrays)


def load(
    model: keras.Model, path: str | pathlib.Path, full_rate_heads: bool = False, fresh: tuple[str, ...] = ()
) -> None:
    """Reads what `save` wrote into a network of the same shape.

    Args:
      model: from `build.build`.
      path: the .npz.
      full_rate_heads: the file is of head_rate=1 and the model of 2; its heads are rewritten (`half_rate_head`).
      fresh: beginnings of layers' names; what the file has of them in another shape, or has not, stays as it is.

    Raises:
      InputError: not such a file, or any other name or shape that does not match (listed).
    """
    arrays = _read(path)
    if full_rate_heads:
        for head in (MASK_HEAD, BOUNDARY_HEAD):
            names = f"{head}/kernel", f"{head}/bias"
            if all(name in arrays for name in names):
                arrays |= zip(names, half_rate_head(*(arrays[name] for name in names)), strict=True)
    variables = named_variables(model)
    for name in list({**variables, **arrays}) if fresh else ():
        kept = name in variables and name in arrays and tuple(variables[name].shape) == arrays[name].shape
        if name.startswith(fresh) and not kept:
            variables.pop(name, None)
            arrays.pop(name, None)
    _assign(variables, arrays, path)


def load_encoder(model: keras.Model, path: str | pathlib.Path, epsilon: float = 1e-5) -> None:
    """Reads ImageNet MobileNetV2 weights into the encoder and leaves the decoder alone.

    Args:
      model: from `build.build`.
      path: an .npz with tf.keras.applications' layer names; the classifier's layers are ignored. For input
        normalised as ours is.
      epsilon: batch norm epsilon that the weights were trained with (1e-5 in PyTorch). Where our layer
        has another e, gamma·sqrt((variance + e) / (variance + epsilon)) makes that good exactly.

    Raises:
      InputError: not such a file, or any encoder name or shape that does not match (listed).
    """
    _assign_encoder(model, _read(path), epsilon, path)


def load_imagenet(model: keras.Model, width: float) -> None:
    """Gives the encoder tf.keras.applications' own ImageNet weights, which Keras downloads and caches.

    Raises:
      InputError: the weights cannot be had, or are not of this network's shapes (listed).
    """
    try:
        source = keras.applications.MobileNetV2((224, 224, 3), alpha=width, include_top=False, weights=config.IMAGENET)
    except Exception as error:  # Keras raises this very class where there is no network
        raise InputError(
            f"--init_weights={config.IMAGENET}: Keras could not download them ({str(error)[:200]}); "
            "name an encoder's .npz or .h5, or a model directory instead"
        ) from None
    arrays = {name: variable.numpy() for name, variable in named_variables(source).items()}
    _assign_applications(model, arrays, config.IMAGENET)


def load_keras_file(model: keras.Model, path: str | pathlib.Path) -> None:
    """Gives the encoder the weights of an .h5 file of tf.keras.applications' MobileNetV2, or of one like it.

    Args:
      model: from `build.build`.
      path: what Keras 2's `save_weights` or `save` writes, or Keras downloads.

    Raises:
      InputError: no such file, or not of this network's shapes (listed).
    """
    import h5py

    arrays: dict[str, np.ndarray] = {}
    try:
        with h5py.File(path, "r") as file:
            groups = file.get("model_weights", file)
            for layer in groups.attrs["layer_names"]:
                group = groups[_text(layer)]
                for name in map(_text, group.attrs["weight_names"]):
                    arrays[f"{_text(layer)}/{name.split('/')[-1].split(':')[0]}"] = np.asarray(group[name], np.float32)
    except (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError):
        raise InputError(
            f"{path}: no .h5 file of weights by layers' names, as Keras 2 writes them and Keras offers MobileNetV2's"
        ) from None
    _assign_applications(model, arrays, path)


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name


def _assign_applications(model: keras.Model, arrays: dict[str, np.ndarray], path: str | pathlib.Path) -> None:
    """Weights for input of pixel/127.5 − 1 where ours is (pixel − mean)·0.017.

    One is a linear function of the other, so the factor goes into the first kernel and the constant into the moving
    mean behind it. That is exact but for the padded row and column, which are grey to Keras, black in portraitnet, the
    mean colour in the reference.
    """
    names = "Conv1/kernel", "bn_Conv1/moving_mean"
    if not all(name in arrays for name in names) or arrays[names[0]].shape[:3] != (3, 3, 3):
        raise InputError(f"{path}: holds no MobileNetV2 of tf.keras.applications ({' and '.join(names)} are not there)")
    kernel, mean = arrays[names[0]], np.array(RGB_MEAN, np.float32)
    shift = np.einsum("hwio,i->o", kernel, mean / KERAS_HALF_RANGE - 1)
    if shift.shape != arrays[names[1]].shape:
        raise InputError(f"{path}: its first convolution and batch norm do not belong together")
    arrays[names[1]] = arrays[names[1]] - shift
    arrays[names[0]] = kernel / (KERAS_HALF_RANGE * RGB_SCALE)
    _assign_encoder(model, arrays, KERAS_EPSILON, path)


def _assign_encoder(
    model: keras.Model, arrays: dict[str, np.ndarray], epsilon: float, path: str | pathlib.Path
) -> None:
    arrays = {name: array for name, array in arrays.items() if name.split("/")[0] not in _UNUSED_ENCODER_LAYERS}
    variables = encoder_variables(model)
    for name in [name for name in arrays if name.endswith("/gamma")]:
        layer = name.removesuffix("/gamma")
        variance = arrays.get(f"{layer}/moving_variance")
        if variance is None:
            raise InputError(f"{path}: {name} has no moving_variance beside it")
        if name in variables:
            ours = model.get_layer(layer).epsilon
            arrays[name] = arrays[name] * np.sqrt((variance + ours) / (variance + epsilon))
    if f"{_FIRST_EXPANSION}/kernel" in variables:
        arrays |= _identity(model)
    _assign(variables, arrays, path)


def _identity(model: keras.Model) -> dict[str, np.ndarray]:
    """The reference's first expansion, which MobileNetV2 lacks: what left one ReLU passes the next unchanged."""
    norm = model.get_layer(f"{_FIRST_EXPANSION}_BN")
    (channels,) = norm.gamma.shape
    zeros, ones = np.zeros(channels, np.float32), np.ones(channels, np.float32)
    values = {"gamma": ones * np.sqrt(1 + norm.epsilon), "beta": zeros, "moving_mean": zeros, "moving_variance": ones}
    kernel = np.eye(channels, dtype=np.float32)[None, None]
    return {f"{_FIRST_EXPANSION}/kernel": kernel, **{f"{norm.name}/{key}": value for key, value in values.items()}}


def encoder_variables(model: keras.Model) -> dict[str, tf.Variable]:
    """The part of `named_variables` that belongs to MobileNetV2."""
    prefixes = ("Conv1/", "bn_Conv1/", "expanded_conv_", "block_")
    return {name: variable for name, variable in named_variables(model).items() if name.startswith(prefixes)}
