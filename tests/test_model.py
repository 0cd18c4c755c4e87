import numpy as np
import pytest

from helpers import sharpen_batch_norm
from pnet_tf import config, fields
from pnet_tf.errors import InputError
from pnet_tf.model import deploy, encoder, portraitnet, weights
from pnet_tf.stack import keras

SMALL = {"input_height": 64, "input_width": 96}


def photo(batch: int = 2, height: int = 64, width: int = 96) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (batch, height, width, 3)).astype(np.float32)


@pytest.mark.parametrize("width", config.ENCODER_WIDTHS)
def test_every_width_keeps_the_input_size(width):
    model = portraitnet.build(config.Model(width=width, **SMALL))
    shapes = {name: tuple(out.shape) for name, out in model.output.items()}
    assert shapes == {fields.MASK_LOGITS: (None, 64, 96, 2), fields.BOUNDARY_LOGITS: (None, 64, 96, 2)}


def test_a_seed_gives_the_same_weights_the_first_time_and_later():
    """What is made once, MobileNetV2 of the applications, draws from no caller's seed."""
    encoder._template.cache_clear()
    arrays = []
    for _ in range(2):
        keras.utils.set_random_seed(0)
        arrays.append(portraitnet.build(config.Model(width=0.35, **SMALL)).get_weights())
    assert all(np.array_equal(one, other) for one, other in zip(*arrays, strict=True))


def test_the_finest_skip_feeds_the_last_d_block():
    """At width 1 it costs no weight; what the decoder sees of rate 2 comes through it alone."""
    plain, skipping = (portraitnet.build(config.Model(finest_skip=rate, **SMALL)) for rate in (4, 2))
    assert plain.count_params() == skipping.count_params()
    decoder_inputs = [model.get_layer("decode_2_sep1").input.name for model in (plain, skipping)]
    assert "upsample_4" in decoder_inputs[0] and "fuse_2" in decoder_inputs[1]


def test_heads_at_half_resolution_continue_those_at_full(tmp_path):
    """Rewritten for 2×2 pixels each, they give the same logits as behind the bilinear resize, but for the frame."""
    full, half = (portraitnet.build(config.Model(head_rate=rate, **SMALL)) for rate in (1, 2))
    sharpen_batch_norm(full)
    for head in (portraitnet.MASK_HEAD, portraitnet.BOUNDARY_HEAD):
        full.get_layer(head).bias.assign([-0.5, 0.5])
    weights.save(full, tmp_path / "full.npz")
    weights.load(half, tmp_path / "full.npz", full_rate_heads=True)
    assert half.get_layer(portraitnet.MASK_HEAD).output.shape == (None, 32, 48, 8)
    for before, after in zip(full(photo()).values(), half(photo()).values(), strict=True):
        assert np.ptp(before) > 0.1  # not flat
        assert np.abs(after - before)[:, 2:-2, 2:-2].max() < 1e-5


@pytest.mark.parametrize("rates", [(1, 2), (2, 1)])
def test_heads_of_another_rate_do_not_load_as_they_are(rates, tmp_path):
    source, target = (portraitnet.build(config.Model(head_rate=rate, width=0.35, **SMALL)) for rate in rates)
    weights.save(source, tmp_path / "w.npz")
    with pytest.raises(InputError, match=r"mask_head/kernel is .* the network has"):
        weights.load(target, tmp_path / "w.npz")


def test_encoder_has_the_applications_variables():
    """Names and shapes of the whole encoder, so that weights of that family load."""
    ours = weights.encoder_variables(portraitnet.build(config.Model(**SMALL)))
    template = keras.applications.MobileNetV2(input_shape=(64, 96, 3), include_top=False, weights=None)
    theirs = {
        name: variable for name, variable in weights.named_variables(template).items() if not name.startswith("Conv_1")
    }
    assert {name: variable.shape for name, variable in ours.items()} == {n: v.shape for n, v in theirs.items()}


def test_encoder_equals_the_applications_network():
    """The same weights give the same stage outputs, away from the first row's and column's padding.

    Ours pads black before the normalisation, theirs the mean colour after it: with a photo of the
    mean colour's own value at the border there is no difference left.
    """
    model = portraitnet.build(config.Model(**SMALL))
    template = keras.applications.MobileNetV2(input_shape=(64, 96, 3), include_top=False, weights=None)
    sharpen_batch_norm(template)
    values = weights.named_variables(template)
    for name, variable in weights.encoder_variables(model).items():
        variable.assign(values[name])
    raw = photo(1)
    normalised = (raw - portraitnet.RGB_MEAN) * portraitnet.RGB_SCALE
    ours = keras.Model(model.input, model.get_layer(encoder.STAGES[8]).output)(raw, training=False)
    theirs = keras.Model(template.input, template.get_layer(encoder.STAGES[8]).output)(normalised, training=False)
    scale = np.abs(theirs).max()
    assert np.abs(ours - theirs)[:, :-3, :-3].max() < 1e-4 * scale  # the black border reaches three cells far


