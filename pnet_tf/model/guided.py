"""A head whose edges follow the photo: logits = b + a · detail, with a and b learnt.

A guided filter (He, Sun, Tang, "Guided Image Filtering", TPAMI 2013, equation 8) writes a mask as a · I + b of the
photo I and computes a and b from statistics around each pixel. Here the head predicts them, at rate 1/2 for 2×2 pixels
each, and in place of I stands what a pixel has beyond the mean around it. That is one more convolution of the photo, a
product and a sum, all of which int8 files have.
"""

import numpy as np

from pnet_tf.stack import keras, tf

layers = keras.layers

DETAIL = "detail"
GAIN = "detail_gain"
GUIDED = "detail_sum"

_LUMA = (0.299, 0.587, 0.114)
"""BT.601, as OpenCV's grey."""


class HighPass(keras.initializers.Initializer):
    """A 3×3 kernel (3, 3, 3, 4) at stride 2: grey of each of the 2×2 first pixels, less the mean of all nine."""

    def __call__(self, shape: tuple[int, ...], dtype: tf.DType | None = None, **_: object) -> tf.Tensor:
        kernel = np.full((3, 3, 4), -1 / 9)
        for pixel in range(4):
            kernel[pixel // 2, pixel % 2, pixel] += 1
        return tf.constant((kernel[:, :, None] * np.array(_LUMA)[:, None]).reshape(shape), dtype or tf.float32)


class GuidedLogits(layers.Layer):
    """Two-class logits in pairs (B, h, w, 8), gains and details (B, h, w, 4) → the pairs (B, h, w, 8).

    The product goes to the foreground's logit; of two classes the difference alone matters.
    """

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        pairs, gains, details = inputs
        product = gains * details
        return pairs + tf.reshape(tf.stack([tf.zeros_like(product), product], -1), tf.shape(pairs))


def guided(pairs: tf.Tensor, features: tf.Tensor, normalised: tf.Tensor) -> tf.Tensor:
    """The head's logits, guided.

    Args:
      pairs: (B, H/2, W/2, 8), the mask head's output.
      features: (B, H/2, W/2, C), what the mask head reads.
      normalised: (B, H + 1, W + 1, 3), `portraitnet.normalised_input`.

    Returns:
      As `pairs`. Fresh weights have gains of 0, and so change nothing.
    """
    gains = layers.Conv2D(4, 3, padding="same", kernel_initializer="zeros", name=GAIN)(features)
    details = layers.Conv2D(4, 3, 2, use_bias=False, kernel_initializer=HighPass(), name=DETAIL)(normalised)
    return GuidedLogits(name=GUIDED)([pairs, gains, details])
