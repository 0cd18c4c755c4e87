"""The authors' network as deployed graph and .tflite file."""

import numpy as np
import pytest

from pnet_tf import fields
from pnet_tf.export import convert, report
from pnet_tf.model import deploy
from pnet_tf.model.predict import KerasNetwork
from pnet_tf.quantize import qat
from small_reference import lively, photos

UPSAMPLINGS = ("deconvolution", "depthwise", "bilinear")


def images() -> list[np.ndarray]:
    return [photo.astype(np.uint8) for photo in photos()]


@pytest.mark.parametrize("values", [*({"upsampling": kind} for kind in UPSAMPLINGS), {"prior": True}], ids=str)
def test_deployed_graph_equals_the_softmax_model(values):
    model = lively(**values)
    raw = photos()
    empty = np.zeros((2, 64, 96, model.input.shape[-1] - 3), np.float32)
    logits = model(np.concatenate([raw, empty], -1), training=False)[fields.MASK_LOGITS].numpy().astype(np.float64)
    softmax = np.exp(logits[..., 1]) / np.exp(logits).sum(-1)
    deployed = deploy.fold(model)
    assert deployed.input_shape == (None, 64, 96, 3)
    assert np.abs(deployed(raw).numpy()[..., 0] - softmax).max() < 1e-5
    assert np.ptp(softmax) > 0.05
    kinds = {type(layer).__name__ for layer in deployed.layers}
    assert not kinds & {"BatchNormalization", "Normalization", "DepthwiseDeconvolution"}
    assert not any("boundary" in layer.name for layer in deployed.layers)


def test_depthwise_deconvolution_in_a_float_file():
    model = lively(upsampling="depthwise")
    found = report.inspect(convert.convert(model, "float32"), KerasNetwork(model), images())
    assert found.max_difference < 1e-4
    assert "TRANSPOSE_CONV" not in found.operators


@pytest.mark.parametrize(("kind", "mode"), [("depthwise", "int8_qat"), ("bilinear", "int8_ptq")])
def test_int8_files(kind, mode):
    model = source = lively(upsampling=kind)
    if mode == "int8_qat":
        source = qat.quantize(model)
        qat.calibrate(source, model, [image[None] for image in images()])
    found = report.inspect(convert.convert(source, mode, calibration=images()), KerasNetwork(source), images())
    assert found.float_tensors == [] and found.xnnpack_partitions == 1
    assert found.input == {"type": "uint8", "scale": 1.0, "zero_point": 0}
    assert found.max_difference < 0.08
