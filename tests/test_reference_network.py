"""The authors' network: against their stored answers and parameter counts, its settings, and their preset."""

import re

import numpy as np
import pytest

import legacy_pth
from helpers import SHARED
from pnet_tf import config, fields, presets, store
from pnet_tf.data import mixture
from pnet_tf.errors import InputError
from pnet_tf.export import convert
from pnet_tf.model import build, decoder, summary, torch_import
from pnet_tf.runtime.network import TFLiteNetwork
from pnet_tf.stack import keras
from small_reference import settings, state_of

LAYOUT = SHARED / "weights/authors_layout"


@pytest.fixture(scope="module")
def answers():
    if not LAYOUT.is_dir():
        pytest.skip("../shared/weights is not there")
    with np.load(LAYOUT / "dense_deconv_io.npz") as file:
        return {name: file[name].transpose(0, 2, 3, 1).astype(np.float32) for name in file.files}


@pytest.fixture(scope="module")
def authors(answers):
    state = legacy_pth.read(LAYOUT / "dense_deconv.pth")
    model = build.build(torch_import.settings_of(state, "dense_deconv.pth"))
    torch_import.load(model, state, "dense_deconv.pth")
    return model


def raw_pixels(answers) -> np.ndarray:
    """Undoes the authors' normalisation: B, G, R → raw R, G, B."""
    return (answers["input_nchw"][..., ::-1].astype(np.float64) / 0.017 + (123.68, 116.78, 103.94)).astype(np.float32)


def test_the_authors_logits(authors, answers):
    outputs = authors(raw_pixels(answers), training=False)
    for name, kind in ((fields.MASK_LOGITS, "mask"), (fields.BOUNDARY_LOGITS, "boundary")):
        ours, half = outputs[name].numpy(), answers[f"{kind}_logits_nchw"]
        assert np.abs(ours[:, :64, :64] - answers[f"{kind}_logits_nchw_f32_corner"]).max() < 1e-3
        rounding = np.spacing(np.abs(half).astype(np.float16)).astype(np.float32) / 2
        assert (np.abs(ours - half) < rounding + 1e-3).all()


def test_the_authors_probabilities_from_the_file(authors, answers):
    interpreter = TFLiteNetwork(convert.convert(authors, "float32")).interpreter
    (given,), (returned,) = interpreter.get_input_details(), interpreter.get_output_details()
    for raw, logits in zip(raw_pixels(answers), answers["mask_logits_nchw_f32_corner"], strict=True):
        interpreter.set_tensor(given["index"], raw[None])
        interpreter.invoke()
        foreground = 1 / (1 + np.exp(logits[..., 0] - logits[..., 1]))
        assert np.abs(interpreter.get_tensor(returned["index"])[0, :64, :64, 0] - foreground).max() < 1e-3


def test_every_key_of_the_authors_has_a_place():
    if not LAYOUT.is_dir():
        pytest.skip("../shared/weights is not there")
    lines = (LAYOUT / "state_dict.txt").read_text().splitlines()
    shapes = dict(re.fullmatch(r"(\S+) \((.*)\)", line).groups() for line in lines)
    theirs = {key: tuple(int(one) for one in text.split(",") if one.strip()) for key, text in shapes.items()}
    ours = state_of(build.build(settings(width=1.0, upsampling="deconvolution")))
    assert {key: value.shape for key, value in ours.items()} == theirs


@pytest.mark.parametrize(
    ("values", "parameters", "millions"),
    [
        ({"upsampling": "deconvolution"}, 2_080_760, 361.2),
        ({"upsampling": "depthwise"}, 1_905_400, 320.8),
        ({"upsampling": "bilinear"}, 1_902_584, 317.9),
        ({"upsampling": "deconvolution", "prior": True}, 2_081_048, 364.9),
        ({"upsampling": "deconvolution", "width": 0.75}, 1_194_492, 239.4),
        ({"upsampling": "deconvolution", "width": 0.5}, 558_936, 158.9),
    ],
    ids=str,
)
def test_the_authors_sizes(values, parameters, millions):
    model = build.build(config.Model(network="reference", **values))
    size = summary.inference_size(model)
    assert size.parameters == parameters
    assert round(size.multiply_adds / 1e6, 1) == millions
    if values == {"upsampling": "deconvolution"}:
        whole = summary.model_size(model)
        assert (whole.parameters, round(whole.multiply_adds / 1e6, 1)) == (2_080_904, 368.5)


def test_sizes_on_paper():
    """8×8×3: a biased 3×3 convolution of stride 2 to 4, batch norm, separable to 5, deconvolution to 2."""
    x = keras.Input((8, 8, 3))
    y = keras.layers.Conv2D(4, 3, 2, "same")(x)  # 3·3·3·4 + 4 at 4×4 pixels
    y = keras.layers.BatchNormalization()(y)  # 4 + 4
    y = keras.layers.SeparableConv2D(5, 3, padding="same", use_bias=False)(y)  # 3·3·4 and 4·5 at 4×4
    y = keras.layers.Conv2DTranspose(2, 4, 2, "same", use_bias=False)(y)  # 4·4·5·2 from 4×4
    size = summary.model_size(keras.Model(x, y))
    assert size.parameters == 108 + 4 + 8 + 36 + 20 + 160
    assert size.multiply_adds == 16 * (108 + 36 + 20 + 160)


def test_summary_needs_no_records(capsys):
    from pnet_tf_tools import train

    assert train.main(["--summary", "--preset=authors"]) == 0
    shown = capsys.readouterr().out
    assert "2,080,760         361.2 M" in shown and "2,080,904         368.5 M" in shown and "gamma" in shown


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"upsampling": "depthwise"}, "reference alone; use bilinear"),
        ({"prior": True}, "reference alone"),
        ({"network": "reference", "fusion": "concatenate"}, "adds"),
        ({"network": "unet"}, "portraitnet, reference"),
    ],
    ids=str,
)
def test_settings_that_do_not_go_together(values, words):
    with pytest.raises(InputError, match=words):
        config.Model(**values)


def test_the_reference_trains_by_the_authors_preset(records, tmp_path):
    from pnet_tf.training import loop

    small = {
        "input_height": 64,
        "input_width": 64,
        "width": 0.35,
        "upsampling": "depthwise",
        "epochs": 1,
        "batch_size": 6,
    }
    experiment = presets.authors().replace(**small)
    train, val = mixture.parse(records[0]), mixture.validation_sets(records[1])
    with pytest.raises(InputError, match="prior"):
        loop.fit(train, val, tmp_path / "p", experiment.replace(prior=True))
    first = {}
    loop.fit(
        train, val, tmp_path / "m", experiment, lambda model: first.update(conv1=model.get_layer("Conv1").get_weights())
    )
    trained = {layer.name: layer.get_weights() for layer in store.load(tmp_path / "m")[0].layers}
    assert np.array_equal(trained["upsample_32"][0], decoder.BilinearKernel()((4, 4, 33, 1)))
    assert not np.array_equal(trained["Conv1"][0], first["conv1"][0])