def test_no_batch_norm_has_keras_slow_momentum():
    model = portraitnet.build(config.Model(**SMALL))
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert {layer.momentum for layer in norms} == {0.9}
    assert not any(isinstance(layer, keras.layers.ZeroPadding2D) for layer in model.layers[2:])


def test_normalisation_is_the_papers():
    """Section 4.2, in R, G, B order: a pixel of the mean colour is 0, one step of 1/0.017 above it is 1."""
    model = portraitnet.build(config.Model(**SMALL))
    normalise = keras.Model(model.input, model.get_layer(portraitnet.NORMALISE).output)
    raw = np.zeros((1, 64, 96, 3), np.float32)
    raw[0, 0, 0] = (123.68, 116.78, 103.94)
    raw[0, 0, 1] = (123.68 + 1 / 0.017, 116.78, 103.94)
    out = normalise(raw).numpy()
    assert out[0, 0, 0] == pytest.approx([0, 0, 0], abs=1e-5)
    assert out[0, 0, 1] == pytest.approx([1, 0, 0], abs=1e-5)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"width": 0.35},
        {"fusion": "concatenate"},
        {"upsampling": "deconvolution", "width": 0.5},
        {"finest_skip": 2, "head_rate": 2},
        {"head_rate": 2, "edge_filter": True},
        {"finest_skip": 2, "width": 0.5},
    ],
    ids=str,
)
def test_deployed_graph_equals_the_softmax_model(settings):
    model = portraitnet.build(config.Model(**SMALL, **settings))
    sharpen_batch_norm(model)
    logits = model(photo(), training=False)[fields.MASK_LOGITS].numpy()
    softmax = np.exp(logits[..., 1]) / np.exp(logits).sum(-1)
    deployed = deploy.fold(model)
    assert np.abs(deployed(photo()).numpy()[..., 0] - softmax).max() < 1e-5
    assert np.ptp(softmax) > 1e-3
    kinds = {type(layer).__name__ for layer in deployed.layers}
    assert not kinds & {"BatchNormalization", "SeparableConv2D", "Normalization", "ZeroPadding2D"}
    assert not any("boundary" in layer.name for layer in deployed.layers)


def test_weights_round_trip_and_mismatch(tmp_path):
    first = portraitnet.build(config.Model(**SMALL, width=0.35))
    sharpen_batch_norm(first)
    weights.save(first, tmp_path / "w.npz")
    second = portraitnet.build(config.Model(**SMALL, width=0.35))
    weights.load(second, tmp_path / "w.npz")
    for one, two in zip(first.get_weights(), second.get_weights(), strict=True):
        assert np.array_equal(one, two)
    wider = portraitnet.build(config.Model(**SMALL, width=0.5))
    with pytest.raises(InputError, match=r"w\.npz.*another network"):
        weights.load(wider, tmp_path / "w.npz")


def test_pickled_weights_are_refused(tmp_path):
    np.savez(tmp_path / "evil.npz", **{"Conv1/kernel": np.array([object()], dtype=object)})
    with pytest.raises(InputError, match="plain arrays"):
        weights.load(portraitnet.build(config.Model(**SMALL, width=0.35)), tmp_path / "evil.npz")


def test_encoder_epsilon_is_made_good(tmp_path):
    """gamma·(x − mean)/sqrt(variance + 1e-5) is what our batch norm of epsilon 1e-3 must compute."""
    model = portraitnet.build(config.Model(**SMALL, width=0.35))
    arrays = {name: variable.numpy() for name, variable in weights.encoder_variables(model).items()}
    rng = np.random.default_rng(0)
    for name in arrays:
        if name.endswith(("gamma", "moving_variance")):
            arrays[name] = rng.uniform(1e-4, 1e-2, arrays[name].shape).astype(np.float32)
    np.savez(tmp_path / "encoder.npz", **arrays, **{"Conv_1/kernel": np.zeros((1, 1, 2, 2), np.float32)})
    weights.load_encoder(model, tmp_path / "encoder.npz", epsilon=1e-5)
    norm = model.get_layer("bn_Conv1")
    x = rng.normal(size=(1, 2, 2, norm.gamma.shape[0])).astype(np.float32)
    expected = arrays["bn_Conv1/gamma"] * x / np.sqrt(arrays["bn_Conv1/moving_variance"] + 1e-5)
    assert np.abs(norm(x, training=False) - expected).max() < 1e-5
