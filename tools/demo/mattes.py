"""What each stage behind the network is worth: composites of free photos, whose opacity is known.

python tools/demo/mattes.py      → pnet_tf/assets/results/mattes.json (`make tables` draws the table from it)

The portraits' soft opacities beside this file were drawn once by MODNet (Apache-2.0) inside the masks; whatever they
are, in a composite they are the truth.
"""

import pathlib
import sys
from collections.abc import Iterator

import cv2
import numpy as np

import photos
from pnet_tf import resize
from pnet_tf.benchmark import origin
from pnet_tf.cutout import colours, opacity, refine
from pnet_tf.metrics import mattes
from pnet_tf.runtime import segmenter, shipped
from pnet_tf.runtime.network import TFLiteNetwork
from pnet_tf_tools import cli

HERE = pathlib.Path(__file__).parent
RESULTS = pathlib.Path("pnet_tf/assets/results/mattes.json")
MODELS = ("portraitnet", "portraitnet-lite")
SIZE = 960
"""Sides of a composite, pixels: about four times the network's."""

DEFOCUS = 12
"""Standard deviation, pixels, of the blur of the picture behind, which in portraits is out of focus."""

BACKGROUNDS = ("coffee", "rocket", "hubble_deep_field", "brick", "gravel", "chelsea", "grass", "moon")
STAGES = ("probability", "opacity", "edge")
RIM = "rim_colour_error"
"""Mean absolute difference of the colours where opacity is between 0 and 1, weighed by it, 0..255."""


def composites() -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(SIZE, SIZE, 3) uint8 RGB, its opacity (SIZE, SIZE) uint8, and the person's colours, each portrait before all."""
    rng = np.random.default_rng(0)
    for name, rgb in (("astronaut", photos.picture("astronaut")), ("hopper", photos.hopper())):
        alpha = cv2.imread(str(HERE / f"{name}_opacity.png"), cv2.IMREAD_GRAYSCALE)
        own = rgb.copy()
        band, found = colours.foreground(rgb, alpha)
        own.reshape(-1, 3)[band] = found
        for background in map(photos.picture, BACKGROUNDS):
            scale = rng.uniform(0.75, 0.95) * SIZE / len(rgb)
            shift = rng.uniform(-0.1, 0.1) * SIZE
            left = (SIZE - scale * rgb.shape[1]) / 2 + shift
            place = np.array([[scale, 0, left], [0, scale, SIZE - scale * len(rgb)]])  # cut off below, as it is
            true = cv2.warpAffine(alpha, place, (SIZE, SIZE), flags=cv2.INTER_CUBIC)
            person = cv2.warpAffine(own, place, (SIZE, SIZE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
            behind = cv2.resize(background, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
            behind = cv2.GaussianBlur(behind, (0, 0), DEFOCUS)
            share = true[..., None] / np.float32(255)
            yield np.rint(person * share + behind * (1 - share)).astype(np.uint8), true, person


def _rim(found: np.ndarray, person: np.ndarray, alpha: np.ndarray) -> float:
    weight = np.where((alpha > 0) & (alpha < 255), alpha, 0).astype(np.float64)
    return float((np.abs(found.astype(np.float64) - person).mean(-1) * weight).sum() / weight.sum())


def measure(model: str) -> dict[str, dict[str, float]]:
    """Stage → the matting errors after it, and the rim's colours with the photo's and with the person's own."""
    network = TFLiteNetwork(shipped.find(model))
    errors = {stage: mattes.Mattes() for stage in STAGES}
    rims: dict[str, list[float]] = {"photo": [], "own": []}
    for rgb, true, person in composites():
        probability, at = segmenter.ask(network, rgb, "letterbox")
        inside = resize.inner(probability, at)
        small, _ = resize.fit_photo(rgb, *inside.shape, "stretch")
        clean = opacity.cleaned(inside)
        found = {
            "probability": resize.unfit(probability, at),
            "opacity": refine.at_photo_size(rgb, small, clean, refine=False) / np.float32(255),
            "edge": refine.at_photo_size(rgb, small, clean) / np.float32(255),
        }
        for stage, alpha in found.items():
            errors[stage].add(alpha, true / np.float32(255))
        own = rgb.copy()
        band, colour = colours.foreground(rgb, true)
        own.reshape(-1, 3)[band] = colour
        rims["photo"].append(_rim(rgb, person, true))
        rims["own"].append(_rim(own, person, true))
    rim = {f"{RIM}_{name}": float(np.mean(values)) for name, values in rims.items()}
    return {**{stage: one.result() for stage, one in errors.items()}, "colours": rim}


def main() -> int:
    """Measures the shipped int8 files and writes the figures."""
    figures = {model: measure(model) for model in MODELS}
    digests = {model: origin.digest(shipped.find(model)) for model in MODELS}
    about = origin.about("python tools/demo/mattes.py")
    cli.write_json(str(RESULTS), {**about, "composites": 2 * len(BACKGROUNDS), "digests": digests, "stages": figures})
    for model, stages in figures.items():
        for stage, values in stages.items():
            print(model, stage, {name: round(value, 4) for name, value in values.items()})
    return 0


if __name__ == "__main__":
    sys.exit(main())
