"""What it costs to open a model file: time and memory, each time in a fresh process."""

import contextlib
import dataclasses
import multiprocessing
import pathlib
import re
import time
from concurrent import futures

from pnet_tf.benchmark import ready
from pnet_tf.errors import InputError
from pnet_tf.runtime import peer

INVOCATIONS = 3
"""Memory still grows in the first one."""


@dataclasses.dataclass(frozen=True)
class Start:
    """One start of one file.

    Attributes:
      initialisation: from the file on disk to a network that is ready, milliseconds.
      first: the first inference, milliseconds.
      memory: bytes of resident memory by which the process grew, at its peak, from the runtime imported to the last
        inference; None on a system that does not tell.
    """

    initialisation: float
    first: float
    memory: int | None


def _forget_peak() -> None:
    with contextlib.suppress(OSError):  # Linux: what importing took for a moment is not the model's
        pathlib.Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int | None:
    """The largest resident size of this process so far, bytes."""
    with contextlib.suppress(OSError):
        # Not getrusage on Linux: its peak begins with what the *parent* held when it started this process.
        found = re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path("/proc/self/status").read_text())
        return int(found[1]) * 1024 if found else None
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS


def _start(model: str, threads: int) -> Start:
    """Runs in the fresh process."""
    # What the runtime itself takes, in time and memory, is not the model's.
    if peer.parse(model).path.endswith(peer.ONNX):
        import onnxruntime  # noqa: F401
    else:
        import ai_edge_litert.interpreter  # noqa: F401

    _forget_peak()
    before, started = _peak(), time.perf_counter()
    fill = ready.opened(model, threads)
    opened = time.perf_counter()
    run = fill()
    filled = time.perf_counter()
    run()
    answered = time.perf_counter()
    for _ in range(INVOCATIONS - 1):
        run()
    after = _peak()
    grown = None if before is None or after is None else after - before
    return Start((opened - started) * 1e3, (answered - filled) * 1e3, grown)


def measure(model: str, threads: int) -> Start:
    """Opens a file and runs it in a process of its own.

    The process is spawned: a script that calls this keeps its own work under `if __name__ == "__main__"`.

    Raises:
      InputError: a file that cannot be run, or that takes more memory than there is.
    """
    with futures.ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        try:
            return pool.submit(_start, model, threads).result()
        except futures.process.BrokenProcessPool:
            raise InputError(f"{model}: the process that ran it was killed; is there enough memory?") from None
