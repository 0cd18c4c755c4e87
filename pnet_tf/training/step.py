"""The inner ring: one traced training step, without I/O."""

from collections.abc import Callable

from pnet_tf import config, fields
from pnet_tf.losses.objective import objective
from pnet_tf.stack import keras, tf

Batch = dict[str, tf.Tensor]


def make_step(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    experiment: config.Experiment,
    averaged: keras.Model | None = None,
) -> Callable[[Batch], dict[str, tf.Tensor]]:
    """A function that takes one step on one batch and returns its losses.

    Both views go through the network as one batch: one pass, and batch norm that sees what it
    will meet in use, clean and disturbed light together.

    Args:
      model: the training graph; updated by every call.
      optimizer: likewise.
      experiment: loss weights, weight decay, clipping, EMA decay.
      averaged: a second network of the same shape that follows as the exponential moving average
        of all weights, batch norm statistics included.

    Returns:
      batch of `pipeline.training_batches` → the float32 scalars of `objective`, and
      "learning_rate". On a non-finite loss no weight is updated; the statistics of batch norm are.
    """
    settings = experiment.training
    variables = model.trainable_variables

    @tf.function
    def step(batch: Batch) -> dict[str, tf.Tensor]:
        both = tf.cast(tf.concat([batch[fields.CLEAN], batch[fields.TEXTURED]], 0), tf.float32)
        rate = optimizer.learning_rate
        with tf.GradientTape() as tape:
            outputs = model(both, training=True)
            halves = {name: tf.split(logits, 2) for name, logits in outputs.items()}
            clean, textured = ({name: pair[i] for name, pair in halves.items()} for i in (0, 1))
            losses = objective(clean, textured, batch, experiment.loss)
        gradients = tape.gradient(losses[fields.LOSS_TOTAL], variables, unconnected_gradients="zero")
        gradients = [g + settings.weight_decay * v for g, v in zip(gradients, variables, strict=True)]
        if settings.clip_norm:
            gradients, _ = tf.clip_by_global_norm(gradients, settings.clip_norm)
        # A finite loss can have a gradient that is not: 0 · inf makes the loss say so.
        losses[fields.LOSS_TOTAL] += 0.0 * tf.linalg.global_norm(gradients)
        if tf.math.is_finite(losses[fields.LOSS_TOTAL]):
            optimizer.apply_gradients(zip(gradients, variables, strict=True))
            if averaged is not None:
                taken = tf.cast(optimizer.iterations, tf.float32)
                # A short memory at first, so that the random start is soon forgotten.
                decay = tf.minimum(settings.ema_decay, (1 + taken) / (10 + taken))
                for mean, current in zip(averaged.weights, model.weights, strict=True):
                    if mean.dtype.is_floating:  # TFMOT's step counters are not
                        mean.assign_add((1 - decay) * (current - mean))
        return {**losses, "learning_rate": tf.cast(rate, tf.float32)}

    return step
