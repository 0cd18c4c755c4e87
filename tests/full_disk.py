"""A limit on file size stands in for a full disk; SIGXFSZ ignored, the write fails as it would there."""

import os
import resource
import signal

import small_run


def prepare() -> None:
    """Sets the limit to FILE_LIMIT bytes, after what `small_run.prepare` does."""
    small_run.prepare()
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(os.environ["FILE_LIMIT"]),) * 2)
