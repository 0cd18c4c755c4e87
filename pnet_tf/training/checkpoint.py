"""What a run needs to go on: network, optimiser, average and step, complete or not there."""

import pathlib
import tempfile

from pnet_tf.errors import InputError
from pnet_tf.stack import keras, tf
from pnet_tf.training import distribution

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
        writes: bool = True,
    ):
        """Takes the parts of a run; `writes` is False in all but one of several machines.

        Saving reads variables that live on all machines, so each takes part; the others' files are thrown away.
        """
        self._step = tf.Variable(0, dtype=tf.int64, trainable=False)
        optimizer.build(model.trainable_variables)
        parts = {"model": model, "optimizer": optimizer, "step": self._step}
        if averaged is not None:
            parts["averaged"] = averaged
        self._on_several_machines = tf.distribute.get_strategy().cluster_resolver is not None
        self.passed_over: list[str] = []
        checkpoint, self._thrown_away = tf.train.Checkpoint(**parts), None
        self._manager = self._saver = tf.train.CheckpointManager(
            checkpoint, str(directory / FOLDER), max_to_keep=KEPT, checkpoint_name="step"
        )
        if not writes:
            self._thrown_away = tempfile.TemporaryDirectory()
            self._saver = tf.train.CheckpointManager(checkpoint, self._thrown_away.name, max_to_keep=1)

    def save(self, step: int) -> None:
        """Writes the state after `step` steps; the manager renames it into place when it is whole.

        Raises:
          InputError: a full disk.
          tf.errors.OpError: another worker has died (`distribution.lost_workers_are_named`).
        """
        self._step.assign(step)
        try:
            self._saver.save(checkpoint_number=step)
        except tf.errors.OpError as error:
            if self._on_several_machines and isinstance(error, distribution.LOST):
                raise
            raise InputError(f"{self._manager.directory}: checkpoint cannot be written ({error.message})") from None

    def restore(self) -> int:
        """Reads the newest readable state and returns its step; 0 where there is none. `passed_over` names the others.

        Raises:
          InputError: there are states and none of them can be read.
        """
        self.passed_over = failures = []
        for path in reversed(self._manager.checkpoints):
            try:
                self._manager.checkpoint.restore(path).assert_existing_objects_matched()
                return int(self._step.numpy())
            except (tf.errors.OpError, AssertionError, ValueError, IndexError) as error:
                failures.append(f"{path} ({str(error).splitlines()[0]})")
        if failures:
            raise InputError(f"no checkpoint can be read: {'; '.join(failures)}; start in another directory")
        return 0
