"""The outer ring: phases, validation, what is kept, and going on where a run stopped."""

import dataclasses
import json
import math
import pathlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pnet_tf import config, evaluation, fields, files, store
from pnet_tf.data import mixture, pipeline, records
from pnet_tf.errors import InputError
from pnet_tf.metrics import masks
from pnet_tf.model import portraitfcn
from pnet_tf.model.predict import KerasNetwork
from pnet_tf.stack import keras, tf
from pnet_tf.training import distribution, panels, phases
from pnet_tf.training.assembly import Parts, assemble, freeze_encoder
from pnet_tf.training.checkpoint import FOLDER, Checkpoints
from pnet_tf.training.identity import RUN, Run
from pnet_tf.training.step import make_step, want_of_memory_is_named

HISTORY = "history.json"
SCORE = masks.FOREGROUND_IOU
"""At the network's size: the figure by which the kept weights are chosen."""

SETS = "sets"
"""In an entry of the history, where a run validates on several sets: each set's scores by its name."""

INPUT_WAIT = "input_wait"
PAIRS_PER_SECOND = "pairs_per_second"


def _nothing(*_: Any) -> None:
    pass


@dataclasses.dataclass(frozen=True)
class Watchers:
    """What a run tells while it goes on; each is called from the loop and returns nothing."""

    on_start: Callable[[int, int], None] = _nothing
    """steps done before, steps in all."""
    on_step: Callable[[int, dict[str, float]], None] = _nothing
    """steps done; the step's figures with INPUT_WAIT (share of its time, 0..1) and PAIRS_PER_SECOND."""
    on_epoch: Callable[[dict[str, Any]], None] = _nothing
    """the entry that history.json gets."""
    on_note: Callable[[str], None] = _nothing
    """a line that the user should read."""
    on_panels: Callable[[int, np.ndarray], None] | None = None
    """steps done; views, labels and predictions of some records, RGB (h, w, 3) uint8. Not drawn if None."""


class _Meter:
    """Means of a step's figures since the last validation."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._steps, self._started = 0, time.monotonic()

    def add(self, figures: dict[str, float]) -> None:
        self._steps += 1
        self._sums = {name: self._sums.get(name, 0.0) + value for name, value in figures.items()}

    def entry(self, step: int, steps_per_epoch: int) -> dict[str, Any]:
        means = {name: value / self._steps for name, value in self._sums.items()}
        seconds = round(time.monotonic() - self._started, 1)
        return {"step": step, "epoch": step / steps_per_epoch, "seconds": seconds, **means}


def _read_history(directory: pathlib.Path) -> list[dict[str, Any]]:
    path = directory / HISTORY
    try:
        return json.loads(path.read_text()) if path.exists() else []
    except ValueError:
        raise InputError(f"{path}: not what pnet-train wrote; remove it to go on without its curves") from None


def _refuse_to_start_over(directory: pathlib.Path) -> None:
    """A kill within the first save leaves one entry of the history and run.json; whatever else is there is a model."""
    begun_here = (directory / RUN).exists() and len(_read_history(directory)) <= 1
    if (directory / store.WEIGHTS).exists() and not begun_here:
        raise InputError(
            f"{directory}: holds a model and no checkpoint to go on from; to start from it, give another directory and "
            "name this one with --init_weights"
        )


def _best(history: list[dict[str, Any]]) -> float:
    return max((entry[evaluation.NETWORK_SIZE][SCORE] for entry in history), default=-1.0)


def _out_of_patience(history: list[dict[str, Any]], patience: int) -> bool:
    return 0 < patience < len(history) and _best(history[-patience:]) <= _best(history[:-patience])


def _check_records(training: mixture.Mixture, validation: dict[str, list[str]], experiment: config.Experiment) -> None:
    if experiment.model.prior:
        raise InputError("prior: no training view has a previous mask; train without --prior")
    for paths in validation.values():
        records.count(paths)
    if experiment.loss.distillation_weight and not experiment.loss.teacher_model:
        records.require_teacher(training.paths)


def _begun_or_resumed(
    directory: pathlib.Path,
    experiment: config.Experiment,
    steps_per_epoch: int,
    strategy: tf.distribute.Strategy,
    initialise: Callable[[keras.Model], None],
    watchers: Watchers,
) -> tuple[Parts, Checkpoints, int]:
    """A run's parts with its first weights or those of the newest readable checkpoint, and the steps done."""
    # A kill within the first save leaves files, but not yet the list of complete checkpoints.
    fresh = tf.train.get_checkpoint_state(str(directory / FOLDER)) is None
    if fresh:
        _refuse_to_start_over(directory)
    parts = assemble(experiment, steps_per_epoch, strategy, initialise if fresh else _nothing)
    with strategy.scope():
        writes = distribution.is_chief(strategy)
        checkpoints = Checkpoints(directory, parts.model, parts.optimizer, parts.averaged, writes)
    done = checkpoints.restore()
    for note in checkpoints.passed_over:
        watchers.on_note(f"a damaged checkpoint is passed over: {note}")
    return parts, checkpoints, done


