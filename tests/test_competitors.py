"""The paper's competitors: their sizes to the parameter, and every block against NumPy with the same random weights."""

import numpy as np
import pytest

import forward as f
from network_recipes import trains_resumes_exports_and_evaluates
from pnet_tf import config, fields
from pnet_tf.errors import InputError
from pnet_tf.model import bisenet, deploy, enet, summary
from pnet_tf.model.build import build
from pnet_tf.stack import keras, tf

CLOSE = 1e-4


@pytest.mark.parametrize(("network", "parameters", "giga"), [("enet", 355_542, 0.364), ("bisenet", 11_896_664, 2.31)])
def test_sizes(network, parameters, giga):
    """What the paper's Table 5 rests on; BiSeNet+ has six parameters more."""
    model = build(config.Model(network=network))
    found = summary.inference_size(model)
    assert found.parameters == parameters and found.multiply_adds / 1e9 == pytest.approx(giga, rel=0.01)
    assert summary.model_size(model).parameters - parameters == (6 if network == "bisenet" else 0)
    assert model.output[fields.MASK_LOGITS].shape[1:] == (224, 224, 2)


def block(shape, make, seed=0):
    """A block's output for a random picture, the picture, and its weights by layer, drawn at random; all float64."""
    rng = np.random.default_rng(seed)
    inputs = keras.Input(shape)
    model = keras.Model(inputs, make(inputs))
    for weight in model.weights:
        low, high = (0.5, 1.5) if "variance" in weight.name or "gamma" in weight.name else (-0.5, 0.5)
        weight.assign(rng.uniform(low, high, weight.shape))
    picture = rng.normal(size=shape)
    found = model(picture[None].astype(np.float32), training=False)
    found = [one.numpy()[0] for one in tf.nest.flatten(found)]
    layers = {layer.name: [np.asarray(one, np.float64) for one in layer.get_weights()] for layer in model.layers}
    return found[0], picture, lambda name: layers[name]


def drawn(model: keras.Model) -> keras.Model:
    """The model with weights of a seed: kernels as He has them, batch norms that change something."""
    rng = np.random.default_rng(1)
    for weight in model.weights:
        if "kernel" in weight.name:
            weight.assign(rng.normal(0, np.sqrt(2 / np.prod(weight.shape[:-1])), weight.shape))
        elif weight.dtype.is_floating:
            low, high = (0.8, 1.2) if "variance" in weight.name or "gamma" in weight.name else (-0.1, 0.3)
            weight.assign(rng.uniform(low, high, weight.shape))
    return model


def in_turn(x, w, name, act, **options):
    """Convolution, batch norm and activation of a layer's name."""
    return act(f.norm(f.conv(x, w(name)[0], **options), w(f"{name}_BN")))


@pytest.mark.parametrize(("size", "dilation"), sorted(set(enet.CONTEXT)))
@pytest.mark.parametrize("relu", [False, True])
def test_enet_bottleneck(size, dilation, relu):
    found, x, w = block((18, 20, 8), lambda t: enet.bottleneck(t, "b", 0.1, size, dilation, relu))
    slope = 0.0 if relu else w("b_slope")[0].item()
    branch = in_turn(x, w, "b_narrow", lambda y: f.prelu(y, slope))
    if size == 5:
        branch = in_turn(branch, w, "b_column", lambda y: f.prelu(y, slope), pad=(2, 0))
        branch = in_turn(branch, w, "b_row", lambda y: f.prelu(y, slope), pad=(0, 2))
    else:
        branch = in_turn(branch, w, "b_middle", lambda y: f.prelu(y, slope), pad=dilation, dilation=dilation)
    branch = in_turn(branch, w, "b_widen", lambda y: f.prelu(y, slope))
    assert np.abs(found - f.prelu(x + branch, slope)).max() < CLOSE


