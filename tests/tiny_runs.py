"""Settings of preset tiny, and runs with them."""

from pnet_tf import config, presets
from pnet_tf.data import mixture
from pnet_tf.training import loop


def tiny(**values) -> config.Experiment:
    return presets.get("tiny").replace(**values)


def fit(records, directory, experiment, **options):
    training, validation = mixture.parse(records[0]), mixture.validation_sets(records[1])
    return loop.fit(training, validation, directory, experiment, **options)


class Stopped(Exception):
    """What a run that is broken off raises."""


def stop_after(step: int):
    """A watcher of steps that breaks the run off."""

    def stop(done: int, _) -> None:
        if done == step:
            raise Stopped

    return stop
