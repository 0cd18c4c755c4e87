"""pnet-train with a network of a few layers, in a process of its own: to be killed, or to be one of several workers.

Every step prints a line. BALLAST=n in the environment adds n million weights, so that a checkpoint takes time;
LOGICAL_CPUS=n splits the processor into n devices. Processes are forked from one that has imported TensorFlow, which
is most of what starting one costs.
"""

import multiprocessing
import os
import pathlib
import sys
import tempfile
from multiprocessing import connection

from pnet_tf import config, fields, store
from pnet_tf.model import portraitnet
from pnet_tf.model.encoder import batch_norm_settings
from pnet_tf.stack import keras, tf
from pnet_tf_tools import cli, train

layers = keras.layers


def build(experiment: config.Experiment) -> keras.Model:
    raw = keras.Input((experiment.model.input_height, experiment.model.input_width, 3))
    x = layers.Conv2D(4, 3, padding="same", name="Conv1")(layers.Rescaling(1 / 255)(raw))
    x = layers.ReLU()(layers.BatchNormalization(**batch_norm_settings(), name="bn_Conv1")(x))
    ballast = int(os.environ.get("BALLAST", "0"))
    if ballast:
        pooled = layers.Dense(ballast * 1000, name="ballast")(layers.Dense(1000, name="wide")(x[:, 0, 0]))
        x = x + 0.0 * layers.Lambda(lambda one: one[:, None, None, :1])(pooled)
    heads = {fields.MASK_LOGITS: portraitnet.MASK_HEAD, fields.BOUNDARY_LOGITS: portraitnet.BOUNDARY_HEAD}
    return keras.Model(raw, {name: layers.Conv2D(2, 3, padding="same", name=head)(x) for name, head in heads.items()})


def main(arguments: list[str]) -> int:
    """Runs pnet-train with these arguments and returns its exit status."""
    devices = [tf.config.LogicalDeviceConfiguration() for _ in range(int(os.environ.get("LOGICAL_CPUS", "1")))]
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], devices)
    store.build = build
    cli.LINE_SECONDS = 0
    return train.main(arguments)


def _child(arguments: list[str], environment: dict[str, str], output: connection.Connection, errors: str) -> None:
    os.environ.update(environment)
    os.dup2(output.fileno(), 1)
    os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w", buffering=1), os.fdopen(2, "w", buffering=1)
    sys.exit(main(arguments))


class Process:
    """A run; what its tests need of `subprocess.Popen` by the same names."""

    def __init__(self, arguments: list[str], environment: dict[str, str]):
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        handle, self._errors = tempfile.mkstemp()
        os.close(handle)
        reader, writer = context.Pipe(duplex=False)
        self._process = context.Process(target=_child, args=(arguments, environment, writer, self._errors))
        self._process.start()
        writer.close()
        self.stdout = os.fdopen(os.dup(reader.fileno()))

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def kill(self) -> None:
        self._process.kill()

    def communicate(self) -> tuple[str, str]:
        """Waits for the end; what is left of the output, and the errors."""
        rest = self.stdout.read()
        self._process.join()
        self.stdout.close()
        errors = pathlib.Path(self._errors).read_text()
        os.unlink(self._errors)
        return rest, errors