def test_enet_down_and_up():
    """What goes down by its largest pixels comes up at their places."""
    made = {}

    def both(t):
        small, places = enet.down(t, 12, "d", 0.1)
        made["up"] = enet.up(small, places, 8, "u", 0.1)
        return [made["up"], small]

    found, x, w = block((8, 10, 8), both)
    slope = w("d_slope")[0].item()
    pooled, places = f.pool(x, 2, 2)
    branch = in_turn(x, w, "d_narrow", lambda y: f.prelu(y, slope), stride=2)
    branch = in_turn(branch, w, "d_middle", lambda y: f.prelu(y, slope), pad=1)
    branch = in_turn(branch, w, "d_widen", lambda y: f.prelu(y, slope))
    small = f.prelu(np.pad(pooled, ((0, 0), (0, 0), (0, 4))) + branch, slope)
    spread = f.unpool(f.norm(f.conv(small, w("u_main")[0]), w("u_main_BN")), places)
    branch = in_turn(small, w, "u_narrow", f.relu)
    branch = f.relu(f.norm(f.deconv(branch, w("u_middle")[0]), w("u_middle_BN")))
    branch = in_turn(branch, w, "u_widen", f.relu)
    assert np.abs(found - f.relu(spread + branch)).max() < CLOSE


def test_enet_pool_takes_the_first_of_equals():
    picture = np.zeros((1, 2, 4, 1), np.float32)
    picture[0, :, 2:, 0] = [[-3, -1], [-1, -2]]
    largest, places = enet.Pool()(picture)
    assert largest.numpy().ravel().tolist() == [0, -1]
    assert places.numpy()[0, 0].tolist() == [[True, False, False, False], [False, True, False, False]]


def test_enet_initial():
    found, x, w = block((8, 10, 3), enet.initial)
    joined = np.dstack([f.conv(x, w("initial_conv")[0], stride=2, pad=1), f.pool(x, 3, 2, 1)[0]])
    assert np.abs(found - f.prelu(f.norm(joined, w("initial_BN")), w("initial_slope")[0].item())).max() < CLOSE


@pytest.mark.parametrize(("channels", "stride"), [(8, 1), (12, 2), (12, 1)])
def test_bisenet_residual(channels, stride):
    found, x, w = block((8, 10, 8), lambda t: bisenet.residual(t, channels, stride, "r"))
    branch = in_turn(x, w, "r_1", f.relu, stride=stride, pad=1)
    branch = f.norm(f.conv(branch, w("r_2")[0], pad=1), w("r_2_BN"))
    if (channels, stride) != (8, 1):
        x = f.norm(f.conv(x, w("r_fit")[0], stride=stride), w("r_fit_BN"))
    assert np.abs(found - f.relu(branch + x)).max() < CLOSE


def test_bisenet_attention_and_fusion():
    found, x, w = block((6, 7, 8), lambda t: bisenet.attention(t, "a"))
    kernel, bias = w("a")
    assert np.abs(found - x * f.sigmoid(x.mean((0, 1)) @ kernel[0, 0] + bias)).max() < CLOSE
    found, x, w = block((6, 7, 8), lambda t: bisenet.fusion(t, 2, "f"))
    kernel, bias = w("f")
    y = f.relu(f.norm(f.conv(x, kernel, bias, pad=1), w("f_BN")))
    weights = y.mean((0, 1))
    for name, act in (("f_inner", f.relu), ("f_outer", f.sigmoid)):
        kernel, bias = w(name)
        weights = act(weights @ kernel[0, 0] + bias)
    assert np.abs(found - (y + y * weights)).max() < CLOSE


