"""What Android's `benchmark_model` printed, as numbers: every wording from TensorFlow Lite 1.12 to today's LiteRT."""

import dataclasses
import re

NUMBER = r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?)"

# Milliseconds per unit, and where the value stands. The first that is found counts.
INITIALISATION = (
    (1e-3, rf"\bInit: {NUMBER}"),
    (1.0, rf"Initialized session in {NUMBER}ms"),
    (1.0, rf"Model initialization: +{NUMBER} ms"),
)
FIRST = ((1e-3, rf"First inference: {NUMBER}"), (1.0, rf"Warmup \(first\): +{NUMBER} ms"))
# LiteRT's own binary sums up in milliseconds what the lines with `count=` hold.
SUMMARY = rf"Inference \((avg|min|max|std)\): +{NUMBER}(?: ms)?(?: \((\d+) runs\))?"
FOOTPRINT = (
    # "Peak" until TensorFlow 2.4, though it was the difference that later versions say it is.
    rf"(?:Peak memory footprint|Memory footprint delta from the start of the tool) \(MB\): "
    rf"init={NUMBER} overall={NUMBER}",
    rf"Init footprint: +{NUMBER} MB(?s:.*?)Overall footprint: +{NUMBER} MB",
)
PEAK = rf"(?:Overall peak memory footprint \(MB\) via periodic monitoring:|Peak memory:) +{NUMBER}"
SHARE = r"(\d+) operations will run on the GPU, and the remaining (\d+)"
NODE_TYPE = rf"^\s*(\S.*?)\s+(\d+)\s+{NUMBER}\s+{NUMBER}%\s+{NUMBER}%\s+{NUMBER}\s+\d+\s*$"


@dataclasses.dataclass(frozen=True)
class Latency:
    """Timed runs, without the warm-up; milliseconds.

    Attributes:
      median, p95: None from binaries before 2024, which do not print them.
    """

    runs: int
    average: float
    minimum: float
    maximum: float
    deviation: float
    median: float | None = None
    p95: float | None = None


@dataclasses.dataclass(frozen=True)
class NodeType:
    """One line of the operator profile: all nodes of a type, milliseconds and per cent of a run."""

    name: str
    nodes: int
    milliseconds: float
    percent: float


@dataclasses.dataclass(frozen=True)
class Output:
    """One run of `benchmark_model`.

    Attributes:
      latency: None if the tool measured nothing; `failure` then says why.
      initialisation, first: loading with delegate, and the first inference; milliseconds.
      memory_init, memory_overall: growth of the process since its start; MB of 2^20 bytes.
      memory_peak: largest size of the process, where it was watched; MB of 2^20 bytes.
      delegation: "all", "part" or "none" of the graph on the delegate that was asked for; None if the tool is silent.
      left_on_cpu: operators that the GPU delegate left to the CPU, None if the tool is silent.
      unsupported: names of the operators that the GPU delegate does not take.
      profile: node types, most expensive first; empty without --enable_op_profiling.
      failure: one line in the tool's words.
    """

    latency: Latency | None
    initialisation: float | None
    first: float | None
    memory_init: float | None
    memory_overall: float | None
    memory_peak: float | None
    delegation: str | None
    left_on_cpu: int | None
    unsupported: tuple[str, ...]
    profile: tuple[NodeType, ...]
    failure: str | None


def parse(text: str) -> Output:
    """Reads the whole output of one run, stdout and stderr in any order of lines."""
    text = text.replace("\r", "")
    counts = [dict(re.findall(rf"(\w+)={NUMBER}", line)) for line in re.findall(r"^(?:INFO: )?(count=.*)$", text, re.M)]
    latency = _latency(counts, text)
    if re.search(r"Benchmarking failed", text):
        latency = None
    first = _first_of(FIRST, text)
    if first is None and len(counts) > 1:  # before 2.1 the warm-up's line alone tells
        first = float(counts[0].get("first", counts[0]["curr"])) / 1e3
    footprint = next((found for pattern in FOOTPRINT if (found := re.search(pattern, text))), None)
    peak = re.search(PEAK, text)
    share = re.search(SHARE, text)
    return Output(
        latency=latency,
        initialisation=_first_of(INITIALISATION, text),
        first=first,
        memory_init=float(footprint[1]) if footprint else None,
        memory_overall=float(footprint[2]) if footprint else None,
        memory_peak=float(peak[1]) if peak else None,
        delegation=_delegation(text),
        left_on_cpu=int(share[2]) if share else None,
        unsupported=_unsupported(text),
        profile=_profile(text),
        failure=None if latency else _failure(text),
    )


