"""How long model files take; they take turns, so that a slow minute slows all alike."""

import dataclasses
import pathlib
import time
from collections.abc import Callable

import numpy as np

from pnet_tf.benchmark import ready, startup
from pnet_tf.errors import InputError
from pnet_tf.runtime import peer

WARM_UP = 5
STARTS = 3
"""Fresh processes for each file and number of threads, whose median counts."""


@dataclasses.dataclass(frozen=True)
class Timing:
    """One file at one number of threads; times in milliseconds.

    Attributes:
      model: as it was named, with the range of a peer.
      median, p90: of the timed runs.
      low, high: 95 % interval of the median, by order statistics.
      initialisation, first, memory: as in `startup.Start`.
    """

    model: str
    threads: int
    runs: int
    bytes: int
    median: float
    p90: float
    low: float
    high: float
    initialisation: float
    first: float
    memory: int | None


def _timed(fill: ready.Fill) -> Callable[[], float]:
    run = fill()

    def once() -> float:
        started = time.perf_counter()
        run()
        return (time.perf_counter() - started) * 1e3

    return once


def latency(content: bytes, runs: int = 30, threads: int = 1) -> float:
    """Median milliseconds of one file's content alone, after the warm-up."""
    once = _timed(ready.of_content(content, threads, "the given bytes"))
    return float(np.median([once() for _ in range(WARM_UP + runs)][WARM_UP:]))


def _start(model: str, threads: int) -> dict[str, float | None]:
    starts = [dataclasses.asdict(startup.measure(model, threads)) for _ in range(STARTS)]
    columns = {name: [one[name] for one in starts] for name in starts[0]}
    return {name: None if None in values else float(np.median(values)) for name, values in columns.items()}


def _summary(model: str, threads: int, times: list[float], start: dict[str, float | None]) -> Timing:
    ordered, count = np.sort(times), len(times)
    # The median's 95 % interval: order statistics n/2 ± 0.98·√n.
    spread = 0.98 * np.sqrt(count)
    low, high = max(0, int(count / 2 - spread)), min(count - 1, int(np.ceil(count / 2 + spread)))
    return Timing(
        model,
        threads,
        count,
        pathlib.Path(peer.parse(model).path).stat().st_size,
        float(np.median(ordered)),
        float(np.percentile(ordered, 90)),
        float(ordered[low]),
        float(ordered[high]),
        **start,
    )


def compare(
    models: list[str],
    thread_counts: list[int],
    runs: int = 50,
    on_run: Callable[[int, int], None] = lambda done, total: None,
) -> list[Timing]:
    """Times the files in turns: one run of each, then the next round. How they start is measured apart, before.

    Args:
      models: .tflite files, of any contract, or .onnx files; a range such as `:0..1` behind the path is allowed, and
        does not matter, a side behind that is what an .onnx file of free size gets.
      thread_counts: each is measured apart.
      runs: timed runs of each file, after `WARM_UP` untimed ones.
      on_run: told how many of how many rounds are done.

    Raises:
      InputError: a file that is missing or that cannot be run.
    """
    for path in [peer.parse(model).path for model in models]:
        if not pathlib.Path(path).is_file():
            raise InputError(f"{path}: no such model file")
    timings = []
    for position, threads in enumerate(thread_counts):
        starts = [_start(model, threads) for model in models]
        runners = [_timed(ready.opened(model, threads)) for model in models]
        times: list[list[float]] = [[] for _ in models]
        for round_number in range(WARM_UP + runs):
            for index, once in enumerate(runners):
                taken = once()
                if round_number >= WARM_UP:
                    times[index].append(taken)
            on_run(position * (WARM_UP + runs) + round_number + 1, len(thread_counts) * (WARM_UP + runs))
        timings += [_summary(model, threads, *one) for model, *one in zip(models, times, starts, strict=True)]
    return timings
