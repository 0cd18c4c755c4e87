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
"""Share of a clip's frames below which some are missing: an edit list may leave a few out."""


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
    if _is_folder(path):
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


def _is_folder(output: pathlib.Path) -> bool:
    return not output.suffix or output.is_dir()


def refuse(output: pathlib.Path, kind: Any, overwrite: bool) -> None:
    """Raises InputError for a clip's output that cannot be, or is there already."""
    if not _is_folder(output):
        writer.require_suffix(output, kind == "transparent")
        cli.refuse_existing(output, overwrite)
    elif output.is_dir() and any(output.iterdir()) and not overwrite:
        raise InputError(f"{output}: has files already; frames go into a new or empty folder, or --overwrite")


def do(source: pathlib.Path, output: pathlib.Path, segmenter: Segmenter, kind: Any, steady: str) -> None:
    """Makes a clip of a clip, and tells what was damaged."""
    cli.keep_freed_memory()
    cli.one_opencv_thread()  # the stages are what works at the same time
    with contextlib.ExitStack() as stack:
        clip = stack.enter_context(reader.read(source))
        update = stack.enter_context(cli.progress("segmenting", "frame"))
        if clip.left_out:
            print(f"{source}: left out, further tracks: {', '.join(clip.left_out)}", file=sys.stderr)
        behind = background(kind)
        if isinstance(behind, looping.Looping):
            stack.enter_context(contextlib.closing(behind))
        live = Live(segmenter, behind, steady)
        with _output(output, clip, isinstance(kind, str) and kind == "transparent") as file:
            count = conversion.convert(clip, live, file, lambda done: update(done, max(done, clip.estimate or done)))
        lost = getattr(file, "sound_left_out", 0)
        if lost:
            print(f"{source}: {lost} damaged pieces of sound are left out", file=sys.stderr)
        if clip.damaged:
            print(f"{source}: {clip.damaged} damaged frames, the ones before stand for them", file=sys.stderr)
        if clip.frames and count < MISSING * clip.frames - 1:
            print(f"{source}: only {count} of {clip.frames} frames could be read", file=sys.stderr)
