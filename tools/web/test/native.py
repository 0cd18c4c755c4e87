"""What the browser's tests are held against: free pictures, the masks of the native runtime, and a camera's frames.

python native.py FOLDER
"""

import json
import pathlib
import sys

import av
import cv2
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools/demo"))

import motion  # noqa: E402
import photos  # noqa: E402
from pnet_tf import resize  # noqa: E402
from pnet_tf.cutout import opacity, refine  # noqa: E402
from pnet_tf.runtime.network import TFLiteNetwork  # noqa: E402
from pnet_tf.runtime.segmenter import ask  # noqa: E402

PICTURES = ("astronaut", "camera", "chelsea", "coffee", "rocket", "hubble_deep_field", "brick", "gravel", "grass")
FILES = sorted(one.stem for one in (ROOT / "pnet_tf/assets").glob("*.tflite"))


def masks(folder: pathlib.Path) -> None:
    """PNG files, and for each model's file the bytes of its mask on the grid."""
    pictures = {name: photos.picture(name) for name in PICTURES} | {"hopper": photos.hopper()}
    told: dict[str, dict[str, list[int]]] = {}
    for name, rgb in pictures.items():
        cv2.imwrite(str(folder / f"{name}.png"), rgb[..., ::-1])
    for file in FILES:
        network = TFLiteNetwork(ROOT / f"pnet_tf/assets/{file}.tflite")
        for name, rgb in pictures.items():
            probability, at = ask(network, np.ascontiguousarray(rgb), "letterbox")
            inside = np.clip(np.rint(256 * resize.inner(probability, at)), 0, 255).astype(np.uint8)
            (folder / f"{file}.{name}.bin").write_bytes(inside.tobytes())
            told.setdefault(file, {})[name] = list(inside.shape)
    (folder / "masks.json").write_text(json.dumps(told))


def formulas(folder: pathlib.Path) -> None:
    """Doubt taken from edges and the guided filter's coefficients of a made-up answer, 32-bit floats."""
    rng = np.random.default_rng(0)
    soft = cv2.GaussianBlur(cv2.resize(rng.random((8, 10)).astype(np.float32), (160, 120)), (0, 0), 2)
    probability = np.clip(3 * soft - 1, 0, 1)
    grey = cv2.resize(rng.random((24, 32)).astype(np.float32), (160, 120))
    clean = opacity.decided(probability)
    made = {"probability": probability, "grey": grey, "decided": clean, "fields": refine.coefficients(grey, clean)}
    for name, values in made.items():
        (folder / f"{name}.f32").write_bytes(values.tobytes())


def camera(path: pathlib.Path) -> None:
    """640×480 frames of somebody who goes to and fro, as Chromium's fake camera plays them."""
    with av.open(str(path), "w", format="mjpeg") as file:
        video = file.add_stream("mjpeg", rate=30, options={"qscale": "3"})
        video.width, video.height, video.pix_fmt = 640, 480, "yuvj420p"
        for rgb, _ in motion.scene("hopper", "grass", speed=6):
            small = cv2.resize(rgb[:, 160:1120], (640, 480), interpolation=cv2.INTER_AREA)
            file.mux(video.encode(av.VideoFrame.from_ndarray(small, format="rgb24").reformat(format="yuvj420p")))
        file.mux(video.encode(None))


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    masks(target)
    formulas(target)
    camera(target / "camera.mjpeg")
