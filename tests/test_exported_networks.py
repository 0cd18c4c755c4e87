"""Every kind of network as a file: int8 throughout, close to its model by layers, and with no operator too many."""

import dataclasses

import numpy as np
import pytest

from helpers import sharpen_batch_norm
from pnet_tf import config, fields
from pnet_tf.export import convert, layers, report
from pnet_tf.model import portraitnet
from pnet_tf.model.predict import KerasNetwork
from pnet_tf.quantize import qat
from pnet_tf.quantize.quantizers import JoinedRange
from pnet_tf.runtime.network import TFLiteNetwork
from pnet_tf.stack import keras, tf
from tflite_tables import maker, packed, parsed

NETWORKS = {
    "add": {},
    "concatenate": {"fusion": "concatenate"},
    "deconvolution": {"upsampling": "deconvolution"},
    "half_rate": {"finest_skip": 2, "head_rate": 2},
}


@dataclasses.dataclass(frozen=True)
class Exported:
    """A tiny network with random weights and lively batch norm, its twin, and the int8 files of both."""

    sources: dict
    files: dict[str, bytes]
    images: list[np.ndarray]


@pytest.fixture(scope="module", params=NETWORKS)
def exported(request) -> Exported:
    keras.utils.set_random_seed(0)
    small = portraitnet.build(config.Model(input_height=64, input_width=64, width=0.35, **NETWORKS[request.param]))
    sharpen_batch_norm(small)
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (64, 64, 3)).astype(np.uint8) for _ in range(4)]
    quantized = qat.quantize(small)
    qat.calibrate(quantized, small, [image[None] for image in images])
    sources = {"int8_qat": quantized, "int8_ptq": small}
    files = {mode: convert.convert(source, mode, calibration=images) for mode, source in sources.items()}
    return Exported(sources, files, images)


@pytest.mark.parametrize("mode", ["int8_qat", "int8_ptq"])
def test_every_network_is_int8_throughout(exported, mode):
    """The file follows the model that it came from, and nothing in it computes or converts for nothing."""
    found = report.inspect(exported.files[mode], KerasNetwork(exported.sources[mode]), exported.images)
    assert found.max_difference < 0.08
    assert found.float_tensors == [] and found.xnnpack_partitions == 1
    assert found.operators["QUANTIZE"] == 2 and "DEQUANTIZE" not in found.operators  # at both ends alone
    deconvolutions = found.operators.get("TRANSPOSE_CONV", 0)
    enlarging = [found.operators.get(name, 0) for name in ("RESIZE_BILINEAR", "DEPTH_TO_SPACE")]
    assert deconvolutions + sum(enlarging) == 5
    convolutions = found.operators["CONV_2D"] + found.operators["DEPTHWISE_CONV_2D"]
    scales = found.scales
    assert (scales.kernels, scales.resizes) == (convolutions + deconvolutions, sum(enlarging))
    assert scales.unequal_resizes == scales.between == []
    # The exception: TensorFlow fakes no quantisation along the axis that a deconvolution's output channels lie on.
    assert len(scales.one_scale) == (deconvolutions if mode == "int8_qat" else 0)
    assert all(name.startswith("upsample_") for name in scales.one_scale)


@pytest.mark.parametrize("exported", ["add", "half_rate"], indirect=True)
@pytest.mark.parametrize("mode", ["int8_qat", "int8_ptq"])
def test_layers_differ_from_float_by_a_few_steps(exported, mode):
    """The reference has the twin's very weights, so only rounding, 0.29 steps a time, lies between the two files."""
    reference = convert.float_reference(exported.sources[mode])
    found = layers.compare(exported.files[mode], reference, exported.images)
    operators = TFLiteNetwork(exported.files[mode]).interpreter._get_ops_details()
    assert len(found) == sum(one["op_name"] not in ("QUANTIZE", "DELEGATE") for one in operators)
    assert [one.steps for one in found] == sorted((one.steps for one in found), reverse=True)
    assert found[0].steps < 12  # what sixty operators of a random network hand on
    by_name = {one.name: one for one in found}
    # The first convolution meets exact pixels: what is wrong with it is its own rounding, and that of its kernel.
    assert by_name["Conv1_relu"].position == 1 and by_name["Conv1_relu"].steps < 0.6
    assert by_name["foreground"].scale == 1 / 256


