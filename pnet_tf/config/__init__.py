"""Settings: small frozen values, checked when made, with a strict JSON round trip.

An `Experiment` is all that decides what a training run computes. Field names are
unique over its sections, so that each one is also a command-line flag of
``pnet-train`` without a prefix. Users of the settings import this package and not its files.
"""

from pnet_tf.config.data import Data
from pnet_tf.config.experiment import Experiment, field_owners
from pnet_tf.config.export import EXPORT_MODES, IO_TYPES
from pnet_tf.config.loss import Loss
from pnet_tf.config.model import ENCODER_BLOCKS, ENCODER_WIDTHS, OF_MOBILENET, Model, channel_counts, decoder_counts
from pnet_tf.config.schema import field_meanings, from_json, read
from pnet_tf.config.training import IMAGENET, Training, sizes_by_epoch

__all__ = [
    "ENCODER_BLOCKS",
    "ENCODER_WIDTHS",
    "EXPORT_MODES",
    "IMAGENET",
    "IO_TYPES",
    "OF_MOBILENET",
    "Data",
    "Experiment",
    "Loss",
    "Model",
    "Training",
    "channel_counts",
    "decoder_counts",
    "field_meanings",
    "field_owners",
    "from_json",
    "read",
    "sizes_by_epoch",
]
