"""pnet-prune: takes out the encoder's channels that carry next to nothing; a model directory → a model directory.

  pnet-prune --model_dir=model --records='records/train-*' --output=pruned
  pnet-export --model_dir=pruned --mode=int8_ptq --calibration_records='records/train-*' --output=pruned.tflite

  pnet-prune --model_dir=model --records='records/train-*' --output=slim --hidden_channels=16,64,64,80,…
  pnet-train --preset=taught --init_weights=slim …

Within the tolerance hardly anything is lost. Prescribed numbers may cut deeper; a further training makes that good.
"""

import dataclasses
import sys

import numpy as np
from absl import flags

from pnet_tf import config
from pnet_tf.errors import InputError
from pnet_tf_tools import cli

FLAGS = cli.new_flags()
flags.DEFINE_string(
    "model_dir", None, "What pnet-train wrote, or a shipped model's name.", required=True, flag_values=FLAGS
)
flags.DEFINE_string(
    "records", None, "Photos to judge the channels by, 100 of them; a glob pattern.", required=True, flag_values=FLAGS
)
flags.DEFINE_string("output", None, "The model directory to make.", required=True, flag_values=FLAGS)
flags.DEFINE_integer("input_height", None, "Of the result, in pixels; as in training by default.", flag_values=FLAGS)
flags.DEFINE_integer("input_width", None, "The same across.", flag_values=FLAGS)
flags.DEFINE_float(
    "tolerance",
    1e-3,
    "The share of its variance that each block's output may lose.",
    lower_bound=0.0,
    upper_bound=1.0,
    flag_values=FLAGS,
)
flags.DEFINE_string(
    "hidden_channels",
    "",
    f"How many channels stay in each of the {config.ENCODER_BLOCKS} blocks, with commas between, in place of the "
    "tolerance.",
    flag_values=FLAGS,
)


def prune() -> None:
    """Runs what the flags describe."""
    output = cli.new_directory(FLAGS.output)
    counts = config.channel_counts(FLAGS.hidden_channels)
    from pnet_tf import store
    from pnet_tf.data import records
    from pnet_tf.export import calibration
    from pnet_tf.model import prune as pruning

    model, experiment = store.load(FLAGS.model_dir, FLAGS.input_height, FLAGS.input_width)
    if experiment.training.quantize:
        raise InputError(f"--model_dir={FLAGS.model_dir}: an int8 twin; prune the float model")
    photos = np.stack(calibration.photos(records.find(FLAGS.records), experiment))
    narrow, settings, blocks = pruning.prune(model, experiment.model, photos, FLAGS.tolerance, counts)
    for block in blocks:
        print(f"{block.projection:24}{block.channels:5} → {block.kept:4} channels, {block.lost:.3%} lost")
    store.save(narrow, dataclasses.replace(experiment, model=settings), output)
    print(output)


def main(argv: list[str] | None = None) -> int:
    """Console entry point; returns the exit status."""
    return cli.run(prune, FLAGS, __doc__, argv)


if __name__ == "__main__":
    sys.exit(main())
