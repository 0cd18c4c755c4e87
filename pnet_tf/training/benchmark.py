"""How long a training step takes, beside the plain way to write it."""

import dataclasses
import math
import statistics
import time
from collections.abc import Callable, Iterator

from pnet_tf import config, fields, store
from pnet_tf.data import mixture, pipeline
from pnet_tf.errors import InputError
from pnet_tf.stack import keras, tf
from pnet_tf.training import distribution
from pnet_tf.training import optimizer as optimizers
from pnet_tf.training.assembly import assemble
from pnet_tf.training.step import Batch, make_step, want_of_memory_is_named

WARM_UP = 2
BLOCKS = 4
"""The two kinds take turns in blocks, not in single steps, so that either waits for its own input."""


@dataclasses.dataclass(frozen=True)
class StepTimes:
    """What `measure` found.

    Attributes:
      steps: timed steps of either kind, in turns.
      seconds_per_step: median, waiting for input included.
      input_wait_share: share of all steps' time that went by waiting for a batch, 0..1.
      plain_seconds_per_step: the same median of `plain_step`.
      ratio: of the two medians.
    """

    steps: int
    seconds_per_step: float
    input_wait_share: float
    plain_seconds_per_step: float
    ratio: float


def plain_objective(outputs: list[dict[str, tf.Tensor]], batch: Batch, weights: config.Loss) -> tf.Tensor:
    """Equation 13 on softmax probabilities with Keras' losses, for labels without ignored pixels.

    Args:
      outputs: of the clean and the textured view, as of the training graph.
      batch: MASK and BOUNDARY labels (B, H, W).
      weights: boundary loss on both views, gradient through the focal factor, neither distillation nor boundary
        emphasis.

    Returns:
      The float32 scalar that `objective` calls LOSS_TOTAL.
    """
    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    total = sum(cross_entropy(batch[fields.MASK], one[fields.MASK_LOGITS]) for one in outputs)
    boundary = tf.one_hot(batch[fields.BOUNDARY], 2)
    for one in outputs:
        probability = tf.reduce_sum(tf.nn.softmax(one[fields.BOUNDARY_LOGITS]) * boundary, -1)
        focal = -((1 - probability) ** weights.focal_gamma) * tf.math.log(probability)
        total += weights.boundary_weight / 2 * tf.reduce_mean(focal)
    teacher, student = (tf.nn.softmax(one[fields.MASK_LOGITS] / weights.temperature) for one in outputs)
    divergence = keras.losses.KLDivergence()(tf.stop_gradient(teacher), student)
    return total + weights.consistency_weight * weights.temperature**2 * divergence


def plain_step(
    model: keras.Model, optimizer: keras.optimizers.Optimizer, experiment: config.Experiment
) -> Callable[[Batch], tf.Tensor]:
    """The step as one writes it first: a pass for each view, softmax losses, Keras' optimiser as it is."""

    @tf.function
    def step(batch: Batch) -> tf.Tensor:
        with tf.GradientTape() as tape:
            outputs = [
                model(tf.cast(batch[view], tf.float32), training=True) for view in (fields.CLEAN, fields.TEXTURED)
            ]
            loss = plain_objective(outputs, batch, experiment.loss)
        optimizer.minimize(loss, model.trainable_variables, tape)
        return loss

    return step


def _fully_labelled(batch: Batch) -> Batch:
    """Ignored pixels, which Keras' losses do not know, as background."""
    mask = batch[fields.MASK]
    return {**batch, fields.MASK: tf.where(mask == fields.IGNORE, tf.cast(fields.BACKGROUND, mask.dtype), mask)}


class _Clock:
    """Steps of one kind, and how long each took and waited, in seconds."""

    def __init__(self, step: Callable[[Batch], tf.Tensor]):
        self._step = step
        self.taken: list[float] = []
        self.waits: list[float] = []

    def take(self, batches: Iterator[Batch]) -> None:
        begun = time.perf_counter()
        with pipeline.bad_records_are_named():
            batch = next(batches)
        self.waits.append(time.perf_counter() - begun)
        with want_of_memory_is_named():
            self._step(batch).numpy()
        self.taken.append(time.perf_counter() - begun)


def measure(
    drawn_from: mixture.Mixture, experiment: config.Experiment, steps: int, on_step: Callable[[int, int], None]
) -> StepTimes:
    """Times the two kinds of step in turns, each on a network of its own, on real batches.

    Args:
      paths: record files.
      experiment: sizes, batch size, losses, precision; boundary loss on both views and neither distillation nor
        emphasis, as the plain step has it. The average of the weights is left out of both.
      steps: timed steps of either kind, rounded up to whole blocks.
      on_step: told how many of how many steps are done.

    Raises:
      InputError: bad records, or an experiment that the plain step cannot do.
    """
    loss = experiment.loss
    beyond = loss.distillation_weight or loss.boundary_emphasis
    if not loss.boundary_weight:
        raise InputError("--benchmark_steps: the plain step has the boundary loss; leave out --boundary_weight=0")
    if loss.boundary_views != "both" or not loss.focal_factor_gradient or beyond:
        raise InputError(
            "--benchmark_steps: the plain step knows the paper's losses alone; leave out --distillation_weight, "
            "--boundary_emphasis, --boundary_views and --nofocal_factor_gradient"
        )
    if experiment.training.quantize or experiment.model.prior:
        raise InputError("--benchmark_steps: times float networks without prior; leave out --quantize and --prior")
    per_epoch = pipeline.steps_per_epoch(drawn_from.drawn, experiment.training.batch_size)
    alone = experiment.replace(ema_decay=0.0)
    parts = assemble(alone, per_epoch, distribution.make("none"), lambda model: None)
    step, plain_model = make_step(parts.model, parts.optimizer, alone), store.build(experiment)
    plain = plain_step(plain_model, optimizers.make(experiment.training, per_epoch), experiment)
    batches = iter(pipeline.training_batches(drawn_from, experiment).map(_fully_labelled))
    own, other = _Clock(lambda batch: step(batch)[fields.LOSS_TOTAL]), _Clock(plain)
    block_length = math.ceil(steps / BLOCKS)
    for block in range(BLOCKS):
        for clock in (own, other):
            for _ in range(block_length if block else WARM_UP + block_length):
                clock.take(batches)
                on_step(len(own.taken) + len(other.taken), 2 * (WARM_UP + BLOCKS * block_length))
    waits, times = own.waits[WARM_UP:], own.taken[WARM_UP:]
    seconds, plain_seconds = statistics.median(times), statistics.median(other.taken[WARM_UP:])
    return StepTimes(len(times), seconds, sum(waits) / sum(times), plain_seconds, seconds / plain_seconds)
