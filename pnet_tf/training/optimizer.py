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


class Adam(keras.optimizers.Adam):
    """Keras' Adam with TensorFlow's one kernel for the update in place of a dozen operations for each variable.

    The same arithmetic on the same variables, under the same names in a checkpoint; a step is traced much sooner.
    """

    def update_step(self, gradient: tf.Tensor, variable: tf.Variable) -> None:
        """Kingma and Ba 2015, the end of section 2: the step size carries the bias correction."""
        index = self._index_dict[self._var_key(variable)]
        step = tf.cast(self.iterations + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].handle,
            v=self._velocities[index].handle,
            beta1_power=tf.pow(self.beta_1, step),
            beta2_power=tf.pow(self.beta_2, step),
            lr=tf.cast(self.learning_rate, variable.dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )


def make(settings: config.Training, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    """Adam with PyTorch's and the paper's β and ε; weight decay is the step's business (L2 in the gradient)."""
    return Adam(Schedule(settings, steps_per_epoch), beta_1=0.9, beta_2=0.999, epsilon=1e-8)