def _with_mean_mask(
    initialise: Callable[[keras.Model], None],
    training: mixture.Mixture,
    experiment: config.Experiment,
    watchers: Watchers,
) -> Callable[[keras.Model], None]:
    """PortraitFCN+'s first weights, and what it knows of its training photos."""

    def both(model: keras.Model) -> None:
        initialise(model)
        seen, found = portraitfcn.adapt(model, records.samples(training.paths), experiment.data.resize)
        watchers.on_note(
            f"mean mask of {found} training photos; on {seen - found} of {seen} no face was found, there it is taken "
            "to be in the middle, as in use"
        )

    return both


def _batches(
    training: mixture.Mixture,
    experiment: config.Experiment,
    start: int,
    phase: phases.Phase,
    strategy: tf.distribute.Strategy,
) -> Iterator[dict[str, Any]]:
    def of_this_machine(context: tf.distribute.InputContext) -> tf.data.Dataset:
        here = context.num_replicas_in_sync // context.num_input_pipelines
        part = pipeline.Part(context.input_pipeline_id, context.num_input_pipelines, here)
        size = (phase.height, phase.width)
        return pipeline.training_batches(training, experiment, start, size, part)

    return iter(strategy.distribute_datasets_from_function(of_this_machine))


def _taken(step: Callable, batches: Iterator[dict[str, Any]], batch_size: int) -> tuple[dict, dict[str, float]]:
    """One batch and the figures of a step on it."""
    begun = time.perf_counter()
    with pipeline.bad_records_are_named():
        batch = next(batches)
    waited = time.perf_counter() - begun
    with want_of_memory_is_named():
        figures = {name: float(value) for name, value in step(batch).items()}
    seconds = time.perf_counter() - begun
    return batch, {**figures, INPUT_WAIT: waited / seconds, PAIRS_PER_SECOND: batch_size / seconds}


def _refuse_not_finite(step: int, loss: float, batch: dict[str, Any], strategy: tf.distribute.Strategy) -> None:
    if not math.isfinite(loss):
        local = strategy.experimental_local_results(batch[fields.RECORD_ID])
        ids = ", ".join(one.decode() for part in local for one in part.numpy())
        raise InputError(f"step {step}: the loss is not finite; lower --learning_rate or look at the records {ids}")


class _Keeper:
    """Validates, and keeps what a validation leaves: the best weights, the history, a checkpoint."""

    def __init__(
        self,
        directory: pathlib.Path,
        experiment: config.Experiment,
        validation: dict[str, list[str]],
        parts: Parts,
        checkpoints: Checkpoints,
        history: list[dict[str, Any]],
        strategy: tf.distribute.Strategy,
        watchers: Watchers,
    ):
        self._directory, self._experiment, self._validation = directory, experiment, validation
        self._parts, self._checkpoints, self._history = parts, checkpoints, history
        self._strategy, self._watchers = strategy, watchers
        self._network = KerasNetwork(parts.validated)

    def validate(self, entry: dict[str, Any], batch: dict[str, Any]) -> None:
        """Adds the scores to the entry and the entry to the history; the batch is for the panels."""
        parts, history, resize = self._parts, self._history, self._experiment.data.resize
        parts.refresh()
        sets = {
            name: evaluation.evaluate(self._network, records.samples(paths), resize)
            for name, paths in self._validation.items()
        }
        scores = evaluation.mean_of_sets(sets)
        is_best = scores[evaluation.NETWORK_SIZE][SCORE] > _best(history)
        history.append({**entry, **scores, **({SETS: sets} if len(sets) > 1 else {})})
        if distribution.is_chief(self._strategy):
            if is_best:
                store.save(parts.validated, self._experiment, self._directory)
            files.write_text(self._directory / HISTORY, json.dumps(history, indent=1) + "\n")
        self._checkpoints.save(entry["step"])
        self._watchers.on_epoch(history[-1])
        if self._watchers.on_panels:
            self._watchers.on_panels(entry["step"], panels.draw(parts.validated, batch, self._strategy))


