"""The demo's labelled photos: two portraits of scikit-image before its other pictures.

The portraits are the astronaut (NASA, public domain) and the cameraman (CC0) of skimage.data;
their masks lie beside this file.
"""

import pathlib

import cv2
import numpy as np
import skimage.data
from matplotlib import cbook

HERE = pathlib.Path(__file__).parent
TRAIN_BACKGROUNDS = ("coffee", "rocket", "hubble_deep_field", "brick", "gravel")
VALIDATION_BACKGROUNDS = ("chelsea", "grass", "moon")
SIZE = 512


def picture(name: str) -> np.ndarray:
    """One of scikit-image's pictures, (h, w, 3) uint8 RGB."""
    picture = getattr(skimage.data, name)()
    return cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB) if picture.ndim == 2 else picture[..., :3]


def hopper() -> np.ndarray:
    """Grace Hopper (US Navy, public domain) from matplotlib's sample data, (600, 512, 3) uint8 RGB."""
    with cbook.get_sample_data("grace_hopper.jpg") as file:
        return cv2.cvtColor(cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def portrait(name: str) -> tuple[np.ndarray, np.ndarray]:
    """(512, 512, 3) uint8 RGB and (512, 512) uint8 mask 0/255 of "astronaut" or "camera"."""
    return picture(name), cv2.imread(str(HERE / f"{name}_mask.png"), cv2.IMREAD_GRAYSCALE)


def _composite(name: str, background: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    rgb, mask = portrait(name)
    if rng.random() < 0.5:
        rgb, mask = rgb[:, ::-1], mask[:, ::-1]
    scale, shift = rng.uniform(0.7, 1.1), rng.uniform(-0.15, 0.15) * SIZE
    # The body stays on the lower edge, where portraits have it.
    place = np.array([[scale, 0, SIZE * (1 - scale) / 2 + shift], [0, scale, SIZE * (1 - scale)]])
    rgb, mask = cv2.warpAffine(rgb, place, (SIZE, SIZE)), cv2.warpAffine(mask, place, (SIZE, SIZE))
    top, left = (rng.integers(0, side - SIZE // 2 + 1) for side in background.shape[:2])
    crop = cv2.resize(background[top : top + SIZE // 2, left : left + SIZE // 2], (SIZE, SIZE))
    alpha = cv2.GaussianBlur(mask, (3, 3), 0)[..., None] / 255
    return np.rint(rgb * alpha + crop * (1 - alpha)).astype(np.uint8), np.where(mask > 127, 255, 0).astype(np.uint8)


def write(directory: pathlib.Path, backgrounds: tuple[str, ...], count: int, originals: bool, seed: int) -> None:
    """Fills `Images/` and `Labels/` with `count` composites, and the two portraits as they are if asked."""
    rng = np.random.default_rng(seed)
    samples = [portrait(name) for name in ("astronaut", "camera")] if originals else []
    for index in range(count):
        background = picture(backgrounds[index % len(backgrounds)])
        samples.append(_composite("camera" if index % 4 == 3 else "astronaut", background, rng))
    for folder in ("Images", "Labels"):
        (directory / folder).mkdir(parents=True)
    for index, (rgb, mask) in enumerate(samples):
        photo = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])[1]
        (directory / "Images" / f"{index:03d}.jpg").write_bytes(photo.tobytes())
        (directory / "Labels" / f"{index:03d}.png").write_bytes(cv2.imencode(".png", mask)[1].tobytes())
