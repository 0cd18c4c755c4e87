"""The authors' PyTorch checkpoints → the `reference` network.

The mapping takes plain NumPy arrays by their PyTorch keys and needs no PyTorch; only `read` does.
"""

import pathlib
import warnings
from collections.abc import Iterator

import numpy as np

from pnet_tf import config
from pnet_tf.errors import InputError
from pnet_tf.model import reference, weights
from pnet_tf.model.portraitnet import BOUNDARY_HEAD, DECODER_CHANNELS, MASK_HEAD
from pnet_tf.stack import keras, tf

layers = keras.layers
State = dict[str, np.ndarray]

FIRST_KEY = "stage0.0.weight"
DEEPEST_KEY = "stage7.conv.6.weight"
BOUNDARY_KEY = "edge.weight"
DEEPEST_CHANNELS = 320
_BATCH_NORM = {
    "weight": "gamma",
    "bias": "beta",
    "running_mean": "moving_mean",
    "running_var": "moving_variance",
}
_BLOCK = {0: "expand", 1: "expand_BN", 3: "depthwise", 4: "depthwise_BN", 6: "project", 7: "project_BN"}
_D_BLOCK = {
    "block.0.0": "depthwise1",
    "block.0.1": "depthwise1_BN",
    "block.0.3": "pointwise1",
    "block.0.4": "pointwise1_BN",
    "block.1": "depthwise2",
    "block.2": "depthwise2_BN",
    "block.4": "pointwise2",
    "block.5": "pointwise2_BN",
    "residual.0": "shortcut",
    "residual.1": "shortcut_BN",
}


class _Ignored:
    """Stands in for the NumPy numbers that the authors' files hold beside the weights; nothing of NumPy's is called."""

    def __init__(self, *_: object):
        pass

    def __setstate__(self, _: object) -> None:
        pass


_NUMBERS = ("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar", "numpy.dtype", "_codecs.encode")


def read(path: str | pathlib.Path) -> State:
    """The tensors of a .pth file, float32, by key; a prefix `module.` (several GPUs) is taken off.

    PyTorch's reader for plain tensors does the work; whatever else a pickle can name is refused unread.

    Raises:
      InputError: PyTorch is missing, or not a file of plain tensors.
    """
    if not pathlib.Path(path).is_file():
        raise InputError(f"{path}: no such file")
    try:
        import torch
    except ImportError:
        raise InputError(f"{path}: reading .pth files needs PyTorch: pip install torch") from None
    try:
        with torch.serialization.safe_globals([(_Ignored, name) for name in _NUMBERS]), warnings.catch_warnings():
            # latin1, because the authors pickled with Python 2, whose strings may hold any byte. PyTorch warns that
            # it would not heed this here, and does.
            warnings.simplefilter("ignore")
            content = torch.load(path, map_location="cpu", weights_only=True, encoding="latin1")
    except Exception as error:  # a foreign file can break an unpickler in any way
        reason = str(error).strip().split("\n")[-1].split(". Please use")[0][:200]
        raise InputError(
            f"{path}: not a PyTorch checkpoint of plain tensors ({reason}); files that carry code are never loaded"
        ) from None
    state = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(state, dict) or not any(isinstance(value, torch.Tensor) for value in state.values()):
        raise InputError(f"{path}: holds no state_dict of tensors; name a checkpoint of the authors' network")
    odd = [str(key) for key, value in state.items() if not isinstance(value, torch.Tensor)]
    if odd:
        raise InputError(f"{path}: {weights.listed(odd)} are no tensors; name a checkpoint of the authors' network")
    return {str(key).removeprefix("module."): value.detach().float().numpy() for key, value in state.items()}