def fit(
    training: mixture.Mixture,
    validation: dict[str, list[str]],
    directory: str | pathlib.Path,
    experiment: config.Experiment,
    initialise: Callable[[keras.Model], None] = _nothing,
    watchers: Watchers = Watchers(),
    strategy: tf.distribute.Strategy | None = None,
    command: str = "",
) -> list[dict[str, Any]]:
    """Trains, or goes on training, in a model directory.

    The directory ends up with the weights of the best validation (`store`), the checkpoints
    of the newest states, history.json, and run.json (the command and the records).

    Args:
      training: the records to draw from.
      validation: record files of each set, see `mixture.validation_sets`. The mean of the sets' scores, each set
        counting as one, chooses the kept weights.
      directory: the model directory; a run that stopped in it goes on from its last checkpoint.
      experiment: what to compute; must equal that of the run that is resumed.
      initialise: gives a new run's network its first weights.
      watchers: told of every step and epoch.
      strategy: from `distribution.make`; one device by default. The batch size is that of all replicas
        together. Every machine validates, which costs no time; the chief alone writes.
      command: how the run was called, for run.json.

    Returns:
      history.json's entries, one a validation: step, epoch, mean losses, scores, seconds.

    Raises:
      InputError: a network with a prior, no such teacher, bad records, a directory with another run, a full disk, a
        batch that the replicas cannot share, another worker that died, or a loss that is not finite (names that
        batch's records).
    """
    directory, settings = pathlib.Path(directory), experiment.training
    strategy = strategy or distribution.make("none")
    _check_records(training, validation, experiment)
    per_epoch = pipeline.steps_per_epoch(training.drawn, settings.batch_size)
    distribution.check_batch(strategy, settings.batch_size)
    plan = phases.plan(experiment, per_epoch)
    run = Run(experiment, command, training, validation)
    run.check(directory)

    if experiment.model.network == "portraitfcn":
        initialise = _with_mean_mask(initialise, training, experiment, watchers)
    with distribution.lost_workers_are_named(strategy):
        parts, checkpoints, done = _begun_or_resumed(directory, experiment, per_epoch, strategy, initialise, watchers)
        total, history = settings.epochs * per_epoch, [one for one in _read_history(directory) if one["step"] <= done]
        if distribution.is_chief(strategy):
            run.write(directory)
        watchers.on_start(done, total)
        keeper = _Keeper(directory, experiment, validation, parts, checkpoints, history, strategy, watchers)
        meter = _Meter()
        for phase in plan:
            if done >= phase.end or _out_of_patience(history, settings.patience):
                continue
            freeze_encoder(parts.model, phase.encoder_frozen)
            with strategy.scope():
                step = make_step(parts.model, parts.optimizer, experiment, parts.averaged, parts.teacher)
            batches = _batches(training, experiment, done, phase, strategy)
            while done < phase.end and not _out_of_patience(history, settings.patience):
                batch, figures = _taken(step, batches, settings.batch_size)
                done += 1
                _refuse_not_finite(done, figures[fields.LOSS_TOTAL], batch, strategy)
                meter.add(figures)
                watchers.on_step(done, figures)
                if done % (per_epoch * settings.validate_every) == 0 or done == total:
                    keeper.validate(meter.entry(done, per_epoch), batch)
                    meter = _Meter()
    return history
