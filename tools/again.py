"""Makes files of results again, each by the command that it holds; `make tables` writes the tables then.

python tools/again.py eg1800 lmi latency      (all of them without a name)

To be called from a directory in which the commands' paths lead somewhere: `records/`, `peers/`, `clips/`, `data/`, and
`assets/` and `tools/` of this checkout. Stops at the first one that fails; the files appear complete or not at all.
"""

import os
import pathlib
import shlex
import subprocess
import sys

from absl import flags

from pnet_tf.errors import InputError
from pnet_tf_tools import cli
from pnet_tf_tools.results import RESULTS, read

FLAGS = cli.new_flags()
flags.DEFINE_multi_string("results", [], "A file's name without .json; so is a word.", flag_values=FLAGS)


def words(command: str) -> list[str]:
    """A command as results hold it (`pnet-evaluate …`, `python tools/…`, `node …`), by this very environment."""
    program, *rest = shlex.split(command)
    if program.startswith("pnet-"):
        program = str(pathlib.Path(sys.executable).with_name(program))
    return [sys.executable if program == "python" else program, *rest]


def again() -> None:
    """Runs them one after the other."""
    there = sorted(path.stem for path in RESULTS.glob("*.json"))
    names = FLAGS.results or there
    for name in names:
        if name not in there:
            raise InputError(f"{name}: no such results; there are {', '.join(there)}")
    for name in names:
        command = read(name)["command"]
        print(f"{name}: {command}", flush=True)
        if subprocess.run(words(command), env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}).returncode:
            raise InputError(f"{name}: its command failed; are its files here?")


if __name__ == "__main__":
    sys.exit(cli.run(again, FLAGS, __doc__, positional="results"))
