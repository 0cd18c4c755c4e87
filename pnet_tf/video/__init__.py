"""Clips and cameras: frames in, masks that hold still, frames out. PyAV (extra `[video]`), NumPy and OpenCV.

`for frame in video.read("clip.mp4")` gives frames, `video.Live(segmenter)` makes pictures of frames in somebody's loop.
"""

from pnet_tf.video.live import Live
from pnet_tf.video.reader import read

__all__ = ["Live", "read"]
