"""A whole clip: decoded, segmented, composed and encoded at the same time, in order, with few frames in memory."""

import contextlib
import os
from collections.abc import Callable
from typing import Protocol

import numpy as np

from pnet_tf.video import stream
from pnet_tf.video.live import Live
from pnet_tf.video.reader import Clip, Frame


class Output(Protocol):
    """What takes finished frames: `writer.Writer`, `writer.Folder` or a stand-in."""

    def write(self, picture: np.ndarray, pts: int, sound: tuple = ()) -> None: ...


def convert(clip: Clip, live: Live, output: Output, on_frame: Callable[[int], None] | None = None) -> int:
    """Makes every frame of a clip a picture of `live`'s and hands it to `output`.

    An error in any stage ends all of them and is raised here.

    Args:
      clip: from `reader.read`.
      live: made for this clip.
      output: see `Output`; called by this thread alone.
      on_frame: called with the number of frames done.

    Returns:
      The number of frames.
    """

    def prepared(frame: Frame) -> tuple[Frame, Callable[[], np.ndarray]]:
        return frame, live.prepared(frame.rgb, float(frame.pts * clip.time_base), frame.opacity)

    def finished(step: tuple[Frame, Callable[[], np.ndarray]]) -> tuple[Frame, np.ndarray]:
        return step[0], step[1]()

    done = 0
    with (
        contextlib.closing(stream.ahead(clip)) as decoded,
        contextlib.closing(stream.mapped(decoded, prepared)) as segmented,
        contextlib.closing(stream.mapped(segmented, finished, workers=os.cpu_count() or 1)) as composed,
    ):
        for frame, picture in composed:
            output.write(picture, frame.pts, frame.sound)
            done += 1
            if on_frame:
                on_frame(done)
    return done
