"""An animated GIF, WebP, PNG or AVIF as a clip, with its opacity."""

import fractions
import pathlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

from pnet_tf.errors import InputError
from pnet_tf.video.reader import MILLISECONDS, STILL, Frame


class Animation:
    """See `reader.Clip`."""

    def __init__(self, path: pathlib.Path):
        """Opens the file; raises InputError for what Pillow cannot read."""
        try:
            self._image = Image.open(path)
            self.frames: int | None = getattr(self._image, "n_frames", 1)
            self.estimate = self.frames
        except Exception:  # Pillow's plugins raise whatever their parsing stumbles over
            raise InputError(f"{path}: unreadable or truncated clip; replace it") from None
        self.path = path
        self.width, self.height = self._image.size
        self.rate: fractions.Fraction | None = None
        self.time_base = MILLISECONDS
        self.sound = self.taken = None
        self.left_out: tuple[str, ...] = ()
        self.damaged = 0

    def __iter__(self) -> Iterator[Frame]:
        """The frames; one that cannot be decoded is the frame before."""
        pts, last = 0, None
        for index in range(self.frames):
            try:
                self._image.seek(index)
                rgba = np.asarray(self._image.convert("RGBA"))
                last = np.ascontiguousarray(rgba[..., :3]), rgba[..., 3].copy()
            except Exception:
                if last is None:
                    raise InputError(f"{self.path}: unreadable or truncated clip; replace it") from None
                self.damaged += 1
            yield Frame(last[0], pts, None if last[1].min() == 255 else last[1])
            pts += int(self._image.info.get("duration") or STILL)

    def close(self) -> None:
        """Closes the file."""
        self._image.close()

    def __enter__(self) -> "Animation":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
