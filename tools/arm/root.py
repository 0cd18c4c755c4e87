"""A folder that qemu-aarch64 takes as its root: Debian's Python for arm64, LiteRT and NumPy, and the counting plugin.

python root.py FOLDER      → the path of its Python

Packages come from the machine's own Debian mirror by apt's own resolver, whose state is kept in the folder; nothing of
the system changes, and no rights are needed.
"""

import importlib.metadata
import pathlib
import subprocess
import sys

PACKAGES = ("python3", "libstdc++6")
RUNTIME = ("ai-edge-litert", "numpy")
WHEELS = [f"manylinux_2_{minor}_aarch64" for minor in range(17, 37)]


def debian(root: pathlib.Path) -> None:
    """Unpacks PACKAGES and all that they need."""
    root.mkdir(parents=True, exist_ok=True)
    state, archives = root / "apt/state", root / "apt/cache/archives"
    for folder in (state / "lists/partial", archives / "partial"):
        folder.mkdir(parents=True)
    settings = {
        "APT::Architecture": "arm64",
        "APT::Architectures": "arm64",
        "APT::Sandbox::User": "",
        "APT::Install-Recommends": "false",
        "Debug::NoLocking": "true",
        "Dir::State": state,
        "Dir::State::status": "/dev/null",
        "Dir::Cache": root / "apt/cache",
    }
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in settings.items())]
    subprocess.run([*apt, "update"], check=True)
    subprocess.run([*apt, "install", "--download-only", "--yes", *PACKAGES], check=True)
    for package in sorted(archives.glob("*.deb")):
        subprocess.run(["dpkg", "-x", package, root], check=True)


def main(root: pathlib.Path) -> pathlib.Path:
    """Fills `root`; the path of the Python in it."""
    debian(root)
    python = (root / "usr/bin/python3").resolve()
    version = python.name.removeprefix("python")
    wanted = [f"{name}=={importlib.metadata.version(name)}" for name in RUNTIME[:1]] + list(RUNTIME[1:])
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    platforms = [f"--platform={one}" for one in WHEELS]
    where = ["--only-binary=:all:", f"--python-version={version}", f"--target={root / 'packages'}", "--no-compile"]
    subprocess.run([*pip, *where, *platforms, *wanted], check=True, stdout=sys.stderr)
    plugin = pathlib.Path(__file__).with_name("count.c")
    subprocess.run(["gcc", "-O2", "-Wall", "-shared", "-fPIC", "-o", root / "count.so", plugin], check=True)
    return python


if __name__ == "__main__":
    print(main(pathlib.Path(sys.argv[1]).absolute()))
