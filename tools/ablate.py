"""pnet-ablate: the paper's experiments on your own records, as its Tables 1 to 6 and Figs. 8, 9 and 11.

  pnet-ablate --records='records/train-*' --val_records='records/val-*' --test_records='test-records/all-*' \\
              --output_dir=ablation --budget=night

Every setting of the presets is a flag, but for the losses that tell them apart; what one of the competitors' networks
has not (--width, --finest_skip …) counts for PortraitNet alone. The same command goes on where a stopped one left off,
and trains no finished experiment again.
"""

import dataclasses
import functools
import pathlib
import shlex
import sys
from collections.abc import Callable
from typing import Any

from absl import flags

from pnet_tf import config, files, presets
from pnet_tf.errors import InputError
from pnet_tf_tools import cli, runs

HARD = 5
"""Photos in Fig. 11."""

FLAGS = cli.new_flags()
flags.DEFINE_string("records", None, "Training records, a glob pattern.", required=True, flag_values=FLAGS)
flags.DEFINE_string("val_records", None, "Validation records, a glob pattern.", required=True, flag_values=FLAGS)
flags.DEFINE_string("test_records", None, "Records to score, a glob; by default --val_records.", flag_values=FLAGS)
flags.DEFINE_string(
    "output_dir", None, "Where the models, tables and pictures are kept; resumed if it is there.", required=True,
    flag_values=FLAGS,
)  # fmt: skip
runs.define_init_weights(FLAGS)
runs.define_settings(
    FLAGS, without=("network", "boundary_weight", "boundary_emphasis", "consistency_weight", "quantize")
)


flags.DEFINE_enum(
    "budget",
    None,
    ["hour", "night", "paper"],
    "300 or 2700 steps of each network, in as many epochs as that is, or the paper's 2000 epochs, with what such a "
    "length needs; settings that are given count before it.",
    flag_values=FLAGS,
)
flags.DEFINE_list(
    "experiments", None, "Which of exp1_m, exp2_b, exp3_c, exp4_full, enet, bisenet, bisenet_plus, bisenet_448; "
    "all but the last by default.", flag_values=FLAGS,
)  # fmt: skip


flags.DEFINE_list(
    "seeds", None, "Trains everything once for each, such as 0,1,2, in OUTPUT_DIR and OUTPUT_DIR/seed-1 …; the tables "
    "have means and their intervals.", flag_values=FLAGS,
)  # fmt: skip


def _about(photos: int, experiment: config.Experiment) -> str:
    model, training = experiment.model, experiment.training
    scored = FLAGS.test_records or f"{FLAGS.val_records}, which chose the weights, too"
    return (
        f"Per cent, {photos} photos ({scored}), {model.input_height}×{model.input_width} pixels, "
        f"{experiment.data.resize}, threshold 0.5. Training: {FLAGS.records}, {training.epochs} epochs at batch "
        f"{training.batch_size}; PortraitNet-B as many again after PortraitNet-M."
    )


def _settings(names: list[str], drawn: int) -> dict[str, Any]:
    """The budget's settings and those given, refused before anything runs."""
    from pnet_tf.ablation import budgets, experiments

    settings = budgets.settings(FLAGS.budget, drawn, FLAGS.batch_size) if FLAGS.budget else {}
    start = presets.get(experiments.EXPERIMENTS[0]).replace(**settings)
    settings = {**settings, **runs.changed_settings(start, FLAGS)}
    for name in names:
        experiments.settled(name, settings)
    for name, needed in experiments.STARTS_FROM.items():
        if name in names and needed not in names:
            raise InputError(f"--experiments: {name} starts from {needed}; name that, too")
    return settings


def _seeds(directory: pathlib.Path, settings: dict[str, Any]) -> dict[pathlib.Path, dict[str, int]]:
    """Where each seed's models are → what it changes in the settings; the first ones are in the directory itself."""
    if not FLAGS.seeds:
        return {directory: {}}
    if (
        "seed" in settings
        or not all(one.isdecimal() for one in FLAGS.seeds)
        or len(set(FLAGS.seeds)) < len(FLAGS.seeds)
    ):
        raise InputError(
            f"--seeds={','.join(FLAGS.seeds)}: different whole numbers, such as 0,1,2, and no --seed beside"
        )
    places = [directory, *(directory / f"seed-{one}" for one in FLAGS.seeds[1:])]
    return {place: {"seed": int(one)} for place, one in zip(places, FLAGS.seeds, strict=True)}


