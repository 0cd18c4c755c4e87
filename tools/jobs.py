"""From the inputs and the output that a command line names to pairs of files; nothing is lost or written over."""

import collections
import dataclasses
import pathlib
import sys
from collections.abc import Sequence

from pnet_tf.errors import InputError
from pnet_tf.pictures import folder, header
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


def _places(sources: Sequence[pathlib.Path], folders: Sequence[pathlib.Path], endings: Sequence[str]) -> list[Job]:
    """A job for each source, which becomes `folder/stem + ending`; two of one name keep their suffixes in it."""
    plain = [folder / f"{one.stem}{ending}" for one, folder, ending in zip(sources, folders, endings, strict=True)]
    count = collections.Counter(plain)
    longer = [folder / f"{one.name}{ending}" for one, folder, ending in zip(sources, folders, endings, strict=True)]
    return [Job(one, a if count[a] == 1 else b) for one, a, b in zip(sources, plain, longer, strict=True)]


def _of_folder(source: pathlib.Path, output: str | None, suffixes: Suffixes, recursive: bool) -> list[Job]:
    if not output or output == PIPE:
        raise InputError(f"--output: name a folder for the pictures of {source}")
    target = pathlib.Path(output)
    if target.suffix.lower() in (*header.SUFFIXES, *clips.SUFFIXES) and not target.is_dir():
        raise InputError(f"--output={output}: is one file's name, and {source} is a folder; name a folder")
    found = folder.walk(source, recursive, clips.SUFFIXES)
    earlier = [one for one in found.pictures if source.resolve() != target.resolve() in one.resolve().parents]
    taken = [one for one in found.pictures if one not in set(earlier)]
    if earlier:
        print(f"left out, in --output={output} already: {_told(earlier, source)}", file=sys.stderr)
    if found.others:
        print(f"left out, neither pictures nor clips: {_told(found.others, source)}", file=sys.stderr)
    folders = [target / one.relative_to(source).parent for one in taken]
    return _places(taken, folders, [suffixes.of(one) for one in taken])


def _told(files: Sequence[pathlib.Path], source: pathlib.Path) -> str:
    return listed([one.relative_to(source) for one in files])


def _of_pipe(output: str | None, several: bool) -> list[Job]:
    if not output or several:
        raise InputError("--input=-: is one picture; name its --output, which may be - too")
    return [Job(PIPE, output if output == PIPE else pathlib.Path(output))]


def _of_one(source: pathlib.Path, output: str) -> list[Job]:
    """One file under the name that --output gives, a clip's frames in a folder."""
    if output == PIPE:
        return [Job(source, PIPE)]
    target = pathlib.Path(output)
    if not target.suffix:
        what = "of its frames" if clips.is_clip(source) else f"for {source.name}"
        raise InputError(f"--output={output}: has no suffix such as .mp4 or .png; {output}/ makes a folder {what}")
    return [Job(source, target)]


def plan(
    inputs: Sequence[str], output: str | None, suffixes: Suffixes, recursive: bool, kept: Sequence[str | None] = ()
) -> list[Job]:
    """The jobs in order; a file that is named twice is done once.

    Args:
      inputs: photos, clips, folders, or `PIPE`.
      output: a picture or clip, a folder, `PIPE`, or None for beside each input. One clip's frames go into a folder
        as pictures.
      suffixes: see there.
      recursive: look into folders of folders.
      kept: files that the command reads beside the inputs and must not write over; None counts as none.

    Raises:
      InputError: a folder without --output, several inputs and one picture, two photos that would become one file, an
        output that is an input, a clip into a pipe.
    """
    inputs = list({_resolved(one): one for one in inputs}.values())
    into_folder = bool(output) and output != PIPE and (output.endswith("/") or pathlib.Path(output).is_dir())
    several = len(inputs) > 1
    _refuse_an_output_among(inputs, output)
    jobs: list[Job] = []
    files = [pathlib.Path(one) for one in inputs if one != PIPE and not pathlib.Path(one).is_dir()]
    for one in inputs:
        if one == PIPE:
            jobs += _of_pipe(output, several)
        elif pathlib.Path(one).is_dir():
            jobs += _of_folder(pathlib.Path(one), output, suffixes, recursive)
    endings = [suffixes.of(one) for one in files]
    if not output:
        jobs += _places(files, [one.parent for one in files], [f"-cutout{ending}" for ending in endings])
    elif several and files:
        if output == PIPE or (pathlib.Path(output).suffix and not into_folder):
            raise InputError(f"--output={output}: is one picture for {len(inputs)} inputs; name a folder")
        jobs += _places(files, [pathlib.Path(output)] * len(files), endings)
    elif into_folder and files and not clips.is_clip(files[0]):
        jobs += _places(files, [pathlib.Path(output)], endings)
    elif files:
        jobs += [Job(files[0], pathlib.Path(output))] if into_folder else _of_one(files[0], output)
    jobs = list({_resolved(job.source): job for job in jobs}.values())
    _refuse_collisions(jobs, kept)
    return jobs


def _resolved(path: pathlib.Path | str) -> pathlib.Path | str:
    return path if path == PIPE else pathlib.Path(path).resolve()


def _refuse_an_output_among(inputs: Sequence[str], output: str | None) -> None:
    """`tool in.jpg out.png` is how others are called."""
    if (
        output is None
        and len(inputs) == 2
        and pathlib.Path(inputs[0]).exists()
        and not pathlib.Path(inputs[1]).exists()
    ):
        raise InputError(f"{inputs[1]}: no such file; a picture that is to be made is named by --output={inputs[1]}")


def _refuse_collisions(jobs: list[Job], kept: Sequence[str | None]) -> None:
    sources: dict[pathlib.Path | str, list[Job]] = collections.defaultdict(list)
    for job in jobs:
        if job.output != PIPE:
            sources[job.output].append(job)
    for output, several in sources.items():
        if len(several) > 1:
            names = listed([job.source for job in several])
            raise InputError(f"{output}: {names} would all become this; give them one by one")
    inputs = {_resolved(job.source) for job in jobs if job.source != PIPE}
    beside = {pathlib.Path(one).resolve() for one in kept if one}
    for output in sources:
        if _resolved(output) in inputs:
            raise InputError(f"{output}: is one of the inputs, which are never written over; name another --output")
        if _resolved(output) in beside:
            raise InputError(f"{output}: is what this command reads, and never written over; name another --output")
    for job in jobs:
        if job.output == PIPE and job.is_clip:
            raise InputError(f"{job.source}: is a clip, which cannot go through a pipe; name a file or folder")
