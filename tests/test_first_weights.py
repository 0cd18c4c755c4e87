"""A model directory's weights as another network's first: what arrives, and what is noted."""

import numpy as np
import pytest

from pnet_tf import config, store
from pnet_tf.errors import InputError
from pnet_tf.model import weights
from pnet_tf_tools import runs


def test_weights_of_another_network_with_the_same_shapes_are_noted(tmp_path, capsys):
    """At width 1 the finest skip has no weight of its own that would tell the two networks apart."""
    source = config.Experiment().replace(input_height=64, input_width=64, finest_skip=2)
    store.save(store.build(source), source, tmp_path / "a")
    for settings, lines in (
        (source.replace(input_width=96), []),
        (
            source.replace(finest_skip=4),
            [f"note: the weights in {tmp_path / 'a'} were trained with finest_skip=2; this network has finest_skip=4"],
        ),
    ):
        runs.load_first(store.build(settings), tmp_path / "a", settings.model)
        assert capsys.readouterr().out.splitlines() == lines


@pytest.mark.parametrize(
    "settings, target, changed",
    [
        (config.Model(width=0.35, input_height=64, input_width=64), {"head_rate": 2}, ["kernel", "bias"]),
        (config.Model(network="reference", width=0.5, input_height=64, input_width=64), {}, []),
    ],
    ids=["full-rate heads", "reference"],
)
def test_a_model_directory_gives_first_weights(settings, target, changed, tmp_path):
    """All as they are, but for heads that are rewritten."""
    source = config.Experiment(model=settings)
    model = store.build(source)
    store.save(model, source, tmp_path)
    experiment = source.replace(**target)
    started = store.build(experiment)
    runs.load_first(started, tmp_path, experiment.model)
    before, after = (weights.named_variables(one) for one in (model, started))
    heads = {f"{head}/{name}" for head in ("mask_head", "boundary_head") for name in changed}
    assert {name for name in before if before[name].shape != after[name].shape} == heads
    assert all(np.array_equal(before[name], after[name]) for name in before.keys() - heads)


def test_another_decoder_begins_afresh_where_it_differs(tmp_path):
    """The encoder and whatever of the decoder has the same shape arrive; a missing encoder weight is still refused."""
    source = config.Experiment(model=config.Model(width=0.35, input_height=64, input_width=64))
    model = store.build(source)
    store.save(model, source, tmp_path)
    wider = source.replace(decoder_channels="96,32,24,16,16")
    started = store.build(wider)
    fresh = {name: one.numpy() for name, one in weights.named_variables(started).items()}
    runs.load_first(started, tmp_path, wider.model)
    before, after = (weights.named_variables(one) for one in (model, started))
    for name, variable in after.items():
        same_shape = name in before and before[name].shape == variable.shape
        expected = before[name].numpy() if same_shape else fresh[name]
        assert np.array_equal(variable, expected), name
    assert after["decode_2_sep2/pointwise_kernel"].shape == (1, 1, 16, 16)
    arrays = {name: one.numpy() for name, one in before.items() if name != "Conv1/kernel"}
    np.savez(tmp_path / store.WEIGHTS, **arrays)
    with pytest.raises(InputError, match="Conv1/kernel missing"):
        runs.load_first(started, tmp_path, wider.model)


def test_half_precision_is_read(tmp_path):
    source = config.Experiment(model=config.Model(width=0.35, input_height=64, input_width=64))
    model = store.build(source)
    halves = {name: one.numpy().astype(np.float16) for name, one in weights.named_variables(model).items()}
    np.savez(tmp_path / store.WEIGHTS, **halves)
    (tmp_path / store.CONFIG).write_text(source.to_json())
    loaded, _ = store.load(tmp_path)
    for name, variable in weights.named_variables(loaded).items():
        assert variable.dtype == "float32" and np.array_equal(variable, halves[name].astype(np.float32))
