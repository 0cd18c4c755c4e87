"""The deployed file's contract, on the shipped weights (random ones would not have sensible ranges)."""

import numpy as np
import pytest

from helpers import SHARED, portrait, sharpen_batch_norm
from pnet_tf import config, resize, store
from pnet_tf.errors import InputError
from pnet_tf.export import convert, report
from pnet_tf.model import portraitnet
from pnet_tf.model.predict import KerasNetwork
from pnet_tf.quantize import qat
from pnet_tf.quantize.quantizers import JoinedRange
from pnet_tf.runtime import shipped
from pnet_tf.runtime.network import TFLiteNetwork
from pnet_tf.stack import tf


@pytest.fixture(scope="module")
def model():
    return store.load(shipped.directory("portraitnet"))[0]


@pytest.fixture(scope="module")
def photos() -> list[np.ndarray]:
    """Real portraits where there are any, synthetic ones elsewhere; 224×224."""
    folder = SHARED / "data/eg1800/Images"
    if folder.is_dir():
        from pnet_tf.runtime import pictures

        found = [pictures.read(path) for path in sorted(folder.iterdir())[:12]]
    else:
        found = [portrait(seed, 400, 300)[0] for seed in range(12)]
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


@pytest.mark.parametrize("mode", ["int8_qat", "int8_ptq"])
def test_int8_file_keeps_the_contract(int8_files, model, photos, mode):
    found = report.inspect(int8_files[mode], KerasNetwork(model), photos)
    assert found.input == {"type": "uint8", "scale": 1.0, "zero_point": 0}
    assert found.output == {"type": "uint8", "scale": 1 / 256, "zero_point": 0}
    assert found.float_tensors == []
    assert found.xnnpack_partitions == 1
    assert set(found.operators) == {"CONV_2D", "DEPTHWISE_CONV_2D", "ADD", "RESIZE_BILINEAR", "LOGISTIC", "QUANTIZE"}
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
        if operator["op_name"] == "RESIZE_BILINEAR":
            assert scales(operator["inputs"][0]) == scales(operator["outputs"][0])


@pytest.mark.parametrize("settings", [{"upsampling": "deconvolution"}, {"fusion": "concatenate"}], ids=str)
def test_other_networks_export_to_int8(settings):
    """Random weights with lively batch norm; the file must follow its quantized Keras twin."""
    small = portraitnet.build(config.Model(input_height=64, input_width=64, width=0.35, **settings))
    sharpen_batch_norm(small)
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (64, 64, 3)).astype(np.uint8) for _ in range(4)]
    quantized = qat.quantize(small)
    qat.calibrate(quantized, small, [image[None] for image in images])
    for file, source in (
        (convert.convert(quantized, "int8_qat"), quantized),
        (convert.convert(small, "int8_ptq", calibration=images), small),
    ):
        found = report.inspect(file, KerasNetwork(source), images)
        assert found.float_tensors == [] and found.xnnpack_partitions == 1
        assert found.max_difference < 0.08
        if source is quantized:
            assert found.operators["QUANTIZE"] == 2  # at both ends, none between int8 operators


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
