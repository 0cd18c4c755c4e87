"""pnet-benchmark: how fast are .tflite files on this machine, and how good? They take turns in one run.

  pnet-benchmark --model=portraitnet-int8.tflite --model=other.tflite --threads=1,2
  pnet-benchmark --model=portraitnet-int8.tflite --model=selfie.tflite:0..1 --records='records/val-*' --plot=plot.png
  pnet-benchmark --stages=1280x720,4000x3000
  pnet-benchmark --model=portraitnet --model=portraitnet-lite --clip=talk.mp4

Times are of the network alone, in milliseconds. Another segmenter's path ends with the range of its pixels if it is to
be scored; photos are stretched to its size, and letterboxed to ours.
"""

import dataclasses
import itertools
import pathlib
import platform
import re
import shlex
import sys

from absl import flags

from pnet_tf import evaluation
from pnet_tf.benchmark import origin
from pnet_tf.benchmark.latency import Timing, compare
from pnet_tf.errors import InputError
from pnet_tf.metrics import masks
from pnet_tf.runtime import peer, shipped
from pnet_tf.runtime.segmenter import Network
from pnet_tf_tools import cli, scoring

FLAGS = cli.new_flags()
flags.DEFINE_multi_string(
    "model",
    [],
    "A .tflite file, a shipped model's name, or another segmenter's file with the range of its pixels, "
    "file.tflite:0..1; repeatable.",
    flag_values=FLAGS,
)
flags.DEFINE_list(
    "stages",
    [],
    "In place of --model: CPU time of what follows the network, at these sizes of photos, such as 1280x720,4000x3000.",
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "clip", None, "In place of photos: frames a second of each model from this clip to another, and CPU time by stage.",
    flag_values=FLAGS,
)  # fmt: skip
flags.DEFINE_list("threads", ["1", "2"], "Numbers of threads, comma-separated.", flag_values=FLAGS)
flags.DEFINE_integer("runs", 50, "Timed runs of each file.", lower_bound=2, flag_values=FLAGS)
scoring.define_photos(FLAGS)
flags.DEFINE_string("plot", None, "Draws latency against IoU, a .png.", flag_values=FLAGS)
flags.DEFINE_string("json", None, "Writes the figures to this file, too.", flag_values=FLAGS)
flags.DEFINE_boolean("overwrite", False, "Replaces a picture that is already there.", flag_values=FLAGS)


def _check_flags() -> None:
    cli.require_suffix(FLAGS.json, ".json")
    cli.require_suffix(FLAGS.plot, ".png")
    if FLAGS.plot and not (FLAGS.records or FLAGS.input_dir):
        raise InputError("--plot: has latency against IoU, which needs --records or --input_dir")
    if FLAGS.plot:
        from pnet_tf.benchmark import tradeoff  # noqa: F401  (says now if matplotlib is missing)

        cli.refuse_existing(FLAGS.plot, FLAGS.overwrite, "--plot")


def _names() -> dict[str, str]:
    """Each --model → its file's name, or what was given where two files have one name."""
    short = {model: pathlib.Path(peer.parse(model).path).name for model in FLAGS.model}
    return {model: name if list(short.values()).count(name) == 1 else model for model, name in short.items()}


def _score(model: str, network: Network, mode: str) -> dict[str, float]:
    """One model's figures at the photos' size."""
    total, samples = scoring.samples(FLAGS)
    done = itertools.count(1)
    with cli.progress(f"scoring {pathlib.Path(model).name}", "photo") as update:
        scores = evaluation.evaluate(network, samples, mode, lambda photo: update(next(done), total))
    return scores[evaluation.PHOTO_SIZE]


def _print_table(timings: list[Timing], scores: dict[str, dict[str, float]]) -> None:
    names = _names()
    wide = max(map(len, names.values()))
    columns = f"{'threads':>9}{'MB':>7}{'init ms':>9}{'first ms':>10}{'median ms':>11}{'p90':>8}{'95 % of median':>18}"
    print(f"{'model':{wide}}{columns}{'grown MB':>10}" + ("   IoU %  boundary %" if scores else ""))
    for one in timings:
        interval = f"{one.low:.2f}–{one.high:.2f}"
        grown = "–" if one.memory is None else f"{one.memory / 1e6:.1f}"
        line = (
            f"{names[one.model]:{wide}}{one.threads:9}{one.bytes / 1e6:7.2f}{one.initialisation:9.1f}{one.first:10.2f}"
        )
        line += f"{one.median:11.2f}{one.p90:8.2f}{interval:>18}{grown:>10}"
        if scores:
            mine = scores[one.model]
            line += f"{100 * mine[masks.FOREGROUND_IOU]:8.2f}{100 * mine[masks.BOUNDARY_IOU]:12.2f}"
        print(line)


