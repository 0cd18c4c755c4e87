"""The training graph that the settings name; all have the same inputs and outputs, but for the boundary head."""

from pnet_tf import config
from pnet_tf.model import bisenet, enet, portraitfcn, portraitnet, reference
from pnet_tf.stack import keras


def build(settings: config.Model) -> keras.Model:
    """The training graph, with fresh weights; see the networks' own `build`."""
    known = (portraitnet, reference, enet, bisenet, portraitfcn)
    networks = {one.__name__.split(".")[-1]: one for one in known}
    return networks[settings.network].build(settings)
