"""A network of a few layers in place of PortraitNet, for what is not about the network.

BALLAST=n in the environment adds n million weights, so that a checkpoint takes time; LOGICAL_CPUS=n splits the
processor into n devices.
"""

import os

from pnet_tf import config, fields, store
from pnet_tf.model import portraitnet
from pnet_tf.model.encoder import batch_norm_settings
from pnet_tf.stack import keras, tf
from pnet_tf_tools import cli

layers = keras.layers


def build(experiment: config.Experiment) -> keras.Model:
    raw = keras.Input((experiment.model.input_height, experiment.model.input_width, 3))
    x = layers.Conv2D(4, 3, padding="same", name="Conv1")(layers.Rescaling(1 / 255)(raw))
    x = layers.ReLU()(layers.BatchNormalization(**batch_norm_settings(), name="bn_Conv1")(x))
    ballast = int(os.environ.get("BALLAST", "0"))
    if ballast:
        pooled = layers.Dense(ballast * 1000, name="ballast")(layers.Dense(1000, name="wide")(x[:, 0, 0]))
        x = x + 0.0 * layers.Lambda(lambda one: one[:, None, None, :1])(pooled)
    heads = {fields.MASK_LOGITS: portraitnet.MASK_HEAD, fields.BOUNDARY_LOGITS: portraitnet.BOUNDARY_HEAD}
    return keras.Model(raw, {name: layers.Conv2D(2, 3, padding="same", name=head)(x) for name, head in heads.items()})


def prepare() -> None:
    """What a process does before its tool: the small network, every step a line, and as many devices as asked."""
    devices = [tf.config.LogicalDeviceConfiguration() for _ in range(int(os.environ.get("LOGICAL_CPUS", "1")))]
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], devices)
    store.build = build
    cli.LINE_SECONDS = 0
