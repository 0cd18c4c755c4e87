"""What changes as a run goes on: learning rate, input size, the encoder's rest; and when it ends early."""

import json

import numpy as np
import pytest

from pnet_tf import config, evaluation, store
from pnet_tf.errors import InputError
from pnet_tf.metrics import masks
from pnet_tf.model import weights
from pnet_tf.stack import tf
from pnet_tf.training import loop, optimizer, phases
from tiny_runs import Stopped, fit, stop_after, tiny


@pytest.mark.parametrize(
    ("schedule", "epoch", "expected"),
    [
        ("paper", 0, 1e-3),
        ("paper", 20, 0.95e-3),  # section 4.3: lr · 0.95^(epoch/20)
        ("paper", 10, 1e-3 * 0.95**0.5),
        ("paper_steps", 19.8, 1e-3),
        ("paper_steps", 45, 1e-3 * 0.95**2),
        ("cosine", 50, 0.5e-3),
        ("cosine", 100, 0.0),
        ("constant", 77, 1e-3),
    ],
)
def test_learning_rate(schedule, epoch, expected):
    settings = config.Training(epochs=100, schedule=schedule)
    assert float(optimizer.Schedule(settings, 5)(epoch * 5)) == pytest.approx(expected, abs=1e-9)


def test_warm_up_is_linear():
    rate = optimizer.Schedule(config.Training(schedule="constant", warmup_steps=4), 5)
    assert [float(rate(step)) for step in range(5)] == pytest.approx([0.25e-3, 0.5e-3, 0.75e-3, 1e-3, 1e-3])


def test_phases_on_paper():
    """10 epochs of 5 steps: 32 until epoch 2, 64 until 6, then 96; the encoder rests for 4."""
    experiment = tiny(
        epochs=10, progressive_sizes="32:2,64:6", frozen_encoder_epochs=4, input_height=96, input_width=192
    )
    found = [(one.start, one.end, one.height, one.width, one.encoder_frozen) for one in phases.plan(experiment, 5)]
    assert found == [
        (0, 10, 32, 64, True),
        (10, 20, 64, 128, True),
        (20, 30, 64, 128, False),
        (30, 50, 96, 192, False),
    ]


@pytest.mark.parametrize("text", ["64", "64:2,", "60:2", "64:4,96:2", "64:0", "a:b"])
def test_progressive_sizes_are_checked(text):
    with pytest.raises(InputError, match="progressive_sizes"):
        tiny(progressive_sizes=text)


def test_progressive_width_must_fit():
    with pytest.raises(InputError, match="gives no width"):
        phases.plan(tiny(input_height=160, input_width=288, progressive_sizes="96:1"), 5)
    with pytest.raises(InputError, match="none is left at full size"):
        phases.plan(tiny(epochs=2, progressive_sizes="32:2"), 5)


def test_sizes_grow_and_the_encoder_rests(small_network, records, tmp_path):
    """Stopped within the second phase and resumed, too."""
    experiment = tiny(epochs=3, progressive_sizes="32:1", frozen_encoder_epochs=2, ema_decay=0.5)
    first, sheets = {}, []

    def remember(model):
        first.update({name: one.numpy() for name, one in weights.named_variables(model).items()})

    with pytest.raises(Stopped):
        fit(records, tmp_path / "m", experiment, initialise=remember, watchers=loop.Watchers(on_step=stop_after(5)))
    state = tf.train.load_checkpoint(str(tmp_path / "m/checkpoints/step-3"))
    assert state.get_tensor("step/.ATTRIBUTES/VARIABLE_VALUE") == 3
    model, _ = store.load(tmp_path / "m")
    after = {name: one.numpy() for name, one in weights.named_variables(model).items()}
    encoder = weights.encoder_variables(model)
    assert all(np.array_equal(first[name], after[name]) for name in encoder)
    assert not np.array_equal(first["mask_head/kernel"], after["mask_head/kernel"])
    fit(records, tmp_path / "m", experiment, watchers=loop.Watchers(on_panels=lambda *one: sheets.append(one)))
    assert [step for step, _ in sheets] == [6, 9]
    assert [entry["step"] for entry in json.loads((tmp_path / "m/history.json").read_text())] == [3, 6, 9]


def test_patience_ends_a_run_that_gets_no_better(small_network, monkeypatch, records, tmp_path):
    scores = iter([0.5, 0.6, 0.6, 0.55, 0.9])

    def evaluate(*_):
        one = dict.fromkeys((masks.FOREGROUND_IOU, masks.BOUNDARY_IOU), next(scores))
        return {evaluation.NETWORK_SIZE: one, evaluation.PHOTO_SIZE: one}

    monkeypatch.setattr(evaluation, "evaluate", evaluate)
    experiment = tiny(epochs=9, patience=2)
    assert len(fit(records, tmp_path / "m", experiment)) == 4  # two validations after the best one
    assert len(fit(records, tmp_path / "m", experiment)) == 4  # and it stays ended
