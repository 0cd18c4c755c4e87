"""Trains Exp. 1 to 4 by their presets and scores them."""

import functools
import pathlib
from collections.abc import Callable
from typing import Any

from pnet_tf import evaluation, presets, store
from pnet_tf.data import illumination, mixture, records
from pnet_tf.model import weights
from pnet_tf.model.predict import KerasNetwork
from pnet_tf.stack import keras
from pnet_tf.training import loop

EXPERIMENTS = ("exp1_m", "exp2_b", "exp3_c", "exp4_full")
STARTS_FROM = {"exp2_b": "exp1_m"}
"""PortraitNet-B starts from the trained PortraitNet-M (section 4.4.1)."""

TEST = "test"
ILLUMINATION = "illumination"
"""The test photos in another light, for Table 3."""

ILLUMINATION_SEED = 0

Results = dict[str, dict[str, dict[str, dict[str, float]]]]
"""Experiment → TEST or ILLUMINATION → NETWORK_SIZE or PHOTO_SIZE → the figures of `metrics.Scores.result`."""


def train(
    training: mixture.Mixture,
    validation: dict[str, list[str]],
    directory: pathlib.Path,
    settings: dict[str, Any],
    initialise: Callable[[keras.Model], None],
    watch: Callable[[str], loop.Watchers],
    command: str = "",
) -> None:
    """Trains the four models, each in the folder of its preset's name; what is done already is not done again.

    Args:
      training, validation: as for `loop.fit`.
      directory: where the folders are.
      settings: changes to all four presets, see `Experiment.replace`.
      initialise: first weights, but for those that start from another experiment.
      watch: an experiment's name → its watchers.
      command: how all was called, for each run.json.

    Raises:
      InputError: see `loop.fit`.
    """
    for name in EXPERIMENTS:
        experiment = presets.get(name).replace(**settings)
        first = initialise
        if name in STARTS_FROM:
            first = functools.partial(weights.load, path=directory / STARTS_FROM[name] / store.WEIGHTS)
        loop.fit(training, validation, directory / name, experiment, first, watch(name), command=command)


def score(directory: pathlib.Path, test_paths: list[str], on_photo: Callable[[int, int], None]) -> Results:
    """Scores the four models on the test photos as they are and in another light.

    Args:
      directory: that of `train`.
      test_paths: record files.
      on_photo: told how many of how many photos are done.
    """
    total, done = 2 * len(EXPERIMENTS) * records.count(test_paths), 0

    def count(_: evaluation.Photo) -> None:
        nonlocal done
        done += 1
        on_photo(done, total)

    results = {}
    for name in EXPERIMENTS:
        model, experiment = store.load(directory / name)
        sets = {
            TEST: records.samples(test_paths),
            ILLUMINATION: illumination.changed(records.samples(test_paths), ILLUMINATION_SEED),
        }
        network, mode = KerasNetwork(model), experiment.data.resize
        results[name] = {key: evaluation.evaluate(network, samples, mode, count) for key, samples in sets.items()}
    return results
