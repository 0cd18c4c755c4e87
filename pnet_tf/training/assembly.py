"""A run's network, its average and its optimiser, on one device or in a strategy's scope."""

import dataclasses
from collections.abc import Callable

from pnet_tf import config, store
from pnet_tf.errors import InputError
from pnet_tf.model import weights
from pnet_tf.stack import keras, tf
from pnet_tf.training import distribution
from pnet_tf.training import optimizer as optimizers
from pnet_tf.training import teacher as teachers


@dataclasses.dataclass(frozen=True)
class Parts:
    """A run's state in memory.

    Attributes:
      model: the trained graph.
      averaged: its moving average, or None.
      validated: a float32 network on one device, for validation and for the file; it may be one of the two.
      teacher: see `make_step`, or None.
    """

    model: keras.Model
    averaged: keras.Model | None
    optimizer: keras.optimizers.Optimizer
    validated: keras.Model
    teacher: Callable[[tf.Tensor], tf.Tensor] | None

    def refresh(self) -> None:
        """Brings `validated` up to date; every machine of a strategy has to call it."""
        kept = self.averaged if self.averaged is not None else self.model
        if self.validated is not kept:
            self.validated.set_weights(kept.get_weights())


def assemble(
    experiment: config.Experiment,
    steps_per_epoch: int,
    strategy: tf.distribute.Strategy,
    initialise: Callable[[keras.Model], None],
) -> Parts:
    """Builds the parts; the same seed gives the same first weights under every strategy.

    Raises:
      InputError: the int8 twin under a strategy, or a teacher that cannot be read.
    """
    settings = experiment.training
    distributed = distribution.is_distributed(strategy)
    if settings.quantize and distributed:
        raise InputError("--strategy: the int8 twin trains on one device; leave it out with --quantize")
    keras.utils.set_random_seed(settings.seed)
    plain = store.build(experiment)
    tf.random.set_seed(None)  # what draws from here on has a seed of its own
    initialise(plain)

    trained_apart = distributed or settings.mixed_precision
    keras.mixed_precision.set_global_policy("mixed_bfloat16" if settings.mixed_precision else "float32")
    try:
        with strategy.scope():
            model = store.build(experiment) if trained_apart else plain
            averaged = store.build(experiment) if settings.ema_decay else None
            optimizer = optimizers.make(settings, steps_per_epoch)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    name, network = experiment.loss.teacher_model, experiment.model
    with strategy.scope():
        teacher = teachers.load(name, network.input_height, network.input_width) if name else None
    for one in (model, averaged):
        if one is not None and one is not plain:
            one.set_weights(plain.get_weights())
    for one in (model, plain, averaged or model):
        one.input_spec = keras.layers.InputSpec(ndim=4)  # phases may have other sizes
    return Parts(model, averaged, optimizer, plain if trained_apart else averaged or plain, teacher)


def freeze_encoder(model: keras.Model, frozen: bool) -> None:
    """Stops the encoder's weights and batch norm statistics, or lets them learn again."""
    encoder = {name.split("/")[0] for name in weights.encoder_variables(model)}
    for layer in model.layers:
        if layer.name in encoder:
            layer.trainable = not frozen
