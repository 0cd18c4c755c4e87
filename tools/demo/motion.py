"""What holding masks still costs: free portraits moved over free pictures, whose masks are known frame by frame.

python tools/demo/motion.py      → pnet_tf/assets/results/motion.json (`make tables` draws the table from it)
"""

import pathlib
import sys
from collections.abc import Iterator

import cv2
import numpy as np

import photos
from pnet_tf.benchmark import origin
from pnet_tf.cutout import colours
from pnet_tf.runtime import shipped
from pnet_tf.runtime.network import TFLiteNetwork
from pnet_tf.video import measure
from pnet_tf_tools import cli

HERE = pathlib.Path(__file__).parent
RESULTS = pathlib.Path("pnet_tf/assets/results/motion.json")
MODELS = ("portraitnet", "portraitnet-lite")
HEIGHT, WIDTH = 720, 1280
FRAMES = 40
DEFOCUS = 6
SCENES = (("hopper", "grass"), ("astronaut", "hubble_deep_field"))
"""Portrait and the picture behind it; `video.steady` was fitted on others (the rocket and the gravel)."""

Scene = Iterator[tuple[np.ndarray, np.ndarray]]


def person(name: str) -> tuple[np.ndarray, np.ndarray]:
    """(h, w, 3) uint8 of the person's own colours and (h, w) uint8 opacity."""
    rgb = photos.hopper() if name == "hopper" else photos.picture(name)
    alpha = cv2.imread(str(HERE / f"{name}_opacity.png"), cv2.IMREAD_GRAYSCALE)
    own = rgb.copy()
    band, found = colours.foreground(rgb, alpha)
    own.reshape(-1, 3)[band] = found
    return own, alpha


def scene(
    name: str,
    background: str,
    speed: float = 0,
    noise: float = 4,
    flicker: float = 0,
    seed: int = 0,
    frames: int = FRAMES,
) -> Scene:
    """Frames (HEIGHT, WIDTH, 3) uint8 and masks (HEIGHT, WIDTH) bool of somebody who goes to and fro.

    Args:
      name, background: portrait, and scikit-image's picture behind.
      speed: pixels a frame.
      noise: standard deviation of the pixels' noise, 0..255.
      flicker: how far the light goes up and down, as a share.
      seed: of noise and flicker.
      frames: how many.
    """
    rng = np.random.default_rng(seed)
    own, alpha = person(name)
    behind = cv2.resize(photos.picture(background), (WIDTH, HEIGHT))
    behind = cv2.GaussianBlur(behind, (0, 0), DEFOCUS)
    scale, x, step = 0.85 * HEIGHT / len(own), 0.3 * WIDTH, speed
    for index in range(frames):
        place = np.array([[scale, 0, x - scale * own.shape[1] / 2], [0, scale, HEIGHT - scale * len(own)]])
        true = cv2.warpAffine(alpha, place, (WIDTH, HEIGHT))
        there = cv2.warpAffine(own, place, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
        share = true[..., None] / np.float32(255)
        light = 1 + flicker * (np.sin(2.1 * index) + rng.uniform(-0.5, 0.5))
        frame = (there * share + behind * (1 - share)) * light + rng.normal(0, noise, behind.shape)
        yield np.clip(np.rint(frame), 0, 255).astype(np.uint8), true > 127
        x += step
        if not 0.3 * WIDTH <= x <= 0.7 * WIDTH:
            step, x = -step, min(max(x, 0.3 * WIDTH), 0.7 * WIDTH)


def after_a_cut() -> Scene:
    """The first frames of one scene after another."""
    first, second = (scene(*one, speed=2) for one in SCENES)
    yield from list(first)[-5:]
    yield from list(second)[:5]


def clips() -> dict[str, list[Scene]]:
    """What is measured: words → one clip of each scene."""
    moved = {f"{speed} pixels a frame": [scene(*one, speed=speed) for one in SCENES] for speed in (0, 5, 10, 20, 40)}
    return {
        **moved,
        "light that flickers": [scene(*one, speed=5, flicker=0.15) for one in SCENES],
        "noise of 15": [scene(*one, noise=15) for one in SCENES],
        "about a cut": [after_a_cut()],
    }


def main() -> int:
    """Measures the shipped int8 files and writes the figures."""
    figures: dict[str, dict[str, dict[str, dict[str, float]]]] = {}
    for model in MODELS:
        network = TFLiteNetwork(shipped.find(model))
        for words, scenes in clips().items():
            found = [measure.lag(network, "letterbox", one) for one in scenes]
            mean = {
                way: {name: float(np.mean([one[way][name] for one in found])) for name in found[0][way]}
                for way in found[0]
            }
            figures.setdefault(model, {})[words] = mean
            print(model, words, {way: round(100 * one[measure.IOU], 2) for way, one in mean.items()}, flush=True)
    digests = {model: origin.digest(shipped.find(model)) for model in MODELS}
    cli.write_json(str(RESULTS), {**origin.about("python tools/demo/motion.py"), "digests": digests, "clips": figures})
    return 0


if __name__ == "__main__":
    sys.exit(main())
