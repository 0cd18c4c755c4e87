"""The authors' network: against their stored answers, arithmetic in NumPy, and their parameter counts."""

import functools
import re
import sys

import numpy as np
import pytest

import legacy_pth
from helpers import SHARED, sharpen_batch_norm
from pnet_tf import config, fields, presets, store
from pnet_tf.data import mixture
from pnet_tf.errors import InputError
from pnet_tf.export import convert, report
from pnet_tf.model import build, decoder, deploy, portraitnet, reference, summary, torch_import, weights
from pnet_tf.model.predict import KerasNetwork
from pnet_tf.quantize import qat
from pnet_tf.runtime.network import TFLiteNetwork
from pnet_tf.stack import keras, tf

LAYOUT = SHARED / "weights/authors_layout"
GAIN = 0.45
UPSAMPLINGS = ("deconvolution", "depthwise", "bilinear")


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


# The authors' answers


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


# Arithmetic in NumPy


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


# Sizes


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


# The deployed graph and its files


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


def images() -> list[np.ndarray]:
    return [photo.astype(np.uint8) for photo in photos()]


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


# Checkpoints


VARIANTS = [
    {"upsampling": "deconvolution"},
    {"upsampling": "depthwise", "width": 0.5},
    {"upsampling": "bilinear", "width": 0.75, "prior": True},
]


@pytest.mark.parametrize("values", VARIANTS, ids=str)
def test_the_variant_is_told_by_the_state(values):
    first = lively(**values)
    state = state_of(first)
    found = torch_import.settings_of(state, "x.pth", 64, 96)
    assert found == settings(**values)
    second = build.build(found)
    torch_import.load(second, state, "x.pth")
    for one, two in zip(first.get_weights(), second.get_weights(), strict=True):
        assert np.array_equal(one, two)


def test_without_boundary_head_the_rest_is_read():
    first, second = lively(), build.build(settings())
    head = second.get_layer(portraitnet.BOUNDARY_HEAD).get_weights()[0]
    state = state_of(first)
    del state["edge.weight"]
    torch_import.load(second, state, "x.pth")
    assert np.array_equal(second.get_layer(portraitnet.BOUNDARY_HEAD).get_weights()[0], head)
    assert np.array_equal(second.get_layer("Conv1").get_weights()[0], first.get_layer("Conv1").get_weights()[0])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pred.weight": None}, "pred.weight missing"),
        ({"stage0.0.weight": None}, "stage0.0.weight missing"),
        ({"head.weight": np.zeros(3)}, "head.weight unknown"),
        (
            {"transit1.block.1.weight": np.zeros((1, 1, 3, 3))},
            r"transit1.block.1.weight is \(1, 1, 3, 3\).*\(33, 1, 3, 3\)",
        ),
        ({"deconv2.weight": np.zeros((16, 1, 4, 4))}, "deconv2.weight is"),
        ({"stage7.conv.6.weight": np.zeros((99, 336, 1, 1))}, r"x\.pth: width=0.309.*known widths"),
        ({"stage7.conv.6.weight": np.zeros(())}, "known widths"),
        ({"pred.weight": None, "a": np.zeros(1), "edge.weight": np.zeros(2)}, "pred.weight missing; a unknown; edge"),
    ],
    ids=str,
)
def test_what_does_not_match_is_listed(change, words):
    model = lively(upsampling="deconvolution")
    before = model.get_weights()
    state = {key: value for key, value in (state_of(model) | change).items() if value is not None}
    with pytest.raises(InputError, match=words) as caught:
        found = torch_import.settings_of(state, "x.pth", 64, 96)
        torch_import.load(model if found.width == 0.35 else build.build(found), state, "x.pth")
    assert "\n" not in str(caught.value)
    assert all(np.array_equal(one, two) for one, two in zip(before, model.get_weights(), strict=True))


def import_tool(capsys, *arguments) -> tuple[int, str, str]:
    from pnet_tf_tools import import_weights

    status = import_weights.main([str(one) for one in arguments])
    return status, *capsys.readouterr()


