"""Segmenters of one layer, in .tflite files."""

import pathlib

from pnet_tf.stack import keras, tf


def write_network(path: pathlib.Path, layer: keras.layers.Layer) -> str:
    """A float .tflite of one layer on (1, 8, 8, 3)."""
    model = keras.Sequential([keras.Input((8, 8, 3), batch_size=1), layer])
    path.write_bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())
    return str(path)
