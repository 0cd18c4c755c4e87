"""The one door to TensorFlow: Keras 2, quiet, or a message that says what to install.

TFMOT works with Keras 2 alone. TensorFlow 2.15 (the extra [addons]) brings it; from 2.16 on
(the extra [train] has 2.21) it is the package tf_keras, which ``tf.keras`` becomes when
TF_USE_LEGACY_KERAS is 1 *before* TensorFlow first looks. The code is written for both, and
every module that needs TensorFlow takes it from here::

    from pnet_tf.stack import keras, tf
"""

import importlib.metadata
import os
import sys

from pnet_tf.errors import InputError
from pnet_tf.quiet import silent_stderr


def _installed(package: str) -> tuple[int, ...]:
    return tuple(int(part) for part in importlib.metadata.version(package).split(".")[:2])


try:
    _version, _tfmot = _installed("tensorflow"), _installed("tensorflow-model-optimization")
    if _version >= (2, 16):
        importlib.metadata.version("tf_keras")
except importlib.metadata.PackageNotFoundError:
    raise InputError(
        "this command needs TensorFlow with its companions, which the runtime leaves out; in the project's "
        "folder: pip install '.[train]'"
    ) from None

if _version < (2, 16) and _tfmot >= (0, 8):  # it would take tf_keras beside this TensorFlow's own Keras
    raise InputError(
        "this TensorFlow needs tensorflow-model-optimization 0.7.5; in the project's folder: pip install '.[addons]', "
        "or for a newer TensorFlow '.[train]'"
    )
if _version >= (2, 16):
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

with silent_stderr():  # its start-up notes heed no variable
    import tensorflow as tf

    tf.config.list_physical_devices()

tf.get_logger().setLevel("ERROR")
keras = tf.keras

if hasattr(keras, "ops"):  # what only Keras 3 has
    raise InputError(
        "Keras 3 is already loaded as tf.keras, and quantisation-aware training needs Keras 2: "
        "import pnet_tf.stack before tensorflow, or set TF_USE_LEGACY_KERAS=1"
    )
if "absl.logging" in sys.modules:
    sys.modules["absl.logging"].set_verbosity("error")
