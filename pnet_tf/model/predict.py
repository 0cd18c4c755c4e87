"""A training graph as something that answers for one photo, like a .tflite file does."""

import numpy as np

from pnet_tf import fields
from pnet_tf.stack import keras, tf


class KerasNetwork:
    """Calls a training graph in inference mode.

    Attributes:
      height, width: the network's input size, pixels.
    """

    def __init__(self, model: keras.Model):
        self.height, self.width = model.input.shape[1:3]

        @tf.function(input_signature=[tf.TensorSpec((1, self.height, self.width, 3), tf.uint8)], autograph=False)
        def foreground(image: tf.Tensor) -> tf.Tensor:
            # A prior channel, where the network has one, is empty, as before the first frame of a video.
            image = tf.pad(image, [[0, 0], [0, 0], [0, 0], [0, model.input.shape[-1] - 3]])
            logits = model(tf.cast(image, tf.float32), training=False)[fields.MASK_LOGITS]
            return tf.nn.softmax(logits)[0, ..., fields.FOREGROUND]

        self._foreground = foreground

    def __call__(self, rgb: np.ndarray) -> np.ndarray:
        """(height, width, 3) uint8 RGB → (height, width) float32 foreground probability."""
        return self._foreground(rgb[None]).numpy()
