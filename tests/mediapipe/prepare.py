"""Files for MediaPipe's environment, which cannot hold TensorFlow's: exports, frames and our runtime's answers.

Runs in the normal environment: prepare.py FOLDER writes NAME.tflite and NAME.npz for every name below.
"""

import pathlib
import shutil
import sys

import cv2
import numpy as np
import skimage.data

from pnet_tf import store
from pnet_tf.export import convert
from pnet_tf.runtime import shipped
from pnet_tf.runtime.network import TFLiteNetwork

PHOTOS = ("astronaut", "coffee", "rocket", "chelsea")
"""Free pictures of scikit-image; the first shows a person (NASA, public domain)."""


def frames(height: int, width: int) -> list[np.ndarray]:
    """(height, width, 3) uint8 RGB each, stretched as MediaPipe does, so that nothing is left for it to resize."""
    photos = [getattr(skimage.data, name)() for name in PHOTOS]
    return [cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA) for photo in photos]


def main(folder: pathlib.Path) -> None:
    """Empties the folder and fills it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    weights = store.find("portraitnet")
    model, _ = store.load(weights)
    landscape, _ = store.load(weights, 160, 288)
    contents = {
        "shipped": shipped.path().read_bytes(),
        "uint8": convert.convert(model, "int8_ptq", calibration=frames(224, 224)),
        "float32": convert.convert(model, "float32"),
        "landscape": convert.convert(landscape, "float32"),
    }
    for name, content in contents.items():
        (folder / f"{name}.tflite").write_bytes(content)
        network = TFLiteNetwork(content)
        images = frames(network.height, network.width)
        np.savez(folder / f"{name}.npz", frames=images, foreground=[network(image) for image in images])


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