@pytest.mark.parametrize("exported", ["add"], indirect=True)
def test_a_spoilt_layer_is_the_first_that_is_far_off(exported):
    """A kernel whose scales are three times what they should be."""
    file, graph = parsed(exported.files["int8_ptq"])
    kernel = graph.tensors[maker(graph, b"decode_2_sep2_pointwise/BiasAdd").inputs[1]].quantization
    kernel.scale = kernel.scale * 3
    reference = convert.float_reference(exported.sources["int8_ptq"])
    found = layers.compare(packed(file), reference, exported.images)
    far = [one for one in found if one.steps > 5]
    first = min(far, key=lambda one: one.position)
    assert (first.name, first.operator) == ("decode_2_sep2_pointwise", "CONV_2D")
    assert found[: len(far)] == far and found[0].steps > 10


def operators(content: bytes) -> list[tuple[str, list[int]]]:
    """Type and output shape of every operator, in order."""
    interpreter = TFLiteNetwork(content).interpreter
    shapes = {one["index"]: list(map(int, one["shape"])) for one in interpreter.get_tensor_details()}
    every = [(one["op_name"], shapes[one["outputs"][0]]) for one in interpreter._get_ops_details()]
    return [one for one in every if one[0] != "DELEGATE"]


def test_normalisation_costs_no_operator():
    """The bare network is the training graph without padding and normalisation, which TFLite itself folds."""
    small = portraitnet.build(config.Model(input_height=64, input_width=64, width=0.35))

    def bare(layer: keras.layers.Layer) -> keras.layers.Layer:
        if layer.name in (portraitnet.INPUT_PAD, portraitnet.NORMALISE):
            return keras.layers.Activation("linear", name=layer.name)
        settings = layer.get_config()
        if layer.name == "Conv1":
            settings["padding"] = "same"
        return layer.__class__.from_config(settings)

    network = keras.models.clone_model(small, clone_function=bare)
    logits = network.output[fields.MASK_LOGITS]
    answer = keras.Model(network.input, keras.layers.Activation("sigmoid", name="foreground")(logits[..., 1:]))
    fixed = tf.TensorSpec((1, 64, 64, 3), tf.float32, name="image")
    function = tf.function(lambda image: {"foreground": answer(image)}, input_signature=[fixed])
    plain = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()], answer).convert()
    deployed = operators(convert.convert(small, "float32"))
    # The bare head has two channels of which one is taken; ours computes one.
    *body, head, taken, sigmoid = operators(plain)
    assert (head, taken[0]) == (("CONV_2D", [1, 64, 64, 2]), "STRIDED_SLICE")
    assert deployed == [*body, ("CONV_2D", [1, 64, 64, 1]), sigmoid]


def test_joined_tensors_share_one_grid():
    """Ranges −1..1 and 0..4 join to −1..4 in steps of 1/51; training moves a tensor's own range alone."""
    group = []
    quantizers = [JoinedRange(group), JoinedRange(group)]
    ranges = [one.build(None, f"range_{index}", tf.keras.layers.Layer()) for index, one in enumerate(quantizers)]
    for own, (low, high) in zip(ranges, ((-1, 1), (0, 4)), strict=True):
        own["min_var"].assign(low)
        own["max_var"].assign(high)
    for quantizer, own in zip(quantizers, ranges, strict=True):
        on_grid = quantizer(tf.constant([-5.0, 0.0, 0.7, 9.0]), False, own).numpy()
        assert on_grid == pytest.approx([-1, 0, 36 / 51, 4])
    quantizers[0](tf.constant([-1.0, 9.0]), True, ranges[0])
    assert ranges[0]["max_var"].numpy() == pytest.approx(1 + 0.001 * 8)
    assert ranges[1]["max_var"].numpy() == 4
