"""The authors' network at a small size, its weights as they would have saved them, and photos for it."""

import functools

import numpy as np

from helpers import sharpen_batch_norm
from pnet_tf import config
from pnet_tf.model import build, decoder, torch_import
from pnet_tf.stack import keras, tf

GAIN = 0.45


def settings(**values) -> config.Model:
    return config.Model(**{"network": "reference", "input_height": 64, "input_width": 96, "width": 0.35, **values})


@functools.cache
def lively(**values) -> keras.Model:
    """A small network whose every weight differs from every other, with activations of moderate size.

    Shared by the tests, none of which changes it.
    """
    keras.utils.set_random_seed(0)
    model = build.build(settings(**values))
    tf.random.set_seed(None)
    sharpen_batch_norm(model)
    rng = np.random.default_rng(1)
    for layer in model.layers:
        if isinstance(layer, decoder.DepthwiseDeconvolution):
            layer.depthwise_kernel.assign(rng.normal(0, 0.5, layer.depthwise_kernel.shape))
        if isinstance(layer, keras.layers.Conv2DTranspose):
            layer.kernel.assign(rng.normal(0, 0.5 / layer.filters**0.5, layer.kernel.shape))
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.gamma.assign(GAIN * layer.gamma)  # keeps the activations within bounds over sixty layers
    return model


def state_of(model: keras.Model) -> torch_import.State:
    """The network's weights as its authors would have saved them: PyTorch's axes, colours in B, G, R order."""
    state = {}
    for key, (variable, axes) in torch_import._targets(model).items():
        state[key] = variable.numpy().transpose(np.argsort(axes))
        if key.endswith("running_mean"):
            state[key.replace("running_mean", "num_batches_tracked")] = np.array(7.0, np.float32)
    first = state["stage0.0.weight"]
    state["stage0.0.weight"] = np.concatenate([first[:, 2::-1], first[:, 3:]], 1)
    return state


def photos(channels: int = 3) -> np.ndarray:
    raw = np.random.default_rng(0).uniform(0, 255, (2, 64, 96, channels)).astype(np.float32)
    raw[..., 3:] /= 255
    return raw
