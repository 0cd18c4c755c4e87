"""Where a figure comes from: which file, which processor, which state of the project."""

import hashlib
import pathlib
import platform
import re
import subprocess
from typing import Any

import pnet_tf

TELLING_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "asimd", "asimddp", "i8mm")
"""Of a processor's flags those that decide which of XNNPACK's kernels run; the last three are ARM's."""


def digest(path: str | pathlib.Path) -> str:
    """The first 16 hexadecimal digits of a file's SHA-256."""
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()[:16]


def processor() -> dict[str, Any]:
    """Name, cores and the telling flags, as far as the system says."""
    try:
        told = pathlib.Path("/proc/cpuinfo").read_text()
    except OSError:  # not Linux
        return {"name": platform.processor() or platform.machine(), "cores": None, "flags": []}
    name = re.search(r"^model name\s*:\s*(.+)$", told, re.MULTILINE)
    flags = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", told, re.MULTILINE)
    present = set(flags[1].split()) if flags else set()
    return {
        "name": name[1] if name else platform.machine(),
        "cores": len(re.findall(r"^processor\s*:", told, re.MULTILINE)),
        "flags": [flag for flag in TELLING_FLAGS if flag in present],
    }


def commit() -> str:
    """The checkout's commit, "+" behind it where files differ from that; "" outside of a checkout or without git."""
    root = pathlib.Path(__file__).parents[2]
    if not (root / ".git").exists():
        return ""
    git = ["git", "-C", str(root)]
    try:
        head = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True).stdout
        changed = subprocess.run(
            [*git, "status", "--porcelain", "-uno"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""
    return head.strip() + ("+" if changed.strip() else "")


def about(command: str) -> dict[str, Any]:
    """What every file of figures begins with."""
    return {"command": command, "version": pnet_tf.__version__, "commit": commit(), "processor": processor()}
