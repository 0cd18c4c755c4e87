"""From the inputs and the output that a command line names to pairs of files; nothing is lost or written over."""

import collections
import dataclasses
import pathlib
import sys
from collections.abc import Sequence

from pnet_tf.errors import InputError
from pnet_tf.pictures import folder

PIPE = "-"
LISTED = 5
"""Files that a line names before it only counts."""


@dataclasses.dataclass(frozen=True)
class Job:
    """One picture's way; a pipe is `PIPE`."""

    source: pathlib.Path | str
    output: pathlib.Path | str


def listed(names: Sequence[object]) -> str:
    """`a, b, c and 4 more`."""
    shown = ", ".join(map(str, names[:LISTED]))
    return shown + (f" and {len(names) - LISTED} more" if len(names) > LISTED else "")


def _beside(source: pathlib.Path, suffix: str) -> pathlib.Path:
    return source.with_name(f"{source.stem}-cutout{suffix}")


def _of_folder(source: pathlib.Path, output: str | None, suffix: str, recursive: bool) -> list[Job]:
    if not output or output == PIPE:
        raise InputError(f"--output: name a folder for the pictures of {source}")
    found = folder.walk(source, recursive)
    if found.others:
        print(f"left out, no pictures: {listed([one.relative_to(source) for one in found.others])}", file=sys.stderr)
    places = [(one, one.relative_to(source).with_suffix(suffix)) for one in found.pictures]
    return [Job(one, pathlib.Path(output) / place) for one, place in places]


def plan(inputs: Sequence[str], output: str | None, suffix: str, recursive: bool) -> list[Job]:
    """The jobs in order.

    Args:
      inputs: photos, folders, or `PIPE`.
      output: a picture, a folder, `PIPE`, or None for beside each photo.
      suffix: of pictures whose name nobody gave, with its dot.
      recursive: look into folders of folders.

    Raises:
      InputError: a folder without --output, several inputs and one picture, two photos that would become one file, an
        output that is an input.
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
            jobs += _of_folder(source, output, suffix, recursive)
        elif not output:
            jobs.append(Job(source, _beside(source, suffix)))
        elif into_folder or (several and output != PIPE and not pathlib.Path(output).suffix):
            jobs.append(Job(source, pathlib.Path(output) / f"{source.stem}{suffix}"))
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