def test_bisenet_joins_its_paths():
    """The whole of it at a small size, from the raw picture to both heads."""
    model = drawn(build(config.Model(network="bisenet", input_height=64, input_width=32)))
    raw = np.random.default_rng(0).uniform(0, 255, (64, 32, 3))
    found = {name: one.numpy()[0] for name, one in model(raw[None].astype(np.float32), training=False).items()}
    w = {layer.name: [np.asarray(one, np.float64) for one in layer.get_weights()] for layer in model.layers}.get
    image = (raw - np.array([123.68, 116.78, 103.94])) * 0.017
    spatial = image
    for channels in (64, 128, 256):
        name = f"spatial_{channels}"
        kernel, bias = w(name)
        spatial = f.relu(f.norm(f.conv(spatial, kernel, bias, 2, 1), w(f"{name}_BN")))
    x = f.pool(in_turn(image, w, "context_first", f.relu, stride=2, pad=3), 3, 2, 1)[0]
    made = []
    for stage, (_, stride) in enumerate(bisenet.RESNET18, 1):
        for place, step in (("a", stride), ("b", 1)):
            name = f"context_{stage}{place}"
            branch = in_turn(x, w, f"{name}_1", f.relu, stride=step, pad=1)
            branch = f.norm(f.conv(branch, w(f"{name}_2")[0], pad=1), w(f"{name}_2_BN"))
            if w(f"{name}_fit"):
                x = f.norm(f.conv(x, w(f"{name}_fit")[0], stride=step), w(f"{name}_fit_BN"))
            x = f.relu(branch + x)
        made.append(x)
    attended = []
    for x, name in zip(made[-2:], ("attention_16", "attention_32"), strict=True):
        attended.append(x * f.sigmoid(x.mean((0, 1)) @ w(name)[0][0, 0] + w(name)[1]))
    deep = attended[1] * made[-1].mean((0, 1))
    joined = np.dstack([spatial, f.enlarged(attended[0], 2), f.enlarged(deep, 4)])
    kernel, bias = w("fusion")
    y = f.relu(f.norm(f.conv(joined, kernel, bias, pad=1), w("fusion_BN")))
    weights = f.relu(y.mean((0, 1)) @ w("fusion_inner")[0][0, 0] + w("fusion_inner")[1])
    y = y + y * f.sigmoid(weights @ w("fusion_outer")[0][0, 0] + w("fusion_outer")[1])
    for output, head in ((fields.MASK_LOGITS, "mask_head"), (fields.BOUNDARY_LOGITS, "boundary_head")):
        kernel, bias = w(head)
        expected = f.conv(f.enlarged(y, 8), kernel, bias)
        assert np.abs(found[output] - expected).max() < CLOSE * max(1, np.abs(expected).max())


@pytest.mark.parametrize("network", ["enet", "bisenet"])
def test_folding_changes_nothing(network):
    model = drawn(build(config.Model(network=network, input_height=64, input_width=96)))
    photos = np.random.default_rng(1).uniform(0, 255, (2, 64, 96, 3)).astype(np.float32)
    for _ in range(30):
        model(photos, training=True)  # statistics that are these photos', so that nothing explodes
    logits = model(photos, training=False)[fields.MASK_LOGITS].numpy().astype(np.float64)
    folded = deploy.fold(model)
    assert np.abs(folded(photos).numpy()[..., 0] - f.sigmoid(logits[..., 1] - logits[..., 0])).max() < 1e-3
    names = {layer.name for layer in folded.layers}
    assert not [name for name in names if "dropout" in name or "boundary" in name]
    left = {"initial_BN", "stage4_up_middle_BN", "stage5_up_middle_BN"}  # what a join or a crop precedes
    assert {name for name in names if name.endswith("_BN")} == (left if network == "enet" else set())


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"network": "enet"}, "boundary_weight=0.3: network=enet has no boundary head"),
        ({"network": "enet", "boundary_weight": 0.0, "width": 0.5}, "width=0.5: network=enet has nothing of the kind"),
        ({"network": "bisenet", "finest_skip": 2}, "finest_skip=2: network=bisenet"),
        ({"network": "bisenet", "quantize": True}, "network=bisenet has no int8 twin"),
        ({"network": "bisenet", "frozen_encoder_epochs": 1}, "network=bisenet has no pretrained encoder"),
        ({"network": "bisenet", "input_height": 200}, "the nearest sizes are 192 and 224"),
    ],
)
def test_what_a_network_cannot_carry(values, line):
    with pytest.raises(InputError, match=line):
        config.Experiment().replace(**values)


@pytest.mark.parametrize("preset", ["enet", "bisenet_plus"])
def test_the_road(preset, records, tmp_path):
    trains_resumes_exports_and_evaluates(preset, records, tmp_path)


@pytest.mark.parametrize("network", ["enet", "bisenet", "portraitfcn"])
def test_a_competitor_needs_no_preset(network, capsys):
    """Without --preset it starts from its own, not from PortraitNet's settings, which it would refuse."""
    from pnet_tf_tools import train

    assert train.main(["--summary", f"--network={network}"]) == 0
    assert network in capsys.readouterr().out
