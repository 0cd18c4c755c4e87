"""Where the installed commands begin: a system library that is not there is one line, and no traceback."""

import importlib
import sys
from collections.abc import Callable

_REMEDY = "apt install libgl1 libglib2.0-0, or pip install opencv-python-headless in place of opencv-python"


def __getattr__(name: str) -> Callable[[], int]:
    """The command of the tool of that name; it returns the exit status."""
    if name.startswith("_"):
        raise AttributeError(name)

    def command() -> int:
        try:
            return importlib.import_module(f"pnet_tf_tools.{name}").main()
        except ImportError as error:
            if ".so" not in str(error):
                raise
            print(f"error: {error}; in a slim container: {_REMEDY}", file=sys.stderr)
            return 1

    return command
