"""A model directory's weights as another network's first: what arrives, and what is noted."""

import numpy as np
import pytest

from pnet_tf import config, store
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