def _first_of(places: tuple[tuple[float, str], ...], text: str) -> float | None:
    found = ((scale, re.search(pattern, text)) for scale, pattern in places)
    return next((float(match[1]) * scale for scale, match in found if match), None)


def _latency(counts: list[dict[str, str]], text: str) -> Latency | None:
    if len(counts) > 1 or (counts and "avg" in counts[0]):
        timed = {name: float(value) / 1e3 for name, value in counts[-1].items()}
        once = timed.get("curr", 0.0)  # a single run prints its time alone
        return Latency(
            runs=int(counts[-1]["count"]),
            average=timed.get("avg", once),
            minimum=timed.get("min", once),
            maximum=timed.get("max", once),
            deviation=timed.get("std", 0.0),
            median=timed.get("median"),
            p95=timed.get("p95"),
        )
    summary = {name: (float(value), runs) for name, value, runs in re.findall(SUMMARY, text)}
    if {"avg", "min", "max", "std"} <= set(summary) and summary["avg"][1]:
        values = [summary[name][0] for name in ("avg", "min", "max", "std")]
        return Latency(int(summary["avg"][1]), *values)
    return None


def _delegation(text: str) -> str | None:
    applied = re.search(r"Explicitly applied \w+ delegate, and the model graph will be (completely|partially)", text)
    if applied:
        return {"completely": "all", "partially": "part"}[applied[1]]
    if re.search(
        r"Though \w+ delegate is explicitly applied, the model graph will not be executed"
        r"|GPU acceleration is unsupported on this platform|No operations will run on the GPU",
        text,
    ):
        return "none"
    replaced = re.search(r"Replacing (\d+) out of (\d+) node\(s\) with delegate \((?!TfLiteXNNPack)", text)
    if replaced:  # LiteRT's own binary says no more than this
        return "all" if replaced[1] == replaced[2] else "part"
    return "part" if re.search(SHARE, text) else None


def _unsupported(text: str) -> tuple[str, ...]:
    _, _, behind = text.partition("operations are not supported by GPU delegate:")
    reasons = re.split(r"^.*operations will run on the", behind, maxsplit=1, flags=re.M)[0]
    return tuple(dict.fromkeys(re.findall(r"^\s*([A-Z][A-Z0-9_]+)\b.*?:", reasons, re.M)))


def _profile(text: str) -> tuple[NodeType, ...]:
    # The initialisation has a summary of its own in front; inside a delegate comes last and tells most.
    runs = text.rpartition("Operator-wise Profiling Info for Regular Benchmark Runs:")[2]
    table = runs.rpartition("Summary by node type")[2]
    rows = re.findall(NODE_TYPE, table, re.M) if table != runs else []
    return tuple(NodeType(name, int(nodes), float(ms), float(share)) for name, nodes, ms, share, *_ in rows)


def _failure(text: str) -> str:
    soft = "operations are not supported by GPU delegate"  # the others may still run
    errors = [line for line in re.findall(r"^ERROR: +(.*\S)", text, re.M) if soft not in line]
    verdicts = re.findall(r"^(?:ERROR: +)?(Failed to (?:apply|allocate|load|initialize).*\S)", text, re.M)
    cause = next((line for line in errors if line not in verdicts and "Benchmarking failed" not in line), None)
    words = [part.rstrip(".") for part in (*verdicts[-1:], cause) if part]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return ": ".join(words) or (lines[-1] if lines else "it printed nothing")
