import numpy as np
import pytest

from helpers import sharpen_batch_norm
from pnet_tf import config
from pnet_tf.export import bias_correction, convert
from pnet_tf.model import deploy, portraitnet
from pnet_tf.model.predict import KerasNetwork
from pnet_tf.runtime.network import TFLiteNetwork
from pnet_tf.stack import keras

PHOTOS = [np.full((3, 3, 3), (10, green, 30), np.uint8) for green in (20, 40)]


def corrected(layer: keras.layers.Layer, kernel: np.ndarray, bias: list[float]) -> np.ndarray:
    """The bias that a network of this layer alone has afterwards."""
    raw = keras.Input((3, 3, 3))
    network = keras.Model(raw, layer(raw))
    layer.set_weights([kernel, np.array(bias, np.float32)])
    bias_correction.correct(network, PHOTOS)
    assert np.array_equal(layer.get_weights()[0], kernel)
    return layer.get_weights()[1]


def test_what_rounding_takes_from_a_convolution():
    """Of 127, 0.4 and 0.4 rounding leaves 127, 0 and 0: 0.4 · 30 of mean green and 0.4 · 30 of blue are missing."""
    kernel = np.array([[127, 2], [0.4, -2], [0.4, 2]], np.float32).reshape(1, 1, 3, 2)  # ±2 lie on the grid
    assert corrected(keras.layers.Conv2D(2, 1), kernel, [5, 1]) == pytest.approx([5 + 24, 1])


def test_what_rounding_takes_from_a_depthwise_convolution():
    """Two pixels in three have a neighbour on the left."""
    kernel = np.zeros((3, 3, 3, 1), np.float32)
    kernel[1, 1] = 127
    kernel[1, 0, 1] = 0.4
    layer = keras.layers.DepthwiseConv2D(3, padding="same")
    assert corrected(layer, kernel, [0, 0, 0]) == pytest.approx([0, 0.4 * 30 * 2 / 3, 0])


@pytest.fixture(scope="module")
def model() -> keras.Model:
    """A tiny network whose mask head has small weights that rounding takes away, and activations that are positive."""
    keras.utils.set_random_seed(0)
    model = portraitnet.build(config.Model(input_height=64, input_width=64, width=0.35, finest_skip=2, head_rate=2))
    sharpen_batch_norm(model)
    head = model.get_layer(portraitnet.MASK_HEAD)
    kernel, bias = head.get_weights()
    kernel[...] = 0
    kernel[..., 1::2] = 0.004  # 0.4 of a step, where the largest is 1.27
    kernel[1, 1, 0, 1::2] = 1.27
    head.set_weights([kernel, bias])
    return model


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (64, 64, 3)).astype(np.uint8) for _ in range(4)]


@pytest.fixture(scope="module")
def file(model, images) -> TFLiteNetwork:
    return TFLiteNetwork(convert.convert(model, "int8_ptq", calibration=images))


def test_the_grid_is_the_converters(model, file):
    """Every kernel of the file is the network's less the rounding errors, but for a weight halfway now and then."""
    interpreter = file.interpreter
    stored = []
    for operator in interpreter._get_ops_details():
        if operator["op_name"] in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            index = operator["inputs"][1]
            details = interpreter._get_tensor_details(index, 0)
            scales, axis = (details["quantization_parameters"][name] for name in ("scales", "quantized_dimension"))
            shape = [-1 if one == axis else 1 for one in range(4)]
            stored.append(interpreter.get_tensor(index) * scales.reshape(shape))
    kernels = 0
    for layer in deploy.fold(model).layers:
        if isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D):
            on_grid = layer.get_weights()[0] - bias_correction._rounding_errors(layer)
            on_grid = np.transpose(on_grid, (3, 0, 1, 2))  # (1, h, w, c), and (out, h, w, in) of a convolution
            tolerance = 1e-5 * np.abs(on_grid).max()
            others = [(abs(on_grid - one) > tolerance).mean() for one in stored if one.shape == on_grid.shape]
            assert min(others) < 0.002, layer.name
            kernels += 1
    assert kernels == len(stored) > 70


def test_the_file_answers_as_its_model_on_average(model, images, file, monkeypatch):
    monkeypatch.setattr(bias_correction, "correct", lambda network, images: None)
    plain = TFLiteNetwork(convert.convert(model, "int8_ptq", calibration=images))
    answers = {network: np.mean([network(image) for image in images]) for network in (KerasNetwork(model), plain, file)}
    wanted, without, with_correction = answers.values()
    assert abs(without - wanted) > 0.01 and abs(with_correction - wanted) < abs(without - wanted) / 4
