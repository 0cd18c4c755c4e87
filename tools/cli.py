"""What every command line shares: its own flags, one-line errors, progress."""

import contextlib
import csv
import io
import json
import os
import pathlib
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from absl import flags

import pnet_tf
from pnet_tf import files
from pnet_tf.errors import InputError

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""glibc's numbers, malloc.h."""

MOST_THREADS = 1024
"""Of a network; LiteRT takes any number that fits its integers, and asks the system for as many."""

LINE_SECONDS = 30
"""Between two lines of progress where no terminal is."""

# TensorFlow's C++ side writes to stderr before any Python setting reaches it.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("GLOG_minloglevel", "3")


def new_flags() -> flags.FlagValues:
    """A tool's own flags, so that several tools can live in one process (the tests do that)."""
    values = flags.FlagValues()
    flags.DEFINE_boolean("help", False, "Shows the flags and ends.", short_name="h", flag_values=values)
    return values


def _parsed(arguments: list[str], values: flags.FlagValues, doc: str, positional: str | None) -> bool:
    """Sets the flags; False where the words only asked for help or the version, which is printed."""
    values.unparse_flags()
    for name in values:
        values[name].unparse()
    if {"--help", "-h", "-help", "--helpfull"} & set(arguments):
        print(doc.strip(), "\n")
        print(values.get_help())
        return False
    if "--version" in arguments:
        print(f"pnet_tf {pnet_tf.__version__}")
        return False
    values.set_gnu_getopt(positional is not None)
    rest = values(arguments)[1:]
    if positional:
        values[positional].value = [*(values[positional].value or []), *rest]
    elif rest:
        raise InputError(f"{rest[0]}: not a flag; every setting is --name=value, see --help")
    return True


class Unfinished(Exception):
    """Everything that could be done was done, and the user knows what could not: exit status 1, no further line."""


def run(
    main: Callable[[], None],
    values: flags.FlagValues,
    doc: str,
    argv: list[str] | None = None,
    positional: str | None = None,
) -> int:
    """Parses the flags, runs `main`, and turns what the user can put right into one line.

    Args:
      positional: the repeatable flag that words without a flag go to.

    Returns:
      The exit status: 0, or 1 after one line on stderr; 130 after an interrupt.
    """
    arguments = list(sys.argv if argv is None else ["", *argv])
    _end_tidily_when_asked()
    try:
        if not _parsed(arguments, values, doc, positional):
            return 0
        main()
    except (InputError, flags.Error) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader, `head` for one, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(f"error: {error.filename or 'file'}: {error.strerror or error}", file=sys.stderr)
        return 1
    except Unfinished:
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return 0


def _end_tidily_when_asked() -> None:
    """Lets `kill` end a command as Ctrl-C does, so that what it writes beside does not stay."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        return
    process = os.getpid()

    def end(number: int, _: object) -> None:
        if os.getpid() != process:  # a worker of the command's
            os._exit(128 + number)
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, end)


@contextlib.contextmanager
def progress(description: str, unit: str, output: TextIO | None = None) -> Iterator[Callable[[int, int], None]]:
    """A callable (done, total) that draws a bar on a terminal, and elsewhere prints a line now and then to `output`."""
    from tqdm import tqdm

    started = latest = time.monotonic()
    with tqdm(desc=description, unit=unit, disable=not sys.stderr.isatty(), leave=False) as bar:

        def update(done: int, total: int) -> None:
            nonlocal latest
            bar.total = total
            bar.update(done - bar.n)
            if bar.disable and time.monotonic() - latest > LINE_SECONDS:
                latest = time.monotonic()
                speed = max(done, 1) / (latest - started)
                left = (total - done) / speed
                told = f"{done} of {total}, {speed:.1f} {unit}s a second, about {left:.0f} s left"
                print(f"{description}: {told}", file=output, flush=True)

        yield update


def new_directory(path: str) -> pathlib.Path:
    """The directory that --output names, to be made; raises InputError if anything is there already."""
    directory = pathlib.Path(path)
    if directory.is_file() or (directory.is_dir() and any(directory.iterdir())):
        raise InputError(f"--output={path}: already there; name another directory")
    return directory


def refuse_existing(path: str | os.PathLike, overwrite: bool, flag: str = "--output") -> None:
    """Raises InputError if a file is there and may not be replaced; `flag` is what named it."""
    if os.path.exists(path) and not overwrite:
        raise InputError(f"{path}: already there; --overwrite replaces it, {flag} names another place")


def refuse_existing_named(values: flags.FlagValues, *names: str) -> None:
    """`refuse_existing` for the files that these flags name; --overwrite is one of the flags."""
    for name in names:
        if values[name].value:
            refuse_existing(values[name].value, values.overwrite, f"--{name}")


def given(values: flags.FlagValues) -> list[str]:
    """The flags that were set on this command line, as words that set them again."""
    return [word for name in values if values[name].present for word in values[name].serialize().splitlines()]


def require_suffix(path: str | None, suffix: str) -> None:
    """Raises InputError if figures would go into a file of another kind, so that a slip costs nobody a photo."""
    if path and pathlib.Path(path).suffix != suffix:
        raise InputError(f"{path}: figures go into a file whose name ends with {suffix}")


def write_json(path: str, value: Any) -> None:
    """Writes figures, replacing older ones; only to a .json file."""
    require_suffix(path, ".json")
    text = json.dumps(value, indent=1, ensure_ascii=False)
    # A list of plain values takes a line, not a line a value.
    text = re.sub(r"\[\n\s+([^\[\]{}]*?)\n\s*\]", lambda found: "[" + re.sub(r"\n\s+", " ", found[1]) + "]", text)
    files.write_text(path, text + "\n")


def write_csv(path: str, rows: list[dict[str, Any]]) -> None:
    """Writes figures as a table with a heading, replacing an older one; only to a .csv file."""
    require_suffix(path, ".csv")
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    files.write_text(path, text.getvalue())


def one_opencv_thread() -> None:
    """Keeps OpenCV to the calling thread, for commands that work on many photos at once already."""
    import cv2

    cv2.setNumThreads(1)


def keep_freed_memory() -> None:
    """Lets glibc keep what is freed, for commands whose every frame takes and frees megabytes; nothing elsewhere.

    By default it gives each large block back to the system and fetches the next anew, a fifth of a clip's time.
    """
    import ctypes

    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):  # not glibc
        return
    for parameter in (_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD):
        mallopt(parameter, 1 << 30)


def thread_counts(words: list[str]) -> list[int]:
    """The numbers of a --threads list, without repetitions; raises InputError for anything else."""
    try:
        counts = [int(word) for word in words]
    except ValueError:
        counts = []
    if min(counts, default=0) < 1 or max(counts) > MOST_THREADS:
        raise InputError(f"--threads={','.join(words)}: comma-separated numbers from 1 to {MOST_THREADS}, such as 1,2")
    return list(dict.fromkeys(counts))
