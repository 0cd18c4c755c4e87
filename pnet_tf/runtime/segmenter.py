"""From a photo of any size to its foreground probability, its opacity, and pictures without its background."""

import dataclasses
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, Protocol

import numpy as np

from pnet_tf import resize
from pnet_tf.cutout import compose, opacity, refine
from pnet_tf.cutout.matte import Matte
from pnet_tf.errors import InputError
from pnet_tf.pictures import reader
from pnet_tf.runtime.backdrop import backdrop

OverTime = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""A frame on the network's grid (h, w, 3) uint8, and the answer there (h, w) float32 → a steadier one."""

WHOLE = "whole"
"""How photos meet a network that fits them itself, as `peer.PeerNetwork` does."""


class Network(Protocol):
    """What a segmenter needs of a network: `network.TFLiteNetwork` and `model.predict.KerasNetwork` both have it."""

    height: int
    width: int

    def __call__(self, rgb: np.ndarray) -> np.ndarray: ...


def ask(network: Network, rgb: np.ndarray, mode: str) -> tuple[np.ndarray, resize.Placement]:
    """What the network says of a photo, at its own size, and where the photo lies in that.

    Args:
      network: see `Network`; with mode `WHOLE` one that takes photos of any size.
      rgb: (h, w, 3) uint8.
      mode: "letterbox", "stretch" or `WHOLE`.

    Returns:
      (H, W) float32 foreground probability 0..1 and the placement, for `resize.unfit`.
    """
    if mode == WHOLE:
        probability = network(rgb)
        return probability, resize.place(*rgb.shape[:2], *probability.shape, "stretch")
    fitted, at = resize.fit_photo(rgb, network.height, network.width, mode)
    return network(fitted), at


@dataclasses.dataclass(frozen=True)
class Look:
    """How an opacity is made of a probability.

    Attributes:
      refine: the edge follows the photo at its own size.
      colours: pixels at the edge show the person's own colours.
      keep: "all" keeps everybody, "largest" the largest person alone.
    """

    refine: bool = True
    colours: bool = True
    keep: Literal["all", "largest"] = "all"


