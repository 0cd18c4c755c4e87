"""The inner ring: one traced training step, without I/O."""

import contextlib
from collections.abc import Callable, Iterator

from pnet_tf import config, fields
from pnet_tf.errors import InputError
from pnet_tf.losses.objective import objective
from pnet_tf.stack import keras, tf

Batch = dict[str, tf.Tensor]

TRAINING_IOU = "training_foreground_iou"
LEARNING_RATE = "learning_rate"


@contextlib.contextmanager
def want_of_memory_is_named() -> Iterator[None]:
    """Turns what TensorFlow raises when a device's memory is full into one line."""
    try:
        yield
    except tf.errors.ResourceExhaustedError:
        raise InputError("the device has too little memory for a step; lower --batch_size or the input size") from None


def both_views(model: keras.Model, batch: Batch) -> tuple[dict[str, tf.Tensor], dict[str, tf.Tensor]]:
    """The training graph's float32 logits for A and for A′, from one pass over both."""
    both = tf.cast(tf.concat([batch[fields.CLEAN], batch[fields.TEXTURED]], 0), tf.float32)
    outputs = model(both, training=True)
    halves = {name: tf.split(tf.cast(logits, tf.float32), 2) for name, logits in outputs.items()}
    return tuple({name: pair[i] for name, pair in halves.items()} for i in (0, 1))


def _foreground_iou(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Mean over the batch of equation 10, at probability 0.5; a photo without any foreground counts 1."""
    counted, truth = tf.not_equal(labels, fields.IGNORE), tf.equal(labels, fields.FOREGROUND)
    found = tf.logical_and(logits[..., 1] > logits[..., 0], counted)
    shared, either = (tf.reduce_sum(tf.cast(one, tf.float32), (1, 2)) for one in (found & truth, found | truth))
    return tf.reduce_mean(tf.where(either > 0, shared / tf.maximum(either, 1.0), 1.0))


def make_step(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    experiment: config.Experiment,
    averaged: keras.Model | None = None,
    teacher: Callable[[tf.Tensor], tf.Tensor] | None = None,
) -> Callable[[Batch], dict[str, tf.Tensor]]:
    """A function that takes one step on one batch and returns its losses.

    Both views go through the network as one batch: one pass, and batch norm that sees what it
    will meet in use, clean and disturbed light together. To be called in the scope of the
    tf.distribute strategy, if any; the batch is then the strategy's, and all figures are
    means over its replicas.

    Args:
      model: the training graph; its trainable variables are updated by every call.
      optimizer: likewise.
      experiment: loss weights, weight decay, clipping, EMA decay.
      averaged: a second network of the same shape that follows as the exponential moving average
        of all weights, batch norm statistics included.
      teacher: from `teacher.load`; what it says of A replaces the batch's TEACHER.

    Returns:
      batch of `pipeline.training_batches` → the float32 scalars of `objective`, TRAINING_IOU (clean view) and
      LEARNING_RATE. LOSS_TOTAL is not finite if the loss or its gradient is not; the weights are spoilt then.
    """
    settings, strategy = experiment.training, tf.distribute.get_strategy()
    replicas = strategy.num_replicas_in_sync
    variables = model.trainable_variables

    def on_replica(batch: Batch) -> dict[str, tf.Tensor]:
        rate = tf.cast(optimizer.learning_rate, tf.float32)
        if teacher:
            batch = {**batch, fields.TEACHER: teacher(batch[fields.CLEAN])}
        with tf.GradientTape() as tape:
            clean, textured = both_views(model, batch)
            losses = objective(clean, textured, batch, experiment.loss)
            share = losses[fields.LOSS_TOTAL] / replicas
        gradients = tape.gradient(share, variables, unconnected_gradients="zero")
        if replicas > 1:  # before clipping, whose norm is that of the global batch
            gradients = tf.distribute.get_replica_context().all_reduce("sum", gradients)
        gradients = [g + settings.weight_decay * v for g, v in zip(gradients, variables, strict=True)]
        if settings.clip_norm:
            gradients, _ = tf.clip_by_global_norm(gradients, settings.clip_norm)
        # A finite loss can have a gradient that is not: 0 · inf makes the loss say so.
        losses[fields.LOSS_TOTAL] += 0.0 * tf.linalg.global_norm(gradients)
        optimizer.apply_gradients(zip(gradients, variables, strict=True), skip_gradients_aggregation=True)
        iou = _foreground_iou(batch[fields.MASK], clean[fields.MASK_LOGITS])
        return {**losses, TRAINING_IOU: iou, LEARNING_RATE: rate}

    def follow() -> None:
        taken = tf.cast(optimizer.iterations, tf.float32)
        # A short memory at first, so that the random start is soon forgotten.
        decay = tf.minimum(settings.ema_decay, (1 + taken) / (10 + taken))
        for mean, current in zip(averaged.weights, model.weights, strict=True):
            if mean.dtype.is_floating:  # TFMOT's step counters are not
                mean.assign_add((1 - decay) * (current - mean))

    @tf.function(autograph=False)  # it finds nothing to rewrite, but looks through every layer
    def step(batch: Batch) -> dict[str, tf.Tensor]:
        figures = strategy.run(on_replica, (batch,))
        figures = {name: strategy.reduce("mean", value, axis=None) for name, value in figures.items()}
        if averaged is not None:
            follow()
        return figures

    return step
