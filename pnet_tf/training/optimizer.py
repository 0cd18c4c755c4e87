"""Adam and the learning rate over time (paper, section 4.3)."""

import math

from pnet_tf import config
from pnet_tf.stack import keras, tf


class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """The learning rate at a step: a linear warm-up, then the schedule that the settings name."""

    def __init__(self, settings: config.Training, steps_per_epoch: int):
        self._settings = settings
        self._steps_per_epoch = steps_per_epoch

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        settings, step = self._settings, tf.cast(step, tf.float32)
        total = float(settings.epochs * self._steps_per_epoch)
        if settings.schedule == "paper":
            factor = 0.95 ** (step / self._steps_per_epoch / 20.0)
        elif settings.schedule == "paper_steps":
            factor = 0.95 ** tf.floor(step / self._steps_per_epoch / 20.0)
        elif settings.schedule == "cosine":
            factor = 0.5 * (1 + tf.cos(math.pi * tf.minimum(step / total, 1.0)))
        else:
            factor = 1.0
        warm = tf.minimum((step + 1) / max(settings.warmup_steps, 1), 1.0)
        return settings.learning_rate * warm * factor

    def get_config(self) -> dict:
        raise NotImplementedError("a run is described by its config.json, not by Keras' serialisation")


def make(settings: config.Training, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    """Adam with PyTorch's and the paper's β and ε; weight decay is the step's business (L2 in the gradient)."""
    return keras.optimizers.Adam(Schedule(settings, steps_per_epoch), beta_1=0.9, beta_2=0.999, epsilon=1e-8)
