"""The deployed file's contract, on the shipped weights (random ones would not have sensible ranges)."""

import copy

import numpy as np
import pytest

import photos as demo_photos
from helpers import portrait
from pnet_tf import resize, store
from pnet_tf.errors import InputError
from pnet_tf.export import convert, report
from pnet_tf.model.predict import KerasNetwork
from pnet_tf.pictures import reader
from pnet_tf.quantize import qat
from pnet_tf.runtime import shipped
from pnet_tf.runtime.network import TFLiteNetwork
from tflite_tables import maker, packed, parsed


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
