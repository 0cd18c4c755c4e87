"""What a clip costs: frames a second from file to file, and the CPU time of each stage by itself."""

import collections
import dataclasses
import pathlib
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from pnet_tf import resize
from pnet_tf.cutout import compose, opacity, refine
from pnet_tf.cutout.matte import Matte
from pnet_tf.runtime.segmenter import Network, Segmenter, ask
from pnet_tf.video import conversion, reader, writer
from pnet_tf.video.live import Live
from pnet_tf.video.steady import Steady

FRAMES = 150
"""Of the clip, for which stages are timed."""

Made = TypeVar("Made")


@dataclasses.dataclass(frozen=True)
class Costs:
    """Of one network on one clip, before a blurred background.

    Attributes:
      frames_per_second: from file to file, all stages at work at the same time.
      milliseconds: stage → CPU time of a frame.
    """

    frames: int
    width: int
    height: int
    frames_per_second: float
    milliseconds: dict[str, float]


class _Stages:
    def __init__(self) -> None:
        self.seconds: collections.Counter[str] = collections.Counter()

    def __call__(self, name: str, call: Callable[[], Made]) -> Made:
        started = time.process_time()
        made = call()
        self.seconds[name] += time.process_time() - started
        return made


def _open(path: pathlib.Path, clip: reader.Clip) -> writer.Writer:
    return writer.Writer(path, clip.width, clip.height, clip.time_base, clip.rate, sound=clip.sound)


def _by_stage(network: Network, path: pathlib.Path, out: pathlib.Path) -> dict[str, float]:
    stage, steady, done = _Stages(), Steady(), 0
    with reader.read(path) as clip, _open(out, clip) as file:
        frames: Iterator[reader.Frame] = iter(clip)
        while done < FRAMES and (frame := stage("decode", lambda: next(frames, None))) is not None:
            rgb = frame.rgb
            probability, at = stage("network", lambda rgb=rgb: ask(network, rgb, "letterbox"))
            inside = resize.inner(probability, at)
            small, _ = resize.fit_photo(rgb, *inside.shape, "stretch")
            held = stage("steady", lambda small=small, inside=inside: steady(small, inside))
            clean = stage("opacity", lambda held=held: opacity.cleaned(held))
            alpha = stage("edge", lambda a=(rgb, small, clean): refine.at_photo_size(*a))
            matte = Matte(rgb, alpha)
            stage("colours", lambda matte=matte: matte.band)
            picture = stage("blur", lambda matte=matte: compose.blurred(matte))
            stage("encode", lambda a=(picture, frame.pts): file.write(*a))
            done += 1
    return {name: 1e3 * seconds / done for name, seconds in stage.seconds.items()}


def measure(network: Network, path: pathlib.Path) -> Costs:
    """Times a clip twice: all stages side by side, and one after the other.

    Raises:
      InputError: as `reader.read`.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out.mp4"
        started = time.perf_counter()
        with reader.read(path) as clip, _open(out, clip) as file:
            count = conversion.convert(clip, Live(Segmenter(network)), file)
            width, height = clip.width, clip.height
        taken = time.perf_counter() - started
        return Costs(count, width, height, count / taken, _by_stage(network, path, out))
