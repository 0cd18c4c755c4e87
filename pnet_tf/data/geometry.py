"""Deformation augmentation (paper, section 4.2): four draws, one matrix, one warp for photo and mask."""

import dataclasses

import cv2
import numpy as np

from pnet_tf.resize import BORDER, Placement

PROBABILITY = 0.5
MAX_ANGLE = 45.0
SCALE = (0.5, 1.5)
MAX_SHIFT = 0.25
FAR_SCALE = (0.25, 0.5)
"""The zoom of `config.Data.far_share`."""


@dataclasses.dataclass(frozen=True)
class Deformation:
    """One draw: mirrored or not, degrees counter-clockwise, zoom, shift as a share of the input's size."""

    flip: bool = False
    angle: float = 0.0
    scale: float = 1.0
    shift_x: float = 0.0
    shift_y: float = 0.0


def draw(rng: np.random.Generator, strength: float = 1.0) -> Deformation:
    """A deformation, each operation with probability 0.5 and uniform over its range.

    `strength` in [0, 1] narrows the ranges towards no change; at 0 the mirror alone is left.
    """
    flip, turn, resize, move = rng.random(4) < PROBABILITY
    angle, scale = strength * rng.uniform(-MAX_ANGLE, MAX_ANGLE), 1 + strength * (rng.uniform(*SCALE) - 1)
    shift_x, shift_y = strength * rng.uniform(-MAX_SHIFT, MAX_SHIFT, 2)
    return Deformation(
        bool(flip),
        angle if turn else 0.0,
        scale if resize else 1.0,
        shift_x if move else 0.0,
        shift_y if move else 0.0,
    )


def draw_authors(rng: np.random.Generator) -> Deformation:
    """The authors' code: turned and zoomed always, mirrored with probability 0.5; for the shift see `place_authors`."""
    return Deformation(bool(rng.random() < PROBABILITY), rng.uniform(-MAX_ANGLE, MAX_ANGLE), rng.uniform(*SCALE))


def place_authors(
    rng: np.random.Generator, height: int, width: int, target_height: int, target_width: int
) -> Placement:
    """The authors' code: the photo at the mean of the two axes' scales, turned about a centre that is jittered.

    The jitter, instead of a shift, is up to a quarter of the network's width in photo pixels (56 at 224);
    the jittered centre lands in the middle of the input.
    """
    ratio = (target_height / height + target_width / width) / 2
    jitter_x, jitter_y = rng.uniform(-1, 1, 2) * MAX_SHIFT * target_width
    left = target_width / 2 - (width / 2 + jitter_x) * ratio
    top = target_height / 2 - (height / 2 + jitter_y) * ratio
    return Placement(top, left, height * ratio, width * ratio, height, width)


def _translation(x: float, y: float) -> np.ndarray:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def matrix(deformation: Deformation, at: Placement, target_height: int, target_width: int) -> np.ndarray:
    """The 3×3 affine map from the photo's pixels to the network's, in edge coordinates.

    Edge coordinates put (0, 0) at the corner of the first pixel and (w, h) at the far corner, so
    that the map does not depend on resolution. The photo is first placed as `at` says, then
    mirrored, turned and zoomed about the input's centre, then shifted.
    """
    centre_x, centre_y = target_width / 2, target_height / 2
    place = _translation(at.left, at.top) @ np.diag([at.inner_width / at.width, at.inner_height / at.height, 1])
    mirror = np.diag([-1 if deformation.flip else 1, 1, 1])
    turn = np.radians(deformation.angle)
    cosine, sine = deformation.scale * np.cos(turn), deformation.scale * np.sin(turn)
    spin = np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]])
    shift = _translation(centre_x + deformation.shift_x * target_width, centre_y + deformation.shift_y * target_height)
    return shift @ spin @ mirror @ _translation(-centre_x, -centre_y) @ place


def quarter_turns(height: int, width: int, count: int) -> np.ndarray:
    """The 3×3 map, in edge coordinates, of a photo of height × width turned `count` times by 90° counter-clockwise."""
    turned = np.eye(3)
    for _ in range(count % 4):
        turned = np.array([[0, 1, 0], [-1, 0, width], [0, 0, 1]], np.float64) @ turned
        height, width = width, height
    return turned


def warp(
    image: np.ndarray,
    edge_map: np.ndarray,
    target_height: int,
    target_width: int,
    nearest: bool,
    border: int,
) -> np.ndarray:
    """cv2.warpAffine of an image, or a mask, by a map in edge coordinates."""
    to_centres = _translation(-0.5, -0.5) @ edge_map @ _translation(0.5, 0.5)
    return cv2.warpAffine(
        image,
        to_centres[:2],
        (target_width, target_height),
        flags=cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(border,) * 3,
    )


def warp_photo(rgb: np.ndarray, edge_map: np.ndarray, target_height: int, target_width: int) -> np.ndarray:
    """(h, w, 3) uint8 → (target_height, target_width, 3) uint8: bilinear, border 128."""
    return warp(rgb, edge_map, target_height, target_width, nearest=False, border=BORDER)


def warp_teacher(probability: np.ndarray, edge_map: np.ndarray, target_height: int, target_width: int) -> np.ndarray:
    """(h, w) uint8 → (target_height, target_width) uint8: bilinear, border background."""
    return warp(probability, edge_map, target_height, target_width, nearest=False, border=0)


def warp_mask(labels: np.ndarray, edge_map: np.ndarray, target_height: int, target_width: int) -> np.ndarray:
    """(h, w) uint8 → (target_height, target_width) uint8: nearest, border background."""
    return warp(labels, edge_map, target_height, target_width, nearest=True, border=0)
