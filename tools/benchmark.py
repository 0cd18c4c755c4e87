"""pnet-benchmark: how fast are .tflite files on this machine? They take turns in one run.

  pnet-benchmark --model=portraitnet-int8.tflite --model=other.tflite --threads=1,2

Times are of the network alone, in milliseconds.
"""

import dataclasses
import pathlib
import platform
import sys

from absl import flags

from pnet_tf_tools import cli

FLAGS = cli.new_flags()
flags.DEFINE_multi_string("model", None, "A .tflite file; repeatable.", required=True, flag_values=FLAGS)
flags.DEFINE_list("threads", ["1", "2"], "Numbers of threads, comma-separated.", flag_values=FLAGS)
flags.DEFINE_integer("runs", 50, "Timed runs of each file.", lower_bound=2, flag_values=FLAGS)
flags.DEFINE_string("json", None, "Writes the figures to this file, too.", flag_values=FLAGS)


def benchmark() -> None:
    """Runs the comparison that the flags describe."""
    threads = cli.thread_counts(FLAGS.threads)
    from pnet_tf.runtime import benchmark as runtime

    with cli.progress("timing", "round") as update:
        timings = runtime.compare(FLAGS.model, threads, FLAGS.runs, update)
    print(f"{'model':44}{'threads':>8}{'MB':>7}{'median ms':>11}{'p90':>8}{'95 % of median':>18}")
    for one in timings:
        name, interval = pathlib.Path(one.model).name, f"{one.low:.2f}–{one.high:.2f}"
        print(f"{name:44}{one.threads:8}{one.bytes / 1e6:7.2f}{one.median:11.2f}{one.p90:8.2f}{interval:>18}")
    if FLAGS.json:
        machine = {"machine": platform.machine(), "system": platform.system(), "python": platform.python_version()}
        result = {**machine, "timings": [dataclasses.asdict(one) for one in timings]}
        cli.write_json(FLAGS.json, result)


def main(argv: list[str] | None = None) -> int:
    """Console entry point; returns the exit status."""
    return cli.run(benchmark, FLAGS, __doc__, argv)


if __name__ == "__main__":
    sys.exit(main())
