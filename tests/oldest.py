"""Prints pip constraints: what users' extras allow, at its oldest.

python oldest.py EXTRA …      (in an environment in which the project is installed)
"""

import importlib.metadata
import sys

from packaging.requirements import Requirement


def floors(extras: list[str]) -> list[str]:
    """`numpy>=1.26` → `numpy==1.26.0`, for what the project needs by itself and in these extras."""
    found = []
    for line in importlib.metadata.requires("pnet-tf") or ():
        needed = Requirement(line)
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            found += [f"{needed.name}=={one.version}" for one in needed.specifier if one.operator == ">="]
    return found


if __name__ == "__main__":
    print("\n".join(floors(sys.argv[1:])))
