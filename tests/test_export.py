"""The deployed file's contract, on the shipped weights (random ones would not have sensible ranges)."""

import copy
import dataclasses

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

import photos as demo_photos
from helpers import SHARED, portrait, sharpen_batch_norm
from pnet_tf import config, fields, resize, store
from pnet_tf.errors import InputError
from pnet_tf.export import convert, layers, report
from pnet_tf.model import portraitnet
from pnet_tf.model.predict import KerasNetwork
from pnet_tf.pictures import reader
from pnet_tf.quantize import qat
from pnet_tf.quantize.quantizers import JoinedRange
from pnet_tf.runtime import shipped
from pnet_tf.runtime.network import TFLiteNetwork
from pnet_tf.stack import keras, tf


@pytest.fixture(scope="module")
def model():
    return store.load(store.find("portraitnet"))[0]


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> list[np.ndarray]:
    """Free portraits before other backgrounds, 224×224: drawn ones leave the network in doubt."""
    folder = tmp_path_factory.mktemp("photos")
    demo_photos.write(folder, demo_photos.VALIDATION_BACKGROUNDS, count=12, originals=False, seed=1)
    found = [reader.read(path).rgb for path in sorted((folder / "Images").iterdir())]
    return [resize.fit_photo(one, 224, 224, "letterbox")[0] for one in found]


@pytest.fixture(scope="module")
def twin(model, photos):
    quantized = qat.quantize(model)
    qat.calibrate(quantized, model, [photo[None] for photo in photos])
    return quantized


@pytest.fixture(scope="module")
def int8_files(model, twin, photos) -> dict[str, bytes]:
    return {
        "int8_qat": convert.convert(twin, "int8_qat"),
        "int8_ptq": convert.convert(model, "int8_ptq", calibration=photos),
    }


@pytest.mark.parametrize("name", ["portraitnet", "portraitnet-lite"])
def test_the_shipped_weights_are_those_of_the_shipped_file(name):
    shipped_file = TFLiteNetwork((shipped.ASSETS / f"{name}-float32.tflite").read_bytes())
    weights, _ = store.load(store.find(name))
    photo = resize.fit_photo(portrait(0, 400, 300)[0], shipped_file.height, shipped_file.width, "letterbox")[0]
    assert np.abs(shipped_file(photo) - KerasNetwork(weights)(photo)).max() < 1e-3


@pytest.mark.parametrize("mode", ["int8_qat", "int8_ptq"])
def test_int8_file_keeps_the_contract(int8_files, model, photos, mode):
    found = report.inspect(int8_files[mode], KerasNetwork(model), photos)
    assert found.input == {"type": "uint8", "scale": 1.0, "zero_point": 0}
    assert found.output == {"type": "uint8", "scale": 1 / 256, "zero_point": 0}
    assert found.float_tensors == []
    assert found.xnnpack_partitions == 1
    assert set(found.operators) == {"CONV_2D", "DEPTHWISE_CONV_2D", "ADD", "RESIZE_BILINEAR", "DEPTH_TO_SPACE",
                                    "LOGISTIC", "QUANTIZE"}  # fmt: skip
    assert found.operators["QUANTIZE"] == 2  # uint8 → int8 at the input, int8 → uint8 at the output
    assert found.bytes < 2.4e6
    assert found.agreement > 0.98


@pytest.mark.parametrize("mode", ["int8_qat", "int8_ptq"])
def test_int8_scales(int8_files, mode):
    """Per channel for every kernel, depthwise included; the same around every resize."""
    interpreter = TFLiteNetwork(int8_files[mode]).interpreter

    def scales(index: int) -> np.ndarray:
        return interpreter._get_tensor_details(index, 0)["quantization_parameters"]["scales"]

    for operator in interpreter._get_ops_details():
        if operator["op_name"] in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            channels = interpreter._get_tensor_details(operator["outputs"][0], 0)["shape"][-1]
            assert len(scales(operator["inputs"][1])) == channels
        if operator["op_name"] in ("RESIZE_BILINEAR", "DEPTH_TO_SPACE"):
            assert scales(operator["inputs"][0]) == scales(operator["outputs"][0])


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


def parsed(content: bytes) -> tuple[schema.ModelT, schema.SubGraphT]:
    """A file's tables, to change, and its only graph."""
    file = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    return file, file.subgraphs[0]


