"""Files of other segmenters: refused, for their contract is another."""

import numpy as np
import pytest

from helpers import SHARED
from pnet_tf.errors import InputError
from pnet_tf.runtime.network import TFLiteNetwork
from pnet_tf.stack import tf


def foreign(names: tuple[str, str], channels: int = 1) -> bytes:
    """Another segmenter: the mean of the channels, said to be a probability."""
    fixed = tf.TensorSpec((1, 32, 32, 3), tf.float32, name=names[0])

    @tf.function(input_signature=[fixed])
    def mean(image):
        return {names[1]: tf.repeat(tf.reduce_mean(image, -1, keepdims=True), channels, -1)}

    return tf.lite.TFLiteConverter.from_concrete_functions([mean.get_concrete_function()], tf.Module()).convert()


def test_files_of_another_contract_are_refused():
    assert TFLiteNetwork(foreign(("image", "foreground")))(np.zeros((32, 32, 3), np.uint8)).shape == (32, 32)
    for content, words in (
        (foreign(("input_1", "activation")), "no signature image → foreground"),
        (foreign(("image", "foreground"), channels=2), r"\[1, 32, 32, 2\]"),
    ):
        with pytest.raises(InputError, match=words):
            TFLiteNetwork(content)


@pytest.mark.skipif(not (SHARED / "peers").is_dir(), reason="needs other projects' .tflite files in ../shared")
@pytest.mark.parametrize("name", ["selfie_segmentation", "selfie_multiclass_256x256"])
def test_peers_are_refused(name):
    """The selfie model has our shapes and types, and expects 0..1."""
    with pytest.raises(InputError, match=rf"{name}.*not a PortraitNet file"):
        TFLiteNetwork(SHARED / f"peers/{name}.tflite")