class Segmenter:
    """Asks a network about photos and makes pictures of its answers; may be used by several threads at once.

    Every method but `files` takes a photo as (h, w, 3) uint8 RGB, and raises InputError for anything else.

    >>> import numpy, pnet_tf
    >>> segmenter = pnet_tf.load("portraitnet-lite")
    >>> wall = numpy.full((90, 120, 3), 200, numpy.uint8)
    >>> segmenter(wall).shape, segmenter(wall).dtype
    ((90, 120), dtype('float32'))
    >>> segmenter.cut_out(wall).shape
    (90, 120, 4)
    >>> segmenter.blur(wall / 255)
    Traceback (most recent call last):
    pnet_tf.errors.InputError: a photo is a NumPy array (h, w, 3) of uint8, RGB 0..255, not float64 (90, 120, 3); \
(255 * rgb).astype(numpy.uint8), if it is 0..1
    """

    def __init__(self, network: Network, mode: str = "letterbox", look: Look = Look()):
        """Takes a network, how photos meet its size (see `ask`), and the look of what comes of it."""
        self._network, self._mode, self._look = network, mode, look
        self._turn = threading.Lock()  # an interpreter serves one at a time

    def like(self, network: Network) -> "Segmenter":
        """The same with another network."""
        return Segmenter(network, self._mode, self._look)

    def __call__(self, rgb: np.ndarray) -> np.ndarray:
        """Foreground probability, (h, w) float32 0..1: the network's own, enlarged."""
        return resize.unfit(*self._ask(checked(rgb)))

    def matte(self, rgb: np.ndarray, own_opacity: np.ndarray | None = None, over_time: OverTime | None = None) -> Matte:
        """The photo with its opacity.

        Args:
          rgb: the photo.
          own_opacity: (h, w) uint8 of a picture that is partly transparent already; it is multiplied in.
          over_time: of a clip's frames in order, what makes their answers steady.
        """
        probability, at = self._ask(checked(rgb))
        inside = resize.inner(probability, at)
        small, _ = resize.fit_photo(rgb, *inside.shape, "stretch")
        if over_time:
            inside = over_time(small, inside)
        clean = opacity.cleaned(inside, self._look.keep)
        found = refine.at_photo_size(rgb, small, clean, self._look.refine)
        if own_opacity is not None:
            found = np.rint(found * (own_opacity / np.float32(255))).astype(np.uint8)
        return Matte(np.ascontiguousarray(rgb), found, self._look.colours)

    def cut_out(self, rgb: np.ndarray) -> np.ndarray:
        """The person before nothing, (h, w, 4) uint8 RGBA."""
        return compose.cut_out(self.matte(rgb))

    def replace(self, rgb: np.ndarray, background: Any) -> np.ndarray:
        """The person before a colour or a picture that is scaled to fill, see `backdrop`; (h, w, 3) uint8."""
        return compose.over(self.matte(rgb), backdrop(background))

    def blur(self, rgb: np.ndarray) -> np.ndarray:
        """The person before the photo's own background out of focus, (h, w, 3) uint8."""
        return compose.blurred(self.matte(rgb))

    def files(
        self, paths: Iterable[str | os.PathLike], on_error: Callable[[InputError], None] | None = None
    ) -> Iterator[tuple[str | os.PathLike, Matte]]:
        """Picture files one at a time, each read when its turn comes: its path, and the photo with its opacity.

        Args:
          paths: of any number of files; a generator is drawn from as it goes.
          on_error: called for a file that cannot be read, which is left out; without it that is raised.

        Raises:
          InputError: a file that cannot be read, see `pictures.reader.read`; one path instead of several.
        """
        if isinstance(paths, (str, os.PathLike)):
            raise InputError(f"files takes several paths: files([{str(paths)!r}]), or pathlib.Path(folder).iterdir()")
        return self._files(paths, on_error)

    def _files(
        self, paths: Iterable[str | os.PathLike], on_error: Callable[[InputError], None] | None
    ) -> Iterator[tuple[str | os.PathLike, Matte]]:
        for path in paths:
            try:
                photo = reader.read(path)
            except InputError as error:
                if on_error is None:
                    raise
                on_error(error)
                continue
            yield path, self.matte(photo.rgb, photo.opacity)

    def _ask(self, rgb: np.ndarray) -> tuple[np.ndarray, resize.Placement]:
        with self._turn:
            return ask(self._network, rgb, self._mode)


def checked(rgb: Any) -> np.ndarray:
    """The photo as it is; raises InputError, with the way to mend it, unless it is (h, w, 3) uint8 and not empty."""
    wanted = "a photo is a NumPy array (h, w, 3) of uint8, RGB 0..255"
    if not isinstance(rgb, np.ndarray):
        hint = "; numpy.asarray(image.convert('RGB')) makes one" if hasattr(rgb, "convert") else ""
        raise InputError(f"{wanted}, not {type(rgb).__name__}{hint}")
    has = f"not {rgb.dtype} {rgb.shape}"
    if rgb.dtype != np.uint8:
        floats = rgb.dtype.kind == "f"
        raise InputError(f"{wanted}, {has}" + ("; (255 * rgb).astype(numpy.uint8), if it is 0..1" if floats else ""))
    if rgb.ndim != 3 or rgb.shape[2] != 3:
        hints = {
            2: "; numpy.dstack([grey] * 3) makes one of grey",
            3: "; rgba[..., :3] leaves the opacity out",
            4: "; give the photos of a batch one by one",
        }
        raise InputError(f"{wanted}, {has}{hints.get(rgb.ndim, '')}")
    if not rgb.size:
        raise InputError(f"{wanted}, {has}, which is empty")
    return rgb
