"""C++ libraries write start-up notes straight to file descriptor 2; this holds them back."""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator

_TURN = threading.RLock()
"""Two threads inside at once could each take the other's silence for what is to be restored."""


@contextlib.contextmanager
def silent_stderr() -> Iterator[None]:
    """Discards what is written to file descriptor 2, whoever writes it, one thread at a time; exceptions pass."""
    with _TURN:
        sys.stderr.flush()
        kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)
