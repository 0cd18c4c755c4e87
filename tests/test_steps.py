"""One training step: what it learns, adds and computes; and the benchmark that times it."""

import json

import numpy as np
import pytest

from pnet_tf import fields
from pnet_tf.losses.objective import objective
from pnet_tf.model import portraitnet
from pnet_tf.stack import keras, tf
from pnet_tf.training import benchmark
from pnet_tf.training.step import both_views, make_step
from pnet_tf_tools import train
from tiny_runs import tiny


def batch_of(size: int = 64, count: int = 2) -> dict:
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (count, size, size, 3)).astype(np.uint8)
    half = np.zeros((count, size, size), np.uint8)
    half[:, size // 2 :] = 1
    names = (fields.CLEAN, fields.TEXTURED, fields.MASK, fields.BOUNDARY)
    return {name: tf.constant(value) for name, value in zip(names, (photo, photo, half, half), strict=True)}


@pytest.fixture
def eagerly():
    """Runs without tracing, which takes longer than a handful of steps."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def test_steps_learn_one_batch_by_heart():
    model = portraitnet.build(tiny().model)
    step = make_step(model, keras.optimizers.Adam(3e-3), tiny())
    losses = [float(step(batch_of())[fields.LOSS_TOTAL]) for _ in range(30)]
    assert losses[-1] < 0.3 * losses[0]


def test_weight_decay_is_added_to_the_gradient(eagerly):
    """With plain gradient descent of rate 1, decay λ takes exactly λ·w more off a weight."""
    after = []
    for decay in (0.0, 0.25):
        keras.utils.set_random_seed(0)
        model = portraitnet.build(tiny().model)
        before = model.get_layer("Conv1").kernel.numpy()
        make_step(model, keras.optimizers.SGD(1.0), tiny(weight_decay=decay))(batch_of())
        after.append(model.get_layer("Conv1").kernel.numpy())
    tf.random.set_seed(None)
    assert np.abs((after[0] - after[1]) - 0.25 * before).max() < 1e-5


def test_the_teachers_answer_stands_in_for_that_of_the_records(eagerly):
    model, batch, asked = portraitnet.build(tiny().model), batch_of(), []

    def filled(value: int) -> tf.Tensor:
        return tf.fill(batch[fields.MASK].shape, tf.constant(value, tf.uint8))

    def teacher(views: tf.Tensor) -> tf.Tensor:
        asked.append(views)
        return filled(255)

    def loss(stored: int, teacher=None) -> float:
        step = make_step(model, keras.optimizers.SGD(0.0), tiny(distillation_weight=1.0), teacher=teacher)
        return float(step({**batch, fields.TEACHER: filled(stored)})[fields.LOSS_DISTILLATION])

    assert loss(0, teacher) == pytest.approx(loss(255), rel=1e-5) != pytest.approx(loss(0), rel=1e-2)
    assert np.array_equal(asked[0], batch[fields.CLEAN])


def test_averaged_weights_follow_with_a_short_memory_at_first(eagerly):
    model, averaged = (portraitnet.build(tiny().model) for _ in range(2))
    averaged.set_weights(model.get_weights())
    start = model.get_layer("Conv1").kernel.numpy()
    make_step(model, keras.optimizers.Adam(1e-2), tiny(ema_decay=0.99), averaged)(batch_of())
    moved, mean = (one.get_layer("Conv1").kernel.numpy() for one in (model, averaged))
    # After the first step the decay is (1 + 1)/(10 + 1).
    assert np.abs(mean - (2 / 11 * start + 9 / 11 * moved)).max() < 1e-6


def test_the_step_computes_what_the_plain_way_computes():
    """Loss and gradients of one pass over both views equal those of a pass for each and softmax losses."""
    model, experiment, batch = portraitnet.build(tiny().model), tiny(), batch_of()
    batch[fields.TEXTURED] = batch[fields.TEXTURED] // 2
    variables = model.trainable_variables

    def frozen(photos, training):  # in training, batch norm would see other batches
        return model(photos, training=False)

    with tf.GradientTape(persistent=True) as tape:
        ours = objective(*both_views(frozen, batch), batch, experiment.loss)[fields.LOSS_TOTAL]
        views = (fields.CLEAN, fields.TEXTURED)
        outputs = [model(tf.cast(batch[view], tf.float32), training=False) for view in views]
        plain = benchmark.plain_objective(outputs, batch, experiment.loss)
    assert float(ours) == pytest.approx(float(plain), rel=1e-5)
    for mine, theirs in zip(tape.gradient(ours, variables), tape.gradient(plain, variables), strict=True):
        assert np.abs(mine - theirs).max() <= 1e-4 * max(1e-3, np.abs(theirs).max())


def test_the_benchmark_refuses_what_the_plain_step_cannot_do(records, capsys):
    for flags in (["--preset=authors"], ["--distillation_weight=1"], ["--boundary_emphasis=1"]):
        arguments = ["--preset=tiny", *flags, "--batch_size=4", "--benchmark_steps=4", f"--records={records[0]}"]
        assert train.main(arguments) == 1 and "the plain step knows" in capsys.readouterr().err
    assert train.main(["--preset=tiny", "--benchmark_steps=4", f"--records={records[0]}", "--json=a.txt"]) == 1


def test_the_benchmark_times_both_kinds(small_network, records, tmp_path):
    arguments = ["--preset=tiny", "--benchmark_steps=4", f"--records={records[0]}", f"--json={tmp_path / 'b.json'}"]
    assert train.main(arguments) == 0
    found = json.loads((tmp_path / "b.json").read_text())
    assert found["steps"] == 4
    assert 0 < found["input_wait_share"] < 1
    assert found["ratio"] == pytest.approx(found["seconds_per_step"] / found["plain_seconds_per_step"])
