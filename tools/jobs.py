"""From the inputs and the output that a command line names to pairs of files; nothing is lost or written over."""

import collections
import dataclasses
import pathlib
import sys
from collections.abc import Sequence

from pnet_tf.errors import InputError
from pnet_tf.pictures import folder
from pnet_tf.video import reader as clips

PIPE = "-"
LISTED = 5
"""Files that a line names before it only counts."""


@dataclasses.dataclass(frozen=True)
class Job:
    """One picture's or clip's way; a pipe is `PIPE`, the output of a clip without a suffix a folder of frames."""

    source: pathlib.Path | str
    output: pathlib.Path | str

    @property
    def is_clip(self) -> bool:
        """Whether the source is a clip."""
        return self.source != PIPE and clips.is_clip(self.source)


@dataclasses.dataclass(frozen=True)
class Suffixes:
    """Of outputs whose name nobody gave, with their dot."""

    picture: str
    clip: str

    def of(self, source: pathlib.Path) -> str:
        """The suffix for what becomes of `source`."""
        return self.clip if clips.is_clip(source) else self.picture


def listed(names: Sequence[object]) -> str:
    """`a, b, c and 4 more`."""
    shown = ", ".join(map(str, names[:LISTED]))
    return shown + (f" and {len(names) - LISTED} more" if len(names) > LISTED else "")


def _of_folder(source: pathlib.Path, output: str | None, suffixes: Suffixes, recursive: bool) -> list[Job]:
    if not output or output == PIPE:
        raise InputError(f"--output: name a folder for the pictures of {source}")
    found = folder.walk(source, recursive)
    if found.others:
        print(f"left out, no pictures: {listed([one.relative_to(source) for one in found.others])}", file=sys.stderr)
    places = [(one, one.relative_to(source).with_suffix(suffixes.of(one))) for one in found.pictures]
    return [Job(one, pathlib.Path(output) / place) for one, place in places]


def plan(inputs: Sequence[str], output: str | None, suffixes: Suffixes, recursive: bool) -> list[Job]:
    """The jobs in order.

    Args:
      inputs: photos, clips, folders, or `PIPE`.
      output: a picture or clip, a folder, `PIPE`, or None for beside each input. One clip's frames go into a folder
        as pictures.
      suffixes: see there.
      recursive: look into folders of folders.

    Raises:
      InputError: a folder without --output, several inputs and one picture, two photos that would become one file, an
        output that is an input, a clip into a pipe.
    """
    into_folder = bool(output) and output != PIPE and (output.endswith("/") or pathlib.Path(output).is_dir())
    several = len(inputs) > 1
    jobs: list[Job] = []
    for one in inputs:
        source = pathlib.Path(one)
        if one == PIPE:
            if not output or several:
                raise InputError("--input=-: is one picture; name its --output, which may be - too")
            jobs.append(Job(PIPE, output))
        elif source.is_dir():
            jobs += _of_folder(source, output, suffixes, recursive)
        elif not output:
            jobs.append(Job(source, source.with_name(f"{source.stem}-cutout{suffixes.of(source)}")))
        elif not several and output != PIPE and clips.is_clip(source):
            jobs.append(Job(source, pathlib.Path(output)))
        elif into_folder or (several and output != PIPE and not pathlib.Path(output).suffix):
            jobs.append(Job(source, pathlib.Path(output) / f"{source.stem}{suffixes.of(source)}"))
        elif several:
            raise InputError(f"--output={output}: is one picture for {len(inputs)} inputs; name a folder")
        else:
            jobs.append(Job(source, PIPE if output == PIPE else pathlib.Path(output)))
    _refuse_collisions(jobs)
    return jobs


def _refuse_collisions(jobs: list[Job]) -> None:
    outputs = collections.Counter(job.output for job in jobs if job.output != PIPE)
    for output, count in outputs.items():
        if count > 1:
            raise InputError(f"{output}: {count} photos would all become this; rename them apart")
    sources = {pathlib.Path(job.source).resolve() for job in jobs if job.source != PIPE}
    for output in outputs:
        if pathlib.Path(output).resolve() in sources:
            raise InputError(f"{output}: is one of the inputs, which are never written over; name another --output")
    for job in jobs:
        if job.output == PIPE and job.is_clip:
            raise InputError(f"{job.source}: is a clip, which cannot go through a pipe; name a file or folder")
