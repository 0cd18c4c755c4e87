"""Frames in, finished pictures out, in anybody's loop."""

from collections.abc import Callable
from typing import Any

import numpy as np

from pnet_tf.cutout import compose
from pnet_tf.cutout.matte import Matte
from pnet_tf.errors import InputError
from pnet_tf.runtime.backdrop import backdrop
from pnet_tf.runtime.segmenter import Segmenter
from pnet_tf.video.looping import Looping
from pnet_tf.video.steady import STRENGTHS, Steady

Finish = Callable[[Matte], np.ndarray]
"""A frame with its opacity → the picture."""

OFF = "off"


class Live:
    """Makes a picture of each frame, with a mask that holds still; one object for one clip or camera.

    >>> import numpy, pnet_tf
    >>> from pnet_tf import video
    >>> live = video.Live(pnet_tf.load("portraitnet-lite"), background="blur")
    >>> live(numpy.zeros((90, 160, 3), numpy.uint8)).shape
    (90, 160, 3)
    """

    def __init__(self, segmenter: Segmenter, background: Any = "blur", steady: str = "light"):
        """Takes what cuts out and what is put behind.

        Args:
          segmenter: from `pnet_tf.load`.
          background: "blur", "transparent", "mask", a colour or picture as `runtime.backdrop` takes it, a `Looping`
            clip, or a function, see `Finish`.
          steady: a name of `steady.STRENGTHS`, or "off".

        Raises:
          InputError: anything else.
        """
        if steady != OFF and steady not in STRENGTHS:
            raise InputError(f"steady={steady}: one of {OFF}, {', '.join(STRENGTHS)}")
        if not isinstance(segmenter, Segmenter):
            raise InputError(f"segmenter: what pnet_tf.load returns, not {type(segmenter).__name__}")
        self._segmenter = segmenter
        self._steady = None if steady == OFF else Steady(steady)
        self._loop = background if isinstance(background, Looping) else None
        self._finish = None if self._loop else _finish(background)

    def __call__(self, rgb: np.ndarray, seconds: float = 0.0) -> np.ndarray:
        """The next frame's picture.

        Args:
          rgb: (h, w, 3) uint8.
          seconds: its time, for a clip behind it.

        Returns:
          uint8: (h, w, 3), (h, w, 4) before nothing, (h, w) of a mask.
        """
        return self.prepared(rgb, seconds)()

    def prepared(
        self, rgb: np.ndarray, seconds: float = 0.0, own_opacity: np.ndarray | None = None
    ) -> Callable[[], np.ndarray]:
        """The same in two steps: what needs the frames in order is done now, and any thread may call what it returns.

        Args:
          rgb, seconds: as for a call.
          own_opacity: (h, w) uint8 of a frame that is partly transparent already.
        """
        matte = self._segmenter.matte(rgb, own_opacity, self._steady)
        if self._loop:
            behind = self._loop.at(seconds)
            return lambda: compose.over(matte, behind)
        return lambda: self._finish(matte)


def _finish(background: Any) -> Finish:
    named = {"transparent": compose.cut_out, "blur": compose.blurred, "mask": lambda matte: matte.opacity}
    if isinstance(background, str) and background in named:
        return named[background]
    if callable(background):
        return background
    behind = backdrop(background)
    return lambda matte: compose.over(matte, behind)