def settings_of(state: State, origin: str, height: int = 224, width: int = 224) -> config.Model:
    """The network that a state dict belongs to, as far as its keys and shapes tell.

    Raises:
      InputError: keys missing without which nothing can be told, or a width that has no name here.
    """
    try:
        first, deepest = state[FIRST_KEY], state[DEEPEST_KEY]
    except KeyError as error:
        raise InputError(f"{origin}: weights of another network: {error.args[0]} missing") from None
    deconvolution = state.get("deconv1.weight")
    upsampling = "bilinear"
    if deconvolution is not None:
        depthwise = deconvolution.ndim == 4 and deconvolution.shape[1] == 1
        upsampling = "depthwise" if depthwise else "deconvolution"
    try:
        return config.Model(
            network="reference",
            input_height=height,
            input_width=width,
            width=(deepest.shape or (0,))[0] / DEEPEST_CHANNELS,
            upsampling=upsampling,
            prior=first.ndim == 4 and first.shape[1] == 4,
        )
    except InputError as error:
        raise InputError(f"{origin}: {error}") from None


def _prefixes() -> Iterator[tuple[str, str]]:
    """PyTorch's module path and the Keras layer of the same weights."""
    yield from (("stage0.0", "Conv1"), ("stage0.1", "bn_Conv1"), ("pred", MASK_HEAD), ("edge", BOUNDARY_HEAD))
    names = iter(reference.block_names())
    for stage, (_, _, blocks, _) in enumerate(reference.ENCODER, start=1):
        for index in range(blocks):
            module, name = f"stage{stage}" + (f".{index}" if blocks > 1 else ""), next(names)
            yield from ((f"{module}.conv.{at}", f"{name}_{part}") for at, part in _BLOCK.items())
    for index, rate in enumerate(DECODER_CHANNELS, start=1):
        yield f"deconv{index}", f"upsample_{rate}"
        yield from ((f"transit{index}.{module}", f"decode_{rate}_{part}") for module, part in _D_BLOCK.items())


def _axes(layer: keras.layers.Layer) -> tuple[int, ...]:
    """How PyTorch's kernel axes are arranged for the Keras layer.

    (O, I, h, w) → (h, w, I, O), a deconvolution's (I, O, h, w) → (h, w, O, I), a depthwise (C, 1, h, w) → (h, w, C, 1).
    """
    depthwise = hasattr(layer, "depthwise_kernel")
    return (2, 3, 0, 1) if depthwise else (2, 3, 1, 0)


def _targets(model: keras.Model) -> dict[str, tuple[tf.Variable, tuple[int, ...]]]:
    """PyTorch key → the variable that takes it, and the order of its axes."""
    made = {layer.name: layer for layer in model.layers if layer.weights}
    targets = {}
    for module, name in _prefixes():
        layer = made.get(name)
        if isinstance(layer, layers.BatchNormalization):
            targets |= {f"{module}.{key}": (getattr(layer, ours), (0,)) for key, ours in _BATCH_NORM.items()}
        elif layer is not None:
            (kernel,) = layer.weights
            targets[f"{module}.weight"] = (kernel, _axes(layer))
    return targets


def load(model: keras.Model, state: State, origin: str) -> None:
    """Gives the `reference` network every weight of a state dict.

    Args:
      model: from `reference.build` with the settings of `settings_of`. Keeps its boundary head where
        the state has none.
      state: arrays by PyTorch key, kernels in PyTorch's axes, colours in B, G, R order.
      origin: the file's name, for messages.

    Raises:
      InputError: a key or shape that does not match (listed); then no weight has changed.
    """
    targets = _targets(model)
    if BOUNDARY_KEY not in state:
        targets.pop(BOUNDARY_KEY)
    arrays = {key: array for key, array in state.items() if not key.endswith(".num_batches_tracked")}
    # The shapes as PyTorch has them, so that a message shows what the file says.
    shapes = {
        key: tuple(variable.shape[axes.index(axis)] for axis in range(len(axes)))
        for key, (variable, axes) in targets.items()
    }
    weights.check(shapes, arrays, origin)
    first = arrays[FIRST_KEY]
    arrays[FIRST_KEY] = np.concatenate([first[:, 2::-1], first[:, 3:]], axis=1)  # B, G, R → R, G, B
    for key, (variable, axes) in targets.items():
        variable.assign(arrays[key].transpose(axes))
