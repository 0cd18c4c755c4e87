"""The outer ring: epochs, validation, what is kept, and going on where a run stopped."""

import dataclasses
import json
import pathlib
import time
from collections.abc import Callable
from typing import Any

from pnet_tf import config, evaluation, fields, files, metrics, store
from pnet_tf.data import pipeline, records
from pnet_tf.errors import InputError
from pnet_tf.model.predict import KerasNetwork
from pnet_tf.stack import keras, tf
from pnet_tf.training import optimizer as optimizers
from pnet_tf.training.checkpoint import FOLDER, Checkpoints
from pnet_tf.training.step import make_step

HISTORY = "history.json"
SCORE = metrics.FOREGROUND_IOU
"""At the network's size, with the letterbox: the figure by which the kept weights are chosen."""


def _nothing(*_: Any) -> None:
    pass


@dataclasses.dataclass(frozen=True)
class Watchers:
    """What a run tells while it goes on; each is called from the loop and returns nothing."""

    on_start: Callable[[int, int], None] = _nothing
    """steps done before, steps in all."""
    on_step: Callable[[int, dict[str, float]], None] = _nothing
    """steps done, the step's losses and learning rate."""
    on_epoch: Callable[[dict[str, Any]], None] = _nothing
    """the entry that history.json gets."""


def _check_resumed(directory: pathlib.Path, experiment: config.Experiment) -> None:
    if not (directory / store.CONFIG).exists():
        return
    old, new = (dataclasses.asdict(one) for one in (store.read_config(directory), experiment))
    changes = [
        f"{name} was {old[section][name]}, is {value}"
        for section, values in new.items()
        for name, value in values.items()
        if old[section][name] != value
    ]
    if changes:
        raise InputError(
            f"{directory}: holds a run with other settings ({'; '.join(changes)}); "
            "give the same ones to go on, or another --model_dir"
        )


def _read_history(directory: pathlib.Path, step: int) -> list[dict[str, Any]]:
    path = directory / HISTORY
    entries = json.loads(path.read_text()) if path.exists() else []
    return [entry for entry in entries if entry["step"] <= step]


def fit(
    train_paths: list[str],
    validation_paths: list[str],
    directory: str | pathlib.Path,
    experiment: config.Experiment,
    initialise: Callable[[keras.Model], None] = _nothing,
    watchers: Watchers = Watchers(),
) -> list[dict[str, Any]]:
    """Trains, or goes on training, in a model directory.

    The directory ends up with the weights of the best validation (`store`), the checkpoints
    of the newest states, and history.json.

    Args:
      train_paths, validation_paths: record files, see `records.find`.
      directory: the model directory; a run that stopped in it goes on from its last checkpoint.
      experiment: what to compute; must equal that of the run that is resumed.
      initialise: gives a new run's network its first weights.
      watchers: told of every step and epoch.

    Returns:
      history.json's entries, one a validation: step, epoch, mean losses, scores, seconds.

    Raises:
      InputError: a network with a prior, bad records, a directory with another run, a full disk, or a loss that is not
        finite (names the records of that batch).
    """
    directory = pathlib.Path(directory)
    settings = experiment.training
    if experiment.model.prior:
        raise InputError("prior: no training view has a previous mask; train without --prior")
    record_count = records.count(train_paths)
    records.count(validation_paths)
    per_epoch = pipeline.steps_per_epoch(record_count, settings.batch_size)
    _check_resumed(directory, experiment)

    keras.utils.set_random_seed(settings.seed)
    model = store.build(experiment)
    tf.random.set_seed(None)  # what draws from here on has a seed of its own
    if tf.train.latest_checkpoint(str(directory / FOLDER)) is None:  # not even after a kill within the first save
        initialise(model)
    averaged = None
    if settings.ema_decay:
        averaged = store.build(experiment)
        averaged.set_weights(model.get_weights())
    optimizer = optimizers.make(settings, per_epoch)
    checkpoints = Checkpoints(directory, model, optimizer, averaged)
    done, total = checkpoints.restore(), settings.epochs * per_epoch
    history = _read_history(directory, done)
    files.write_text(directory / store.CONFIG, experiment.to_json())

    step = make_step(model, optimizer, experiment, averaged)
    kept = averaged if averaged is not None else model
    network = KerasNetwork(kept)
    watchers.on_start(done, total)
    sums: dict[str, float] = {}
    started, since = time.monotonic(), done
    batches = pipeline.training_batches(train_paths, experiment, record_count, done)
    for batch in batches.take(total - done):
        losses = {name: float(value) for name, value in step(batch).items()}
        done += 1
        if not tf.math.is_finite(losses[fields.LOSS_TOTAL]):
            ids = ", ".join(one.decode() for one in batch[fields.RECORD_ID].numpy())
            raise InputError(f"step {done}: the loss is not finite; lower --learning_rate or look at the records {ids}")
        sums = {name: sums.get(name, 0.0) + value for name, value in losses.items()}
        watchers.on_step(done, losses)
        if done % (per_epoch * settings.validate_every) and done != total:
            continue
        scores = evaluation.evaluate(network, records.samples(validation_paths), experiment.data.resize)
        entry = {
            "step": done,
            "epoch": done / per_epoch,
            "seconds": round(time.monotonic() - started, 1),
            **{name: value / (done - since) for name, value in sums.items()},
            **scores,
        }
        best = max((one[evaluation.NETWORK_SIZE][SCORE] for one in history), default=-1.0)
        if scores[evaluation.NETWORK_SIZE][SCORE] > best:
            store.save(kept, experiment, directory)
        history.append(entry)
        files.write_text(directory / HISTORY, json.dumps(history, indent=1) + "\n")
        checkpoints.save(done)
        watchers.on_epoch(entry)
        sums, started, since = {}, time.monotonic(), done
    return history