def _draw(timings: list[Timing], scores: dict[str, dict[str, float]]) -> None:
    from pnet_tf.benchmark import tradeoff

    models = []
    for model, name in _names().items():
        mine = [one for one in timings if one.model == model]
        panels = {"foreground IoU": masks.FOREGROUND_IOU, "Boundary IoU": masks.BOUNDARY_IOU}
        percent = {title: 100 * scores[model][metric] for title, metric in panels.items()}
        times = {one.threads: one.median for one in mine}
        models.append(tradeoff.Model(name.removesuffix(".tflite"), mine[0].bytes, times, percent))
    tradeoff.draw(models, FLAGS.plot)


def _files() -> dict[str, str]:
    """Each --model as it was named → its file, with the range of a peer behind it."""
    found = {model: model if peer.parse(model).span else shipped.find(model) for model in FLAGS.model}
    for model in found.values():
        path = peer.parse(model).path
        if not pathlib.Path(path).is_file():
            raise InputError(f"--model={path}: no such model file; pnet-export makes one of a model directory")
    return found


def _time_stages() -> None:
    """The table of --stages."""
    from pnet_tf.benchmark import stages

    if FLAGS.model:
        raise InputError("--stages: times what follows any network; leave --model out")
    sizes = [re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", one) for one in FLAGS.stages]
    if not all(sizes):
        raise InputError(f"--stages={','.join(FLAGS.stages)}: write width x height, such as 1280x720,4000x3000")
    rows = [stages.measure(int(size[1]), int(size[2])) for size in sizes]
    names = [field.name for field in dataclasses.fields(stages.Stages)][2:]
    print("CPU ms, 1 thread".ljust(18) + "".join(f"{name:>10}" for name in names))
    for row in rows:
        print(f"{row.width}×{row.height}".ljust(18) + "".join(f"{getattr(row, name):10.1f}" for name in names))
    if FLAGS.json:
        about = origin.about(shlex.join(["pnet-benchmark", *cli.given(FLAGS)]))
        cli.write_json(FLAGS.json, {**about, "stages": [dataclasses.asdict(row) for row in rows]})


def _time_clip() -> None:
    """The table of --clip."""
    from pnet_tf.benchmark import clip

    cli.keep_freed_memory()
    cli.one_opencv_thread()
    names = FLAGS.model or ["portraitnet"]
    networks = {model: scoring.open_network(model, 1)[0] for model in names}
    found = {model: clip.measure(network, pathlib.Path(FLAGS.clip)) for model, network in networks.items()}
    for model, costs in found.items():
        print(
            f"{model}: {costs.frames} frames of {costs.width}×{costs.height}, {costs.frames_per_second:.1f} a second "
            "from file to file; CPU ms a frame: "
            + ", ".join(f"{name} {value:.1f}" for name, value in costs.milliseconds.items())
        )
    if FLAGS.json:
        about = origin.about(shlex.join(["pnet-benchmark", *cli.given(FLAGS)]))
        cli.write_json(
            FLAGS.json, {**about, "models": {model: dataclasses.asdict(one) for model, one in found.items()}}
        )


def benchmark() -> None:
    """Runs the comparison that the flags describe."""
    if FLAGS.clip:
        cli.require_suffix(FLAGS.json, ".json")
        _time_clip()
        return
    if FLAGS.stages:
        cli.require_suffix(FLAGS.json, ".json")
        _time_stages()
        return
    if not FLAGS.model:
        raise InputError("--model: name a file to time, or --stages; see --help")
    threads = cli.thread_counts(FLAGS.threads)
    _check_flags()
    found = _files()
    scores = {}
    if FLAGS.records or FLAGS.input_dir:
        # All are opened before any is scored, so that a wrong one is refused at once.
        networks = {model: scoring.open_network(model, max(threads)) for model in FLAGS.model}
        scores = {model: _score(model, *opened) for model, opened in networks.items()}
    names = {file: model for model, file in found.items()}
    with cli.progress("timing", "round") as update:
        timings = compare(list(found.values()), threads, FLAGS.runs, update)
    timings = [dataclasses.replace(one, model=names[one.model]) for one in timings]
    _print_table(timings, scores)
    if FLAGS.plot:
        _draw(timings, scores)
    if FLAGS.json:
        machine = {"machine": platform.machine(), "system": platform.system(), "python": platform.python_version()}
        digests = {model: origin.digest(peer.parse(file).path) for model, file in found.items()}
        rows = [{**dataclasses.asdict(one), "digest": digests[one.model]} for one in timings]
        about = {**origin.about(shlex.join(["pnet-benchmark", *cli.given(FLAGS)])), **machine}
        cli.write_json(FLAGS.json, {**about, "timings": rows, evaluation.PHOTO_SIZE: scores})


def main(argv: list[str] | None = None) -> int:
    """Console entry point; returns the exit status."""
    return cli.run(benchmark, FLAGS, __doc__, argv)


if __name__ == "__main__":
    sys.exit(main())
