"""The training graph that the settings name; every network has the same inputs and outputs."""

from pnet_tf import config
from pnet_tf.model import portraitnet, reference
from pnet_tf.stack import keras


def build(settings: config.Model) -> keras.Model:
    """The training graph, with fresh weights; see `portraitnet.build` and `reference.build`."""
    return {"portraitnet": portraitnet, "reference": reference}[settings.network].build(settings)
