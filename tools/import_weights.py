"""pnet-import-weights: a checkpoint of the authors' PyTorch code → a model directory.

  pnet-import-weights --checkpoint=authors.pth --output=model
  pnet-export --model_dir=model --mode=float32 --output=authors.tflite

Width, up-sampling and prior channel are told by the file. It must hold every weight of the network in
its shape and nothing else; what does not match is listed. Needs PyTorch: pip install torch.
"""

import dataclasses
import sys

from absl import flags

from pnet_tf import presets
from pnet_tf_tools import cli

FLAGS = cli.new_flags()
flags.DEFINE_string("checkpoint", None, "The authors' .pth file.", required=True, flag_values=FLAGS)
flags.DEFINE_string("output", None, "The model directory to make.", required=True, flag_values=FLAGS)
flags.DEFINE_integer("input_height", 224, "The network's input height, pixels.", flag_values=FLAGS)
flags.DEFINE_integer("input_width", 224, "The network's input width, pixels.", flag_values=FLAGS)


def import_weights() -> None:
    """Runs the import that the flags describe."""
    output = cli.new_directory(FLAGS.output)
    from pnet_tf import store
    from pnet_tf.model import torch_import

    state = torch_import.read(FLAGS.checkpoint)
    settings = torch_import.settings_of(state, FLAGS.checkpoint, FLAGS.input_height, FLAGS.input_width)
    experiment = dataclasses.replace(presets.authors(), model=settings)
    model = store.build(experiment)
    torch_import.load(model, state, FLAGS.checkpoint)
    store.save(model, experiment, output)
    print(f"{len(state)} arrays: width {settings.width:g}, {settings.upsampling} up-sampling")
    if torch_import.BOUNDARY_KEY not in state:
        print(f"no boundary head in the file ({torch_import.BOUNDARY_KEY}): a fresh one, for training alone")
    if settings.prior:
        print("with a prior channel: evaluation and export leave the previous mask empty, training refuses it")
    print(output)


def main(argv: list[str] | None = None) -> int:
    """Console entry point; returns the exit status."""
    return cli.run(import_weights, FLAGS, __doc__, argv)


if __name__ == "__main__":
    sys.exit(main())
