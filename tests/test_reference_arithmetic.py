"""The authors' network against arithmetic in NumPy."""

import numpy as np
import pytest

from pnet_tf.model import decoder, reference, torch_import
from pnet_tf.stack import keras
from small_reference import lively, photos, state_of


def numpy_deconvolution(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """(H, W, C) with (C, D, 4, 4) in PyTorch's axes, stride 2, padding 1: every pixel paints its kernel."""
    height, width, _ = x.shape
    canvas = np.zeros((2 * height + 2, 2 * width + 2, kernel.shape[1]))
    for i in range(height):
        for j in range(width):
            canvas[2 * i : 2 * i + 4, 2 * j : 2 * j + 4] += np.einsum("c,cdhw->hwd", x[i, j], kernel)
    return canvas[1:-1, 1:-1]


def numpy_depthwise(x: np.ndarray, kernel: np.ndarray, stride: int = 1) -> np.ndarray:
    """(H, W, C) with (C, 1, 3, 3) in PyTorch's axes, padded by 1."""
    height, width, _ = x.shape
    padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
    rows, columns = range(0, height, stride), range(0, width, stride)
    return np.array(
        [[np.einsum("hwc,chw->c", padded[i : i + 3, j : j + 3], kernel[:, 0]) for j in columns] for i in rows]
    )


def numpy_norm(x: np.ndarray, state: torch_import.State, module: str) -> np.ndarray:
    gamma, beta, mean, variance = (
        state[f"{module}.{key}"] for key in ("weight", "bias", "running_mean", "running_var")
    )
    return gamma * (x - mean) / np.sqrt(variance + 1e-5) + beta


def numpy_pointwise(x: np.ndarray, state: torch_import.State, module: str) -> np.ndarray:
    return np.einsum("hwi,oi->hwo", x, state[f"{module}.weight"][..., 0, 0])


def between(model: keras.Model, start: str, end: str, x: np.ndarray) -> np.ndarray:
    """What the layers after `start` up to `end` make of x."""
    part = keras.Model(model.get_layer(start).output, model.get_layer(end).output)
    return part(x[None].astype(np.float32), training=False).numpy()[0]


def relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def test_d_block_by_hand():
    model = lively()
    state = {key: value.astype(np.float64) for key, value in state_of(model).items()}
    x = np.random.default_rng(2).normal(0, 1, (4, 6, 16)) * 3
    # transit5: 16 → 8 channels at half the input's size; its input is the fourth up-sampling.
    wide = keras.Input((4, 6, 16))
    block = reference.d_block(wide, 8, "decode_2")
    alone = keras.Model(wide, block)
    for layer in alone.layers:
        layer.set_weights(model.get_layer(layer.name).get_weights() if layer.weights else [])
    at = "transit5.block"
    y = relu(numpy_norm(numpy_depthwise(x, state[f"{at}.0.0.weight"]), state, f"{at}.0.1"))
    y = relu(numpy_norm(numpy_pointwise(y, state, f"{at}.0.3"), state, f"{at}.0.4"))
    y = relu(numpy_norm(numpy_depthwise(y, state[f"{at}.1.weight"]), state, f"{at}.2"))
    y = numpy_norm(numpy_pointwise(y, state, f"{at}.4"), state, f"{at}.5")
    y = relu(y + numpy_norm(numpy_pointwise(x, state, "transit5.residual.0"), state, "transit5.residual.1"))
    assert np.abs(alone(x[None].astype(np.float32)).numpy()[0] - y).max() < 1e-4
    assert y.max() > 6  # past what ReLU6 lets through


def test_stride_two_block_by_hand():
    """block_1 (stage2.0): expansion, stride-2 depthwise padded on both sides, linear projection, no sum."""
    model = lively()
    state = {key: value.astype(np.float64) for key, value in state_of(model).items()}
    x = np.random.default_rng(3).normal(0, 2, (32, 48, 16))
    at = "stage2.0.conv"
    y = relu(numpy_norm(numpy_pointwise(x, state, f"{at}.0"), state, f"{at}.1"))
    y = relu(numpy_norm(numpy_depthwise(y, state[f"{at}.3.weight"], stride=2), state, f"{at}.4"))
    y = numpy_norm(numpy_pointwise(y, state, f"{at}.6"), state, f"{at}.7")
    ours = between(model, "expanded_conv_add", "block_1_project_BN", x)
    assert ours.shape == (16, 24, 16)
    assert np.abs(ours - y).max() < 1e-4 * np.abs(y).max()


def test_input_by_hand():
    """Colours in B, G, R order, normalised, then padded with zeros: the first convolution's every pixel."""
    model = lively()
    raw = photos()[0]
    normalised = (raw[..., ::-1] - (103.94, 116.78, 123.68)) * 0.017
    kernel = state_of(model)["stage0.0.weight"].astype(np.float64)
    padded = np.pad(normalised, ((1, 1), (1, 1), (0, 0)))
    y = [
        [np.einsum("hwi,oihw->o", padded[i : i + 3, j : j + 3], kernel) for j in range(0, 96, 2)]
        for i in range(0, 64, 2)
    ]
    ours = keras.Model(model.input, model.get_layer("Conv1").output)(raw[None]).numpy()[0]
    assert np.abs(ours - y).max() < 1e-4


@pytest.mark.parametrize("kind", ["deconvolution", "depthwise"])
def test_deconvolutions_by_hand(kind):
    model = lively(upsampling=kind)
    x = np.random.default_rng(4).normal(0, 1, (2, 3, 33))
    kernel = state_of(model)["deconv1.weight"].astype(np.float64)
    if kind == "depthwise":
        assert kernel.shape == (33, 1, 4, 4)
        kernel = kernel * np.eye(33)[:, :, None, None]
    ours = between(model, "decode_32_relu", "upsample_32", x)
    assert np.abs(ours - numpy_deconvolution(x, kernel)).max() < 1e-5


def test_depthwise_starts_as_a_bilinear_resize_but_for_the_edge():
    layer = decoder.DepthwiseDeconvolution()
    x = np.random.default_rng(5).normal(0, 1, (1, 5, 7, 3)).astype(np.float32)
    difference = np.abs(layer(x) - keras.layers.UpSampling2D(2, interpolation="bilinear")(x))
    assert difference[:, 1:-1, 1:-1].max() < 1e-6
    assert difference[:, 0].min() > 0
    assert not layer.trainable_weights
