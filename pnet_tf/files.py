"""Files under their final name are complete: write beside, then rename."""

import contextlib
import os
import pathlib
import tempfile
from collections.abc import Iterator

from pnet_tf.errors import InputError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """Yields a temporary path beside `path`, with its suffix, that becomes `path` on success.

    Missing parent folders are made. On an exception nothing is left under either name; what a killed process left is
    used again by the next that writes `path`.

    Raises:
      InputError: the folder or the file cannot be written.
    """
    path = pathlib.Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock, temporary = _beside(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror}); choose another place") from None
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)  # 0600 is for secrets
        os.replace(temporary, path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise InputError(f"{path}: cannot be written ({error.strerror})") from None
        raise
    finally:
        if lock is not None:
            os.close(lock)


def _beside(path: pathlib.Path) -> tuple[int | None, pathlib.Path]:
    """An empty file that nobody else writes, and the open lock that says so.

    It has a fixed name, or, while another process holds that and where there are no locks, a random one.
    """
    if fcntl:
        temporary = path.with_name(f".{path.stem}.partial{path.suffix}")
        handle = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        with contextlib.suppress(OSError):  # another process, or no locks on this file system
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Its holder may have renamed it just before.
            if os.path.samestat(os.fstat(handle), os.stat(temporary)):
                os.ftruncate(handle, 0)
                return handle, temporary
        os.close(handle)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)  # Windows does not rename what is open
    return None, pathlib.Path(name)


def write_bytes(path: str | os.PathLike, content: bytes) -> None:
    """Writes a whole file or none of it; see `replacing`."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: str | os.PathLike, content: str) -> None:
    """Writes a whole UTF-8 file or none of it; see `replacing`."""
    write_bytes(path, content.encode())