def test_the_tool_writes_a_model_directory(monkeypatch, capsys, tmp_path):
    """Everything but the reading of .pth files, so without PyTorch."""
    model = lively(prior=True)
    state = state_of(model)
    del state["edge.weight"]
    monkeypatch.setattr(torch_import, "read", lambda path: state)
    arguments = ("--checkpoint=x.pth", f"--output={tmp_path / 'm'}", "--input_height=64", "--input_width=96")
    status, shown, error = import_tool(capsys, *arguments)
    assert (status, error) == (0, "")
    assert "no boundary head" in shown and "prior" in shown
    loaded, experiment = store.load(tmp_path / "m")
    assert experiment.model == settings(prior=True)
    raw = photos(4)
    ours, theirs = (one(raw, training=False)[fields.MASK_LOGITS].numpy() for one in (loaded, model))
    assert np.array_equal(ours, theirs)
    status, _, error = import_tool(capsys, *arguments)
    assert status == 1 and "already there" in error


def test_pytorch_missing_is_one_line(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "torch", None)
    (tmp_path / "x.pth").write_bytes(b"a checkpoint")
    status, _, error = import_tool(capsys, f"--checkpoint={tmp_path / 'x.pth'}", f"--output={tmp_path / 'm'}")
    assert status == 1 and error.count("\n") == 1 and "pip install torch" in error
    assert not (tmp_path / "m").exists()


# Encoder weights


def test_encoder_of_an_npz_passes_the_first_expansion(tmp_path):
    """Weights of epsilon 1e-5 arrive as they are, and the block that they lack lets everything through."""
    values = {"width": 1.0}
    first, second = lively(**values), build.build(settings(**values))
    arrays = {
        name: variable.numpy()
        for name, variable in weights.encoder_variables(first).items()
        if not name.startswith("expanded_conv_expand")
    }
    np.savez(tmp_path / "encoder.npz", **arrays)
    weights.load_encoder(second, tmp_path / "encoder.npz")
    norms = [name for name in arrays if name.endswith("gamma")]
    assert all(np.allclose(weights.named_variables(second)[name], arrays[name], rtol=1e-6) for name in norms)
    raw = photos()
    before, after = (
        keras.Model(second.input, second.get_layer(name).output)(raw, training=False).numpy()
        for name in ("Conv1_relu", "expanded_conv_expand_relu")
    )
    assert np.abs(before - after).max() < 1e-5 and before.max() > 0.1


def keras_network(monkeypatch) -> keras.Model:
    """tf.keras.applications' network with made-up weights, which it then claims to have downloaded."""
    network = keras.applications.MobileNetV2((64, 96, 3), include_top=False, weights=None)
    sharpen_batch_norm(network)
    monkeypatch.setattr(weights, "keras", FakeKeras(network))
    return network


class FakeKeras:
    def __init__(self, network):
        self.applications = self
        self.network = network

    def MobileNetV2(self, *_, **options):
        assert options["weights"] == "imagenet"
        if self.network is None:
            raise Exception("URL fetch failure on https://storage.example: None -- no route")
        return self.network


def test_imagenet_weights_of_keras_compute_the_same(monkeypatch):
    """Input scale −1..1 against mean and 0.017: the same features, away from the padded row and column."""
    model = build.build(config.Model(input_height=64, input_width=96))
    network = keras_network(monkeypatch)
    weights.load_imagenet(model, 1.0)
    raw = photos()
    theirs = keras.Model(network.input, network.get_layer("block_2_add").output)(raw / 127.5 - 1, training=False)
    ours = keras.Model(model.input, model.get_layer("block_2_add").output)(raw, training=False)
    assert np.abs(ours - theirs)[:, :-3, :-3].max() < 1e-4 * np.abs(theirs).max()


def test_imagenet_epsilon_in_the_reference(monkeypatch):
    """gamma·(x − mean)/sqrt(variance + 1e-3), in a layer of epsilon 1e-5."""
    model = build.build(settings(width=1.0))
    network = keras_network(monkeypatch)
    weights.load_imagenet(model, 1.0)
    x = np.random.default_rng(0).normal(size=(1, 2, 2, 32)).astype(np.float32)
    ours, theirs = (one.get_layer("expanded_conv_depthwise_BN")(x, training=False) for one in (model, network))
    assert np.abs(ours - theirs).max() < 1e-5


def test_imagenet_without_a_network_is_one_line(monkeypatch, records, capsys, tmp_path):
    from pnet_tf_tools import train

    monkeypatch.setattr(weights, "keras", FakeKeras(None))
    flags = (f"--records={records[0]}", f"--val_records={records[1]}", f"--model_dir={tmp_path / 'm'}")
    assert train.main([*flags, "--preset=tiny", "--init_weights=imagenet"]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "could not download" in error and "no route" in error
    assert not (tmp_path / "m/config.json").exists()


# Settings


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