def _first_weights() -> Callable[[Any, config.Model], None]:
    source = runs.init_source(FLAGS)

    def first(model: Any, settings: config.Model) -> None:
        is_for_another = settings.network not in config.OF_MOBILENET and FLAGS.init_weights != config.IMAGENET
        runs.load_first(model, None if is_for_another else source, settings)

    return first


def _costs(names: list[str], directory: pathlib.Path, training_paths: list[str]) -> dict[str, Any]:
    from pnet_tf.ablation import costs

    with cli.progress("timing", "network") as update:
        found = {}
        for name in names:
            found[name] = costs.measure(directory / name, training_paths)
            update(len(found), len(names))
    return found


def ablate() -> None:
    """Runs the experiments that the flags describe."""
    from tqdm import tqdm

    from pnet_tf import store
    from pnet_tf.ablation import experiments, tables
    from pnet_tf.data import mixture, records

    cli.one_opencv_thread()
    names = FLAGS.experiments or [*experiments.EXPERIMENTS, *experiments.COMPETITORS]
    names = [one for one in experiments.KNOWN if one in names] + [one for one in names if one not in experiments.KNOWN]
    training, validation = mixture.parse(FLAGS.records), mixture.validation_sets(FLAGS.val_records)
    settings = _settings(names, training.drawn)
    test_paths = records.find(FLAGS.test_records or FLAGS.val_records)
    directory = pathlib.Path(FLAGS.output_dir)
    seeds, first = _seeds(directory, settings), _first_weights()
    with tqdm(unit="step", disable=not sys.stderr.isatty()) as bar:
        command = shlex.join(["pnet-ablate", *cli.given(FLAGS)])
        watch = functools.partial(runs.watchers, bar)
        for place, changes in seeds.items():
            experiments.train(names, training, validation, place, {**settings, **changes}, first, watch, command)
    with cli.progress("scoring", "photo") as update:
        scored = [experiments.score(names, place, test_paths, update) for place in seeds]
    results, by_photo = experiments.over_seeds([one for one, _ in scored]), scored[0][1]
    costs = _costs(names, directory, training.paths)

    experiment = store.read_config(directory / names[0])
    about = _about(records.count(test_paths), experiment)
    models = {name: store.read_config(directory / name).model for name in names}
    sizes = {name: (one.input_height, one.input_width) for name, one in models.items()}
    report = tables.report(results, costs, sizes, about)
    found = {
        "about": about,
        "results": results,
        "costs": {name: dataclasses.asdict(one) for name, one in costs.items()},
    }
    cli.write_json(directory / "ablation.json", {**found, "paper": tables.PAPER})
    pictures = _pictures(names, directory, results, by_photo, test_paths, experiment, sizes)
    files.write_text(directory / "ablation.md", "\n\n".join([report.rstrip("\n"), *pictures]) + "\n")
    print(report)
    print(directory / "ablation.md")


def _pictures(
    names: list[str],
    directory: pathlib.Path,
    results: dict[str, Any],
    by_photo: dict[str, dict[str, float]],
    test_paths: list[str],
    experiment: config.Experiment,
    sizes: dict[str, tuple[int, int]],
) -> list[str]:
    """Writes Figs. 8, 9 and 11; returns the lines that show them."""
    from pnet_tf import store
    from pnet_tf.ablation import experiments, figures, tables
    from pnet_tf.data import records
    from pnet_tf.model.predict import KerasNetwork
    from pnet_tf.pictures import writer

    size = (experiment.model.input_height, experiment.model.input_width, experiment.data.resize)
    files.write_bytes(directory / "fig8.png", figures.to_png(figures.weight_masks(records.samples(test_paths), *size)))
    made = ["fig8.png"]
    if {"exp1_m", "exp2_b"} <= results.keys():
        files.write_bytes(directory / "fig9.png", figures.to_png(figures.edge_curves(results)))
        made.append("fig9.png")
    hard = experiments.hardest(by_photo, HARD)
    shown = [one for one in records.samples(test_paths) if one[0] in hard]
    networks = {tables.titled(name, sizes): KerasNetwork(store.load(directory / name)[0]) for name in names}
    writer.write(directory / "fig11.png", figures.hard_photos(shown, networks, experiment.data.resize))
    return [f"![{one.removesuffix('.png').replace('fig', 'Fig. ')}]({one})" for one in [*made, "fig11.png"]]


def main(argv: list[str] | None = None) -> int:
    """Console entry point; returns the exit status."""
    return cli.run(ablate, FLAGS, __doc__, argv)


if __name__ == "__main__":
    sys.exit(main())
