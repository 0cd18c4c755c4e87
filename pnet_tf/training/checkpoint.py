"""What a run needs to go on: network, optimiser, average and step, complete or not there."""

import pathlib

from pnet_tf.errors import InputError
from pnet_tf.stack import keras, tf

FOLDER = "checkpoints"
KEPT = 2


class Checkpoints:
    """The two newest states of a run, in TensorFlow's own format."""

    def __init__(
        self,
        directory: pathlib.Path,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        averaged: keras.Model | None,
    ):
        self._step = tf.Variable(0, dtype=tf.int64, trainable=False)
        optimizer.build(model.trainable_variables)
        parts = {"model": model, "optimizer": optimizer, "step": self._step}
        if averaged is not None:
            parts["averaged"] = averaged
        self._manager = tf.train.CheckpointManager(
            tf.train.Checkpoint(**parts), str(directory / FOLDER), max_to_keep=KEPT, checkpoint_name="step"
        )

    def save(self, step: int) -> None:
        """Writes the state after `step` steps; the manager renames it into place when it is whole."""
        self._step.assign(step)
        try:
            self._manager.save(checkpoint_number=step)
        except tf.errors.OpError as error:
            raise InputError(f"{self._manager.directory}: checkpoint cannot be written ({error.message})") from None

    def restore(self) -> int:
        """Reads the newest readable state and returns its step; 0 where there is none.

        Raises:
          InputError: there are states and none of them can be read.
        """
        failures = []
        for path in reversed(self._manager.checkpoints):
            try:
                self._manager.checkpoint.restore(path).assert_existing_objects_matched()
                return int(self._step)
            except (tf.errors.OpError, AssertionError, ValueError, IndexError) as error:
                failures.append(f"{path} ({str(error).splitlines()[0]})")
        if failures:
            raise InputError(f"no checkpoint can be read: {'; '.join(failures)}; start in another directory")
        return 0
