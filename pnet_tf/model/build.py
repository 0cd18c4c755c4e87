"""The training graph that the settings name; all have the same inputs and outputs, but for the boundary head."""

from pnet_tf import config
from pnet_tf.model import bisenet, enet, portraitnet, reference
from pnet_tf.stack import keras


def build(settings: config.Model) -> keras.Model:
    """The training graph, with fresh weights; see the networks' own `build`."""
    networks = {"portraitnet": portraitnet, "reference": reference, "enet": enet, "bisenet": bisenet}
    return networks[settings.network].build(settings)
