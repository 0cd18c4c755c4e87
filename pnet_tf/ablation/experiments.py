"""Trains Exp. 1 to 4 and the paper's competitors by their presets, and scores them."""

import functools
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pnet_tf import config, evaluation, presets, store
from pnet_tf.data import illumination, mixture, records
from pnet_tf.errors import InputError
from pnet_tf.metrics import masks, paired
from pnet_tf.model import weights
from pnet_tf.model.predict import KerasNetwork
from pnet_tf.stack import keras
from pnet_tf.training import loop

EXPERIMENTS = ("exp1_m", "exp2_b", "exp3_c", "exp4_full")
COMPETITORS = ("enet", "bisenet", "bisenet_plus")
TWICE = {"bisenet_448": "bisenet"}
"""Run at twice the size, as in Tables 4 to 6 → its preset. Four times as dear, so it runs when it is asked for."""

DEAR = ("portraitfcn",)
"""A hundred times PortraitNet's multiply-adds: it runs when it is asked for."""

FRESH = (*COMPETITORS, *TWICE)
"""Started from random weights, as the paper's authors did."""

KNOWN = (*EXPERIMENTS, *COMPETITORS, *TWICE, *DEAR)
STARTS_FROM = {"exp2_b": "exp1_m"}
"""PortraitNet-B starts from the trained PortraitNet-M (section 4.4.1)."""

TEST = "test"
ILLUMINATION = "illumination"
"""The test photos in another light, for Table 3."""

ILLUMINATION_SEED = 0

HALF_WIDTH = "half_width"
"""Beside the sizes: a figure → half the width of its mean's 95 % interval over photos, at the network's size."""

OVER_SEEDS = "half_width_over_seeds"
"""The same over runs of several seeds."""

_STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
"""97.5 % quantile of Student's t by degrees of freedom, from 1 on."""

Results = dict[str, dict[str, dict[str, dict[str, float]]]]
"""Experiment → TEST or ILLUMINATION → NETWORK_SIZE or PHOTO_SIZE → the figures of `metrics.Scores.result`; or
HALF_WIDTH."""


def settled(name: str, settings: dict[str, Any]) -> config.Experiment:
    """An experiment by its name, with those of the settings that its network has.

    Raises:
      InputError: no such experiment (the known ones are listed), or a value that is refused.
    """
    if name not in KNOWN:
        raise InputError(f"--experiments={name}: known are {', '.join(KNOWN)}")
    start = presets.get(TWICE.get(name, name))
    if start.model.network not in config.OF_MOBILENET:
        sizes, owners = ("input_height", "input_width"), config.field_owners()
        without = {one for one in settings if owners[one] == "model" and one not in sizes} | {"frozen_encoder_epochs"}
        settings = {one: value for one, value in settings.items() if one not in without}
    experiment = start.replace(**settings)
    if name not in TWICE:
        return experiment
    model = experiment.model
    return experiment.replace(input_height=2 * model.input_height, input_width=2 * model.input_width)


def train(
    names: Sequence[str],
    training: mixture.Mixture,
    validation: dict[str, list[str]],
    directory: pathlib.Path,
    settings: dict[str, Any],
    initialise: Callable[[keras.Model, config.Model], None],
    watch: Callable[[str], loop.Watchers],
    command: str = "",
) -> None:
    """Trains the models, each in the folder of its name; what is done already is not done again.

    Args:
      names: of `KNOWN`; one that `STARTS_FROM` another comes behind it.
      training, validation: as for `loop.fit`.
      directory: where the folders are.
      settings: changes to all presets, see `settled`.
      initialise: first weights for a network of these settings; not asked for those that start from another experiment,
        and for `FRESH` ones.
      watch: an experiment's name → its watchers.
      command: how all was called, for each run.json.

    Raises:
      InputError: see `loop.fit`.
    """
    for name in names:
        experiment = settled(name, settings)
        first = functools.partial(initialise, settings=experiment.model) if name not in FRESH else lambda model: None
        if name in STARTS_FROM:
            first = functools.partial(weights.load, path=directory / STARTS_FROM[name] / store.WEIGHTS)
        loop.fit(training, validation, directory / name, experiment, first, watch(name), command=command)


def score(
    names: Sequence[str], directory: pathlib.Path, test_paths: list[str], on_photo: Callable[[int, int], None]
) -> tuple[Results, dict[str, dict[str, float]]]:
    """Scores the models on the test photos as they are and in another light.

    Args:
      names, directory: those of `train`.
      test_paths: record files.
      on_photo: told how many of how many photos are done.

    Returns:
      The results, and by experiment and photo the foreground IoU at the network's size.
    """
    total, done = 2 * len(names) * records.count(test_paths), 0
    results: Results = {}
    by_photo: dict[str, dict[str, float]] = {}
    for name in names:
        model, experiment = store.load(directory / name)
        sets = {
            TEST: records.samples(test_paths),
            ILLUMINATION: illumination.changed(records.samples(test_paths), ILLUMINATION_SEED),
        }
        network, mode, results[name] = KerasNetwork(model), experiment.data.resize, {}
        for key, samples in sets.items():
            found: dict[str, float] = {}

            def count(photo: evaluation.Photo, found: dict[str, float] = found) -> None:
                nonlocal done
                done += 1
                found[photo.id] = photo.network_size[masks.FOREGROUND_IOU]
                on_photo(done, total)

            results[name][key] = evaluation.evaluate(network, samples, mode, count)
            width = paired.difference(list(found.values()), [0.0] * len(found)).half_width
            results[name][key][HALF_WIDTH] = {masks.FOREGROUND_IOU: width}
            by_photo.setdefault(name, found)
    return results, by_photo


def over_seeds(found: Sequence[Results]) -> Results:
    """The mean of several seeds' results, figure by figure, and beside it `OVER_SEEDS`; one seed's as they are."""
    if len(found) == 1:
        return found[0]
    means = _mean(found)
    for name, sets in means.items():
        for key, figures in sets.items():
            runs = [one[name][key][evaluation.NETWORK_SIZE][masks.FOREGROUND_IOU] for one in found]
            figures[OVER_SEEDS] = {masks.FOREGROUND_IOU: half_width(runs)}
    return means


def _mean(values: Sequence[Any]) -> Any:
    if isinstance(values[0], dict):
        return {key: _mean([one[key] for one in values]) for key in values[0]}
    return float(np.mean(values))


def half_width(runs: Sequence[float]) -> float:
    """Half of the 95 % interval of the mean of two runs or more, by Student's t; beyond ten runs with that of ten."""
    quantile = _STUDENT[min(len(runs) - 1, len(_STUDENT)) - 1]
    return float(quantile * np.std(runs, ddof=1) / np.sqrt(len(runs)))


def hardest(by_photo: dict[str, dict[str, float]], count: int) -> list[str]:
    """The ids of the photos that the networks do worst on, in the mean of all, the worst first."""
    ids = next(iter(by_photo.values()))
    return sorted(ids, key=lambda one: sum(scores[one] for scores in by_photo.values()))[:count]
