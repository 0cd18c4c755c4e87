"""pnet-segment on clips: what is put behind them, where they go, and how far they are."""

import contextlib
import pathlib
import sys
from typing import Any

import numpy as np

from pnet_tf.errors import InputError
from pnet_tf.runtime.segmenter import Segmenter
from pnet_tf.video import conversion, looping, reader, writer
from pnet_tf.video.live import Live
from pnet_tf_tools import cli

DEFAULT_BACKGROUND = "blur"
"""Of clips, whose usual formats have no transparency."""

MISSING = 0.98
"""Share of a clip's frames, whose number may be an estimate, below which some are missing."""


def background(kind: Any) -> Any:
    """What `Live` takes for a --background: a clip's path becomes the clip that loops."""
    if isinstance(kind, pathlib.Path):
        return looping.Looping(kind)
    if isinstance(kind, str) and kind == "mask":
        return lambda matte: np.dstack([matte.opacity] * 3)
    return kind


def suffix(kind: Any) -> str:
    """Of a clip whose name nobody gave."""
    return ".webm" if kind == "transparent" else ".mp4"


@contextlib.contextmanager
def _output(path: pathlib.Path, clip: reader.Clip, transparent: bool):
    if not path.suffix:
        with writer.Folder(path) as folder:
            yield folder
        return
    colours = getattr(clip, "colours", writer.HIGH_DEFINITION)
    with writer.Writer(
        path, clip.width, clip.height, clip.time_base, clip.rate, transparent, clip.sound, colours, clip.taken
    ) as file:
        if file.sound_coded_anew:
            print(f"{path}: the sound is coded anew, {path.suffix} does not take it as it is", file=sys.stderr)
        yield file


def refuse(output: pathlib.Path, kind: Any, overwrite: bool) -> None:
    """Raises InputError for a clip's output that cannot be, or is there already."""
    if output.suffix:
        writer.require_suffix(output, kind == "transparent")
        cli.refuse_existing(output, overwrite)
    elif output.is_dir() and any(output.iterdir()) and not overwrite:
        raise InputError(f"{output}: has files already; frames go into a new or empty folder, or --overwrite")


def do(source: pathlib.Path, output: pathlib.Path, segmenter: Segmenter, kind: Any, steady: str) -> None:
    """Makes a clip of a clip, and tells what was damaged."""
    cli.keep_freed_memory()
    cli.one_opencv_thread()  # the stages are what works at the same time
    with reader.read(source) as clip, cli.progress("segmenting", "frame") as update:
        if clip.left_out:
            print(f"{source}: left out, further tracks: {', '.join(clip.left_out)}", file=sys.stderr)
        live = Live(segmenter, background(kind), steady)
        with _output(output, clip, isinstance(kind, str) and kind == "transparent") as file:
            count = conversion.convert(clip, live, file, lambda done: update(done, max(done, clip.frames or done)))
        if clip.damaged:
            print(f"{source}: {clip.damaged} damaged frames, the ones before stand for them", file=sys.stderr)
        if clip.frames and count < MISSING * clip.frames - 1:
            print(f"{source}: only {count} of about {clip.frames} frames could be read", file=sys.stderr)
