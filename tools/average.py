"""pnet-average: several models trained from one another or from the same weights → their mean, a model directory.

  pnet-average --model_dir=run1 --model_dir=run2 --output=mean
  pnet-average --model_dir=mean --logit_scale=2 --output=sharp
  pnet-evaluate --model=sharp --records='records/val-*'

The mean ("model soup") can do better than each and costs nothing at run time. The first directory's settings are the
result's. --logit_scale makes a model surer: doubt of a few parts in 256, far from people or inside them, becomes 0 or
255, and no pixel changes sides.
"""

import sys

from absl import flags

from pnet_tf.errors import InputError
from pnet_tf_tools import cli

FLAGS = cli.new_flags()
flags.DEFINE_multi_string(
    "model_dir", None, "A model directory, or a shipped model's name; repeat it.", required=True, flag_values=FLAGS
)
flags.DEFINE_float(
    "logit_scale",
    1.0,
    "Multiplies the mask's logits; it is folded into the head's weights.",
    0.1,
    10,
    flag_values=FLAGS,
)
flags.DEFINE_string("output", None, "The model directory to make.", required=True, flag_values=FLAGS)


def average() -> None:
    """Runs what the flags describe."""
    if len(FLAGS.model_dir) < 2 and FLAGS.logit_scale == 1:
        raise InputError("--model_dir: a mean needs two models or more; repeat the flag")
    output = cli.new_directory(FLAGS.output)
    from pnet_tf import store

    model, experiment = store.average(FLAGS.model_dir)
    store.scale_logits(model, FLAGS.logit_scale)
    store.save(model, experiment, output)
    print(output)


def main(argv: list[str] | None = None) -> int:
    """Console entry point; returns the exit status."""
    return cli.run(average, FLAGS, __doc__, argv)


if __name__ == "__main__":
    sys.exit(main())
