"""A clip behind the person, from its beginning again when it ends."""

import fractions
import pathlib

import numpy as np

from pnet_tf.video import reader


class Looping:
    """Gives the frame of a clip for each time of another, which does not go back."""

    def __init__(self, path: str | pathlib.Path):
        """Opens the clip; raises InputError as `reader.read`."""
        self._path, self._began = path, fractions.Fraction(0)
        self._open()
        try:
            self._shown = self._next = next(self._frames)
        except BaseException:
            self.close()
            raise
        self._first = self._shown.pts
        self._step = 1 / self._clip.rate if self._clip.rate else reader.STILL * reader.MILLISECONDS

    def close(self) -> None:
        """Closes the clip."""
        self._frames = iter(())
        self._clip.close()

    def _open(self) -> None:
        self._clip = reader.read(self._path)
        self._frames = iter(self._clip)

    def at(self, seconds: float) -> np.ndarray:
        """(h, w, 3) uint8, the clip's frame at that time."""
        while self._time(self._next) <= seconds:
            self._shown = self._next
            self._next = self._following()
        return self._shown.rgb

    def _time(self, frame: reader.Frame) -> fractions.Fraction:
        return self._began + (frame.pts - self._first) * self._clip.time_base

    def _following(self) -> reader.Frame:
        frame = next(self._frames, None)
        if frame is None:
            self._began = self._time(self._shown) + self._step
            self._clip.close()
            self._open()
            frame = next(self._frames)
        return frame
