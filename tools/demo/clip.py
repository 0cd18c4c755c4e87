"""A 720p clip of 300 frames with sound, of free portraits before free pictures, for timing.

python tools/demo/clip.py clip.mp4
"""

import fractions
import pathlib
import sys

import av
import numpy as np

import motion

FRAMES, RATE, SOUND_RATE = 300, 30, 48_000


def write(path: pathlib.Path) -> None:
    """Two scenes, somebody who goes to and fro, and a tone."""
    with av.open(str(path), "w") as file:
        video = file.add_stream("libx264", rate=RATE, options={"crf": "20"})
        video.width, video.height, video.pix_fmt = motion.WIDTH, motion.HEIGHT, "yuv420p"
        tone = file.add_stream("aac", rate=SOUND_RATE)
        tone.layout = "mono"
        index, samples = 0, SOUND_RATE // RATE
        for one in motion.SCENES:
            for rgb, _ in motion.scene(*one, speed=6, noise=2, frames=FRAMES // len(motion.SCENES)):
                frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p", dst_colorspace=1)
                frame.pts, frame.time_base = index, fractions.Fraction(1, RATE)
                file.mux(video.encode(frame))
                wave = (np.sin((np.arange(samples) + index * samples) / 30) * 9000).astype(np.int16)[None]
                heard = av.AudioFrame.from_ndarray(wave, format="s16", layout="mono")
                heard.rate, heard.pts, heard.time_base = SOUND_RATE, index * samples, fractions.Fraction(1, SOUND_RATE)
                file.mux(tone.encode(heard))
                index += 1
        file.mux(video.encode(None))
        file.mux(tone.encode(None))


if __name__ == "__main__":
    write(pathlib.Path(sys.argv[1]))
