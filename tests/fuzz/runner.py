"""A command in a process of its own, and what must hold when it ends: a right answer, or one line and exit status 1.

The processes are forked from one that has imported all commands, so that thousands of them take minutes.
"""

import importlib
import multiprocessing
import os
import pathlib
import resource
import signal
import sys
import traceback

SECONDS = 10
MEMORY = 1_500
"""Megabytes that a process may hold at most."""

_TOOLS = ["average", "check", "convert", "evaluate", "segment", "show_views", "train"]
PRELOADED = ("tensorflow", "pnet_tf.stack", "tfrecords.writer", *(f"pnet_tf_tools.{tool}" for tool in _TOOLS))
"""Imported before anything is forked; modules of the project as it is installed, for the others are not found there."""

_CRASHED = 99


def _child(tool: str, arguments: list[str], folder: str, told: str) -> None:
    os.chdir(folder)
    os.dup2(os.open(told, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w", buffering=1)
    signal.alarm(SECONDS)  # without a handler it ends the process, wherever it is
    try:
        status = importlib.import_module(f"pnet_tf_tools.{tool}").main(arguments)
    except SystemExit as end:
        status = end.code
    except BaseException:
        traceback.print_exc()
        status = _CRASHED
    sys.stdout.flush()
    sys.stderr.flush()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    pathlib.Path(f"{told}.peak").write_text(str(peak))
    os._exit(status or 0)


def listing(folder: pathlib.Path) -> set[str]:
    """Every file below a folder."""
    return {str(one.relative_to(folder)) for one in folder.rglob("*") if not one.is_dir()}


def run(tool: str, arguments: list[str], folder: pathlib.Path) -> tuple[int, str]:
    """The exit status and stderr of a command started in `folder`; raises AssertionError for what must never be."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    told = str(folder) + ".told"
    before = listing(folder)
    process = context.Process(target=_child, args=(tool, arguments, str(folder), told))
    process.start()
    process.join()
    errors = pathlib.Path(told).read_text(errors="replace")
    said = f"{tool} {' '.join(arguments)[:500]}\n{errors[-3000:]}"
    assert process.exitcode != -signal.SIGALRM, f"over {SECONDS} s: {said}"
    assert process.exitcode in (0, 1), f"exit status {process.exitcode}: {said}"
    assert "Traceback" not in errors, said
    peak = int(pathlib.Path(f"{told}.peak").read_text())
    assert peak < MEMORY, f"{peak} MB: {said}"
    if process.exitcode == 1:
        lines = errors.strip().splitlines()
        assert lines and "error" in lines[-1], said
        new = listing(folder) - before
        assert not new, f"left {new}: {said}"
    return process.exitcode, errors
