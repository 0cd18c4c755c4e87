"""pnet-ablate: Exp. 1 to 4 of the paper on your own records, as its Tables 1 to 3 and Figs. 8 and 9.

  pnet-ablate --records='records/train-*' --val_records='records/val-*' --test_records='test-records/all-*' \\
              --output_dir=ablation --epochs=40 --batch_size=16

Every setting of the four presets is a flag, but for the losses that tell them apart. The same command goes
on where a stopped one left off, and trains no finished experiment again.
"""

import functools
import pathlib
import shlex
import sys

from absl import flags

from pnet_tf import config, files, presets
from pnet_tf_tools import cli, runs

FLAGS = cli.new_flags()
flags.DEFINE_string("records", None, "Training records, a glob pattern.", required=True, flag_values=FLAGS)
flags.DEFINE_string("val_records", None, "Validation records, a glob pattern.", required=True, flag_values=FLAGS)
flags.DEFINE_string("test_records", None, "Records to score, a glob; by default --val_records.", flag_values=FLAGS)
flags.DEFINE_string(
    "output_dir", None, "Where the models, tables and pictures are kept; resumed if it is there.", required=True,
    flag_values=FLAGS,
)  # fmt: skip
runs.define_init_weights(FLAGS)
runs.define_settings(FLAGS, without=("boundary_weight", "boundary_emphasis", "consistency_weight", "quantize"))


def _about(photos: int, experiment: config.Experiment) -> str:
    model, training = experiment.model, experiment.training
    scored = FLAGS.test_records or f"{FLAGS.val_records}, which chose the weights, too"
    return (
        f"Per cent, {photos} photos ({scored}), {model.input_height}×{model.input_width} pixels, "
        f"{experiment.data.resize}, threshold 0.5. Training: {FLAGS.records}, {training.epochs} epochs at batch "
        f"{training.batch_size}; PortraitNet-B as many again after PortraitNet-M."
    )


def ablate() -> None:
    """Runs the experiments that the flags describe."""
    from tqdm import tqdm

    from pnet_tf import store
    from pnet_tf.ablation import experiments, figures, tables
    from pnet_tf.data import mixture, records

    cli.one_opencv_thread()
    training, validation = mixture.parse(FLAGS.records), mixture.validation_sets(FLAGS.val_records)
    test_paths = records.find(FLAGS.test_records or FLAGS.val_records)
    directory, source = pathlib.Path(FLAGS.output_dir), runs.init_source(FLAGS)
    start = presets.get(experiments.EXPERIMENTS[0])
    settings = runs.changed_settings(start, FLAGS)
    network = start.replace(**settings).model
    first = functools.partial(runs.load_first, source=source, settings=network)
    with tqdm(unit="step", disable=not sys.stderr.isatty()) as bar:
        command = shlex.join(["pnet-ablate", *cli.given(FLAGS)])
        watch = functools.partial(runs.watchers, bar)
        experiments.train(training, validation, directory, settings, first, watch, command)
    with cli.progress("scoring", "photo") as update:
        results = experiments.score(directory, test_paths, update)

    experiment = store.read_config(directory / experiments.EXPERIMENTS[-1])
    size = (experiment.model.input_height, experiment.model.input_width, experiment.data.resize)
    about = _about(records.count(test_paths), experiment)
    report = tables.report(results, about)
    cli.write_json(directory / "ablation.json", {"about": about, "results": results, "paper": tables.PAPER})
    files.write_bytes(directory / "fig8.png", figures.to_png(figures.weight_masks(records.samples(test_paths), *size)))
    files.write_bytes(directory / "fig9.png", figures.to_png(figures.edge_curves(results)))
    files.write_text(directory / "ablation.md", report + "\n![Fig. 8](fig8.png)\n\n![Fig. 9](fig9.png)\n")
    print(report)
    print(directory / "ablation.md")


def main(argv: list[str] | None = None) -> int:
    """Console entry point; returns the exit status."""
    return cli.run(ablate, FLAGS, __doc__, argv)


if __name__ == "__main__":
    sys.exit(main())