def packed(file: schema.ModelT) -> bytes:
    builder = flatbuffers.Builder()
    builder.Finish(file.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def maker(graph: schema.SubGraphT, name: bytes) -> schema.OperatorT:
    """The operator whose output has this name."""
    return next(one for one in graph.operators if graph.tensors[one.outputs[0]].name == name)


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


def test_wrong_scales_are_seen(int8_files):
    """A kernel with one scale, a resize with two, a QUANTIZE too many: made by hand, for the exporter makes none."""
    file, graph = parsed(int8_files["int8_qat"])
    for constant in maker(graph, b"Conv1_relu/Relu6").inputs[1:]:
        quantization = graph.tensors[constant].quantization
        quantization.scale, quantization.zeroPoint = quantization.scale[:1], quantization.zeroPoint[:1]
    resized = graph.tensors[maker(graph, b"upsample_4/resize/ResizeBilinear").outputs[0]].quantization
    resized.scale = resized.scale * 2
    source = maker(graph, b"block_1_project/BiasAdd").outputs[0]
    copied = copy.deepcopy(graph.tensors[source])
    copied.name = b"copied"
    for operator in graph.operators:
        operator.inputs = [len(graph.tensors) if one == source else one for one in operator.inputs]
    graph.tensors.append(copied)
    conversion = copy.deepcopy(maker(graph, b"pixels/FakeQuantWithMinMaxArgs"))
    conversion.inputs, conversion.outputs = [source], [len(graph.tensors) - 1]
    graph.operators.insert(graph.operators.index(maker(graph, b"block_1_project/BiasAdd")) + 1, conversion)
    # XNNPACK would refuse the file.
    scales = report.scales_of(TFLiteNetwork(packed(file), keep_tensors=True).interpreter)
    assert scales.one_scale == ["Conv1_relu/Relu6"]
    assert scales.unequal_resizes == ["upsample_4/resize/ResizeBilinear"]
    assert scales.between == ["copied"]


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


def test_float32_file_equals_the_model(model, photos):
    found = report.inspect(convert.convert(model, "float32"), KerasNetwork(model), photos)
    assert found.max_difference < 1e-4
    assert (found.input["type"], found.output["type"]) == ("float32", "float32")


@pytest.mark.parametrize(("mode", "megabytes"), [("float16", 4.2), ("dynamic", 2.5)])
def test_smaller_float_files_stay_close(model, photos, mode, megabytes):
    found = report.inspect(convert.convert(model, mode), KerasNetwork(model), photos)
    assert found.bytes < megabytes * 1e6
    assert found.agreement > 0.98


def test_twin_before_training_is_close_to_its_model(model, twin, photos):
    exact, rounded = KerasNetwork(model), KerasNetwork(twin)
    agreement = np.mean([(exact(photo) > 0.5) == (rounded(photo) > 0.5) for photo in photos])
    assert agreement > 0.98


def test_int8_io_is_shifted_by_128(twin, int8_files, photos):
    signed = TFLiteNetwork(convert.convert(twin, "int8_qat", io="int8"))
    unsigned = TFLiteNetwork(int8_files["int8_qat"])
    assert signed.interpreter.get_input_details()[0]["quantization"] == (1.0, -128)
    assert np.array_equal(signed(photos[0]), unsigned(photos[0]))


@pytest.mark.parametrize(
    ("mode", "io", "words"),
    [
        ("float32", "uint8", "--io=uint8"),
        ("int8_ptq", None, "--calibration_records"),
        ("int8_qat", None, "--quantize"),
        ("int4", None, "float16"),
    ],
)
def test_what_does_not_go_together_is_refused(model, mode, io, words):
    with pytest.raises(InputError, match=words):
        convert.convert(model, mode, io)


def foreign(names: tuple[str, str], channels: int = 1) -> bytes:
    """Another segmenter: the mean of the channels, said to be a probability."""
    fixed = tf.TensorSpec((1, 32, 32, 3), tf.float32, name=names[0])

    @tf.function(input_signature=[fixed])
    def mean(image):
        return {names[1]: tf.repeat(tf.reduce_mean(image, -1, keepdims=True), channels, -1)}

    return tf.lite.TFLiteConverter.from_concrete_functions([mean.get_concrete_function()], tf.Module()).convert()


def test_files_of_another_contract_are_refused():
    assert TFLiteNetwork(foreign(("image", "foreground")))(np.zeros((32, 32, 3), np.uint8)).shape == (32, 32)
    for content, words in (
        (foreign(("input_1", "activation")), "no signature image → foreground"),
        (foreign(("image", "foreground"), channels=2), r"\[1, 32, 32, 2\]"),
    ):
        with pytest.raises(InputError, match=words):
            TFLiteNetwork(content)


@pytest.mark.skipif(not (SHARED / "peers").is_dir(), reason="needs other projects' .tflite files in ../shared")
@pytest.mark.parametrize("name", ["selfie_segmentation", "selfie_multiclass_256x256"])
def test_peers_are_refused(name):
    """The selfie model has our shapes and types, and expects 0..1."""
    with pytest.raises(InputError, match=rf"{name}.*not a PortraitNet file"):
        TFLiteNetwork(SHARED / f"peers/{name}.tflite")
