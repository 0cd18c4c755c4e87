"""The head that takes in the photo's detail."""

import numpy as np
import pytest

from pnet_tf import config, fields, store
from pnet_tf.errors import InputError
from pnet_tf.model import guided, portraitnet

SMALL = config.Model(width=0.35, input_height=64, input_width=96, head_rate=2)
GUIDED = config.Model(width=0.35, input_height=64, input_width=96, head_rate=2, guided_head=True)


def photo() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (1, 64, 96, 3)).astype(np.float32)


def test_logits_are_those_of_the_head_and_gain_times_detail():
    """With gains of one (two at the lower right pixels) and a head of zeros the logit is the photo's detail itself."""
    model = portraitnet.build(GUIDED)
    for name in (portraitnet.MASK_HEAD, guided.GAIN):
        layer = model.get_layer(name)
        layer.set_weights([np.zeros_like(one) for one in layer.get_weights()])
    model.get_layer(guided.GAIN).bias.assign([1, 1, 1, 2])
    logits = model(photo(), training=False)[fields.MASK_LOGITS].numpy()[0]
    grey = photo()[0] @ (0.299, 0.587, 0.114) - np.dot((123.68, 116.78, 103.94), (0.299, 0.587, 0.114))
    grey *= 0.017
    for row, column in ((10, 20), (11, 20), (10, 21), (11, 21)):
        window = grey[10:13, 20:23]
        gain = 2 if (row, column) == (11, 21) else 1
        difference = logits[row, column, 1] - logits[row, column, 0]
        assert difference == pytest.approx(gain * (grey[row, column] - window.mean()), abs=1e-4)


def test_first_weights_of_a_plain_head_give_the_plain_answer(tmp_path):
    source, target = config.Experiment(model=SMALL), config.Experiment(model=GUIDED)
    plain, model = store.build(source), store.build(target)
    store.save(plain, source, tmp_path)
    store.initialise(model, GUIDED, tmp_path)
    before, after = (one(photo(), training=False)[fields.MASK_LOGITS].numpy() for one in (plain, model))
    assert np.array_equal(before, after)


def test_scaled_logits_scale_the_gains_too():
    model = portraitnet.build(GUIDED)
    gain = model.get_layer(guided.GAIN)
    gain.kernel.assign(np.random.default_rng(1).normal(size=gain.kernel.shape))
    before = np.diff(model(photo(), training=False)[fields.MASK_LOGITS])
    store.scale_logits(model, 2)
    after = np.diff(model(photo(), training=False)[fields.MASK_LOGITS])
    assert np.abs(after - 2 * before).max() < 1e-4 * np.abs(before).max()


@pytest.mark.parametrize("other", [{"head_rate": 1}, {"network": "reference", "head_rate": 1}, {"network": "enet"}])
def test_networks_without_such_a_head_refuse_it(other):
    with pytest.raises(InputError, match="guided_head"):
        config.Model(guided_head=True, **other)
