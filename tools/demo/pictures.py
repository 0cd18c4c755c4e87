"""The pictures of README.md and of the model cards, made anew by the shipped int8 files.

python tools/demo/pictures.py      → portrait.jpg, cutouts.jpg and failures.jpg beside this file
"""

import pathlib

import cv2
import numpy as np

import photos
import pnet_tf
from pnet_tf import evaluation, grid, worst
from pnet_tf.cutout import compose
from pnet_tf.cutout.matte import Matte
from pnet_tf.pictures import writer

HERE = pathlib.Path(__file__).parent
MODELS = ("portraitnet", "portraitnet-lite")
HEIGHT = 400
SMALL = 220
EDGES = 240


def _at_height(rgb: np.ndarray, height: int) -> np.ndarray:
    width = round(rgb.shape[1] * height / rgb.shape[0])
    return cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)


def portrait() -> np.ndarray:
    """The astronaut, what `portraitnet` says of her, and two other backgrounds."""
    rgb, _ = photos.portrait("astronaut")
    segmenter = pnet_tf.load(MODELS[0])
    grey = cv2.cvtColor(segmenter.matte(rgb).opacity, cv2.COLOR_GRAY2RGB)
    cells = [rgb, grey, segmenter.blur(rgb), segmenter.replace(rgb, photos.picture("coffee"))]
    return np.hstack([_at_height(cell, HEIGHT) for cell in cells])


def hard_cases() -> dict[str, np.ndarray]:
    """Photos that are no portrait, or an unusual one: caption → (h, w, 3) uint8 RGB."""
    rgb, mask = photos.portrait("astronaut")
    man, his_mask = photos.portrait("camera")
    far = cv2.resize(photos.picture("grass"), (512, 512))
    spot = far[330:458, 200:328]
    quarter, quarter_mask = (cv2.resize(one, (128, 128), interpolation=cv2.INTER_AREA) for one in (rgb, mask))
    spot[quarter_mask > 127] = quarter[quarter_mask > 127]
    shifted = np.array([[1, 0, 170.0], [0, 1, 0]])
    behind = cv2.warpAffine(his_mask, shifted, (512, 512))[..., None] > 127
    pair = np.where(behind & (mask[..., None] < 128), cv2.warpAffine(man, shifted, (512, 512)), rgb)
    return {
        "lying": np.rot90(rgb).copy(),
        "a tenth of the light": cv2.convertScaleAbs(rgb, alpha=0.1),
        "far away": far,
        "two people, pasted": pair,
        "no person: a cat": photos.picture("chelsea"),
        "no person: a cup": photos.picture("coffee"),
    }


def failures() -> np.ndarray:
    """The hard cases as each model cuts them out."""
    segmenters = [pnet_tf.load(name) for name in MODELS]
    rows, captions = [], []
    for caption, rgb in hard_cases().items():
        cut_outs = [worst.on_backdrop(rgb, segmenter(rgb) > evaluation.THRESHOLD) for segmenter in segmenters]
        rows.append([_at_height(one, SMALL) for one in (rgb, *cut_outs)])
        captions.append(caption)
    headings = [[(name, grid.BLACK)] for name in ("photo", *MODELS)]
    return grid.draw(headings, rows, captions)


def before(person: str, background: np.ndarray, shift: int = 0) -> np.ndarray:
    """A portrait with soft edges before another picture or a colour, (512, 512, 3) uint8 RGB."""
    rgb = photos.hopper()[:512] if person == "hopper" else photos.picture(person)
    alpha = cv2.imread(str(HERE / f"{person}_opacity.png"), cv2.IMREAD_GRAYSCALE)[:512]
    placed = np.array([[1, 0, float(shift)], [0, 1, 0]])
    moved = [cv2.warpAffine(one, placed, (512, 512)) for one in (rgb, alpha)]
    return compose.over(Matte(*moved), background)


def edge_cases() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What is hard at the edge: caption → the photo, (512, 512, 3) uint8 RGB, and the colour that is put behind."""
    white, red, black = (np.array(colour, np.uint8) for colour in ((255,) * 3, (200, 40, 60), (0, 0, 0)))
    astronaut = photos.picture("astronaut")
    green = before("astronaut", np.array([0, 200, 0], np.uint8))
    return {
        "things behind, hair": (astronaut, white),
        "before green": (green, white),
        "before red": (before("hopper", red), white),
        "a flag behind, grey hair": (photos.hopper()[:512], white),
        "black and white": (photos.picture("camera"), red),
        "before the light of stars": (before("astronaut", photos.picture("hubble_deep_field"), 40), white),
        "in a fifth of the light": (cv2.convertScaleAbs(astronaut, alpha=0.2), red),
        "white cap before white": (before("hopper", np.array([245, 245, 240], np.uint8)), black),
    }


def cutouts() -> np.ndarray:
    """The edge cases with the network's plain answer for an opacity, and as `pnet-segment` cuts them out."""
    segmenter = pnet_tf.load(MODELS[0])
    rows, captions = [], []
    for caption, (rgb, colour) in edge_cases().items():
        answer = np.rint(255 * segmenter(rgb)).astype(np.uint8)
        plain = compose.over(Matte(rgb, answer, own_colours=False), colour)
        rows.append([_at_height(one, EDGES) for one in (rgb, plain, segmenter.replace(rgb, colour))])
        captions.append(caption)
    headings = [[(name, grid.BLACK)] for name in ("photo", "the network's answer", "cut out")]
    return grid.draw(headings, rows, captions)


if __name__ == "__main__":
    drawn = {"portrait.jpg": portrait(), "cutouts.jpg": cutouts(), "failures.jpg": failures()}
    for name, picture in drawn.items():
        writer.write(HERE / name, picture)
