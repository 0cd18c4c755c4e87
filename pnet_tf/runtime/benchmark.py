"""How long .tflite files take; they take turns, so that a slow minute slows all alike."""

import dataclasses
import pathlib
import time
from collections.abc import Callable

import numpy as np

from pnet_tf.errors import InputError
from pnet_tf.runtime.network import open_interpreter

WARM_UP = 5


@dataclasses.dataclass(frozen=True)
class Timing:
    """Latency of one file at one number of threads, milliseconds.

    Attributes:
      low, high: 95 % interval of the median, by order statistics.
    """

    model: str
    threads: int
    runs: int
    bytes: int
    median: float
    p90: float
    low: float
    high: float


def _runner(path: str, threads: int) -> Callable[[], float]:
    if not pathlib.Path(path).is_file():
        raise InputError(f"{path}: no such model file")
    interpreter = open_interpreter(pathlib.Path(path).read_bytes(), threads, path)
    rng = np.random.default_rng(0)
    for detail in interpreter.get_input_details():
        interpreter.set_tensor(detail["index"], rng.integers(0, 127, detail["shape"]).astype(detail["dtype"]))

    def once() -> float:
        started = time.perf_counter()
        interpreter.invoke()
        return (time.perf_counter() - started) * 1e3

    return once


def _summary(path: str, threads: int, times: list[float]) -> Timing:
    ordered, count = np.sort(times), len(times)
    # The median's 95 % interval: order statistics n/2 ± 0.98·√n.
    spread = 0.98 * np.sqrt(count)
    low, high = max(0, int(count / 2 - spread)), min(count - 1, int(np.ceil(count / 2 + spread)))
    size = pathlib.Path(path).stat().st_size
    return Timing(
        path,
        threads,
        count,
        size,
        float(np.median(ordered)),
        float(np.percentile(ordered, 90)),
        float(ordered[low]),
        float(ordered[high]),
    )


def compare(
    paths: list[str],
    thread_counts: list[int],
    runs: int = 50,
    on_run: Callable[[int, int], None] = lambda done, total: None,
) -> list[Timing]:
    """Times the files in turns: one run of each, then the next round.

    Args:
      paths: .tflite files, of any contract.
      thread_counts: each is measured apart.
      runs: timed runs of each file, after `WARM_UP` untimed ones.
      on_run: told how many of how many rounds are done.

    Raises:
      InputError: a file that is missing or that LiteRT cannot run.
    """
    timings = []
    for position, threads in enumerate(thread_counts):
        runners = [_runner(path, threads) for path in paths]
        times: list[list[float]] = [[] for _ in paths]
        for round_number in range(WARM_UP + runs):
            for index, once in enumerate(runners):
                taken = once()
                if round_number >= WARM_UP:
                    times[index].append(taken)
            on_run(position * (WARM_UP + runs) + round_number + 1, len(thread_counts) * (WARM_UP + runs))
        timings += [_summary(path, threads, one) for path, one in zip(paths, times, strict=True)]
    return timings
