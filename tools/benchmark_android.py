"""pnet-benchmark-android: how fast are .tflite files on the phone at this USB cable?

  pnet-benchmark-android --benchmark_binary=android_aarch64_benchmark_model

Pushes the files and TensorFlow Lite's own benchmark_model, runs it on the CPU and on the GPU, and removes
everything again. BUILD.md, "On your phone", leads there step by step. A delegate that refuses a file is noted in
its row; the exit status is 1 only if a file could not be measured at all.
"""

import dataclasses
import pathlib
import sys

from absl import flags

from pnet_tf.errors import InputError
from pnet_tf_tools import cli

FLAGS = cli.new_flags()
flags.DEFINE_multi_string(
    "model", ["portraitnet"], "A .tflite file, or a shipped model's name; repeatable.", flag_values=FLAGS
)
flags.DEFINE_string("benchmark_binary", None, "TensorFlow Lite's benchmark_model for Android.", flag_values=FLAGS)
flags.DEFINE_string("serial", None, "The phone, if several are connected.", flag_values=FLAGS)
flags.DEFINE_string("adb", None, "The adb program; by default the one on PATH.", flag_values=FLAGS)
flags.DEFINE_list("threads", ["1", "4"], "Numbers of CPU threads, comma-separated.", flag_values=FLAGS)
flags.DEFINE_list("delegates", ["cpu", "gpu"], "cpu (XNNPACK), gpu or both, comma-separated.", flag_values=FLAGS)
flags.DEFINE_integer("runs", 50, "Timed runs, at least.", lower_bound=2, flag_values=FLAGS)
flags.DEFINE_integer("top", 5, "Types of operators to list; 0 saves the profiling.", lower_bound=0, flag_values=FLAGS)
flags.DEFINE_boolean("keep", False, "Leaves the files on the phone, in /data/local/tmp.", flag_values=FLAGS)
flags.DEFINE_string("json", None, "Writes the figures to this file, too.", flag_values=FLAGS)

COLUMNS = ("init ms", "first ms", "mean ms", "std", "median", "p95", "grown MB", "peak MB")


def benchmark() -> None:
    """Runs the comparison that the flags describe."""
    threads = cli.thread_counts(FLAGS.threads)
    cli.require_suffix(FLAGS.json, ".json")
    from pnet_tf.benchmark import phone as phones
    from pnet_tf.runtime import shipped

    if not FLAGS.delegates or not set(FLAGS.delegates) <= set(phones.DELEGATES):
        raise InputError(f"--delegates={','.join(FLAGS.delegates)}: of {', '.join(phones.DELEGATES)}")
    models = [shipped.find(model) for model in FLAGS.model]
    phones.check_files(models, FLAGS.benchmark_binary)
    adb, phone = phones.connect(FLAGS.adb, FLAGS.serial)
    with cli.progress("measuring", "row") as update:
        rows = phones.measure(
            adb,
            phone,
            models,
            FLAGS.benchmark_binary,
            threads,
            list(dict.fromkeys(FLAGS.delegates)),
            FLAGS.runs,
            profile=FLAGS.top > 0,
            on_kept=(lambda folder: print(f"kept on the phone: {folder}")) if FLAGS.keep else None,
            on_run=update,
        )
    _print(phone, rows)
    if FLAGS.json:
        cli.write_json(FLAGS.json, {"phone": dataclasses.asdict(phone), "rows": [dataclasses.asdict(r) for r in rows]})
    for model in models:
        notes = [row.note for row in rows if row.model == model and not row.measured]
        if len(notes) == sum(row.model == model for row in rows):
            raise InputError(f"{model}: not measured on {phone.model}; {notes[0]}")


def _print(phone, rows) -> None:
    print(f"{phone.model}, Android {phone.android}, {phone.serial}")
    print(f"{'model':40}{'on':>8}" + "".join(f"{name:>10}" for name in COLUMNS))
    for row in rows:
        where = f"cpu ×{row.threads}" if row.threads else row.delegate
        print(f"{pathlib.Path(row.model).name:40}{where:>8}{_figures(row)}".rstrip())
        if row.measured and row.note:
            print(f"    {row.note}")
        for one in row.profile[: FLAGS.top]:
            print(f"    {one.name:50}{one.nodes:4} nodes{one.milliseconds:9.2f} ms{one.percent:6.1f} %")


def _figures(row) -> str:
    if not row.measured:
        return f"  {row.note}"
    run, time = row.output, row.output.latency
    values = (run.initialisation, run.first, time.average, time.deviation, time.median, time.p95)
    return "".join(
        f"{'–' if value is None else f'{value:.2f}':>10}" for value in (*values, run.memory_overall, row.peak)
    )


def main(argv: list[str] | None = None) -> int:
    """Console entry point; returns the exit status."""
    return cli.run(benchmark, FLAGS, __doc__, argv)


if __name__ == "__main__":
    sys.exit(main())
