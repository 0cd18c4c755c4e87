"""PortraitNet in TensorFlow/Keras: from photos and masks to a model that runs on a phone.

Importing the package loads neither TensorFlow nor OpenCV. The rooms are imported by name
(``pnet_tf.model``, ``pnet_tf.training``, ``pnet_tf.runtime`` …); `load` is the short way to a mask.

Paper: Zhang et al., "PortraitNet: Real-time Portrait Segmentation Network for
Mobile Device", Computers & Graphics 80 (2019).
"""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pnet_tf.runtime.segmenter import Segmenter

__version__ = "0.1.0"


def load(model: str | os.PathLike = "portraitnet", threads: int = 2) -> "Segmenter":
    """A model, ready to use.

    Args:
      model: a shipped model's name, or a .tflite file that pnet-export wrote.
      threads: threads of the network.

    Returns:
      A callable, for any thread: photo (h, w, 3) uint8 RGB of any size → foreground probability (h, w) float32 0..1;
      with `cut_out`, `blur` and `replace` for finished pictures.

    Raises:
      InputError: neither a file nor a shipped model (the shipped models are listed), or a file of another contract;
        no thread.
    """
    from pnet_tf.errors import InputError
    from pnet_tf.runtime import shipped
    from pnet_tf.runtime.network import TFLiteNetwork
    from pnet_tf.runtime.segmenter import Segmenter

    if not isinstance(model, (str, os.PathLike)):
        raise InputError(f"model: a shipped model's name or a file's path, not {type(model).__name__}")
    if threads < 1:
        raise InputError(f"threads={threads}: at least 1")
    return Segmenter(TFLiteNetwork(shipped.find(os.fspath(model)), threads))
