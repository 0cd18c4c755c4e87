"""The optimiser against Keras' own and against the published algorithm."""

import numpy as np
import pytest

from pnet_tf import config
from pnet_tf.stack import keras, tf
from pnet_tf.training import optimizer


def followed(one: keras.optimizers.Optimizer, first: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    variable = tf.Variable(first)
    one.build([variable])
    for gradient in gradients:
        one.apply_gradients([(tf.constant(gradient), variable)])
    return variable.numpy()


@pytest.fixture
def path() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(3, 4)).astype(np.float32), rng.normal(size=(20, 3, 4)).astype(np.float32)


def test_it_moves_as_keras_own(path):
    rate = optimizer.Schedule(config.Training(schedule="cosine", epochs=5, warmup_steps=3), 5)
    ours = followed(optimizer.make(config.Training(schedule="cosine", epochs=5, warmup_steps=3), 5), *path)
    theirs = followed(keras.optimizers.Adam(rate, epsilon=1e-8), *path)
    assert ours == pytest.approx(theirs, abs=1e-7)


def test_it_moves_as_the_algorithm_says(path):
    """Kingma and Ba 2015, Algorithm 1, in double precision."""
    first, gradients = path
    expected, mean, square = first.astype(np.float64), 0.0, 0.0
    for step, gradient in enumerate(gradients, 1):
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient.astype(np.float64) ** 2
        expected -= 1e-3 * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    ours = followed(optimizer.make(config.Training(schedule="constant"), 5), first, gradients)
    assert ours == pytest.approx(expected, abs=1e-5)


def test_a_checkpoint_of_keras_adam_is_read(path, tmp_path):
    """Runs that began with Keras' own go on."""
    first, gradients = path
    settings = config.Training(schedule="constant")
    theirs = keras.optimizers.Adam(optimizer.Schedule(settings, 5), epsilon=1e-8)
    variable = tf.Variable(first)
    theirs.build([variable])
    theirs.apply_gradients([(tf.constant(gradients[0]), variable)])
    saved = tf.train.Checkpoint(model=variable, optimizer=theirs).save(str(tmp_path / "step"))
    ours, other = optimizer.make(settings, 5), tf.Variable(first)
    ours.build([other])
    tf.train.Checkpoint(model=other, optimizer=ours).restore(saved).assert_existing_objects_matched()
    for one, mine in ((theirs, variable), (ours, other)):
        one.apply_gradients([(tf.constant(gradients[1]), mine)])
    assert other.numpy() == pytest.approx(variable.numpy(), abs=1e-7)
