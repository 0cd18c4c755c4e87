"""What the commands' processes are forked from has imported: all commands, TensorFlow among them."""

import pathlib

import pnet_tf_tools
from pnet_tf.stack import tf  # noqa: F401
from pnet_tf_tools import (  # noqa: F401
    ablate,
    average,
    benchmark,
    check,
    convert,
    evaluate,
    export,
    prune,
    segment,
    show_views,
    teachers,
    train,
)  # fmt: skip

assert pathlib.Path(pnet_tf_tools.__file__)
