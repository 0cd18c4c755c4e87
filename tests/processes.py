"""Tools in processes of their own, to be killed or to work side by side.

They are forked from one that has imported TensorFlow already, which is most of what starting one costs.
"""

import importlib
import multiprocessing
import os
import pathlib
import sys
import tempfile
from multiprocessing import connection

PRELOADED = ("pnet_tf_tools.train", "pnet_tf_tools.convert", "tfrecords.writer", "pnet_tf.training.loop")


def _child(
    tool: str,
    arguments: list[str],
    environment: dict[str, str],
    before: str,
    output: connection.Connection,
    errors: str,
) -> None:
    os.environ.update(environment)
    os.dup2(output.fileno(), 1)
    os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w", buffering=1), os.fdopen(2, "w", buffering=1)
    if before:
        importlib.import_module(before).prepare()
    sys.exit(importlib.import_module(f"pnet_tf_tools.{tool}").main(arguments))


class Process:
    """A tool that runs; what tests need of `subprocess.Popen` by the same names.

    Args:
      tool: a module of pnet_tf_tools.
      arguments: its flags.
      environment: variables that are set beforehand.
      before: a module whose `prepare` is called first.
    """

    def __init__(self, tool: str, arguments: list[str], environment: dict[str, str] | None = None, before: str = ""):
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(PRELOADED))
        handle, self._errors = tempfile.mkstemp()
        os.close(handle)
        reader, writer = context.Pipe(duplex=False)
        given = (tool, arguments, environment or {}, before, writer, self._errors)
        self._process = context.Process(target=_child, args=given)
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


def finish(process: Process) -> None:
    """Waits for an end without an error."""
    _, errors = process.communicate()
    assert process.returncode == 0, errors
