"""Instructions per inference on ARM cores, one thread: no latency, but the same on every machine.

python instructions.py [--json=FILE] [MODEL.tflite …]      (default: the shipped files)
"""

import argparse
import collections
import json
import pathlib
import tempfile

import numpy as np

import blocks
import emulator
from pnet_tf.runtime.network import open_interpreter

FURTHER = 20


def counted(core: str, model: pathlib.Path) -> collections.Counter:
    """Instructions of one inference by kind: the difference of many runs and one, divided."""
    source = open_interpreter(model.read_bytes(), 1, model.name).get_input_details()[0]
    with tempfile.TemporaryDirectory() as folder:
        given, answered = pathlib.Path(folder, "given.npy"), pathlib.Path(folder, "answered.npy")
        np.save(given, np.random.default_rng(0).integers(0, 256, (1, *source["shape"])))
        once, more = (emulator.run(core, model, given, answered, further) for further in (0, FURTHER))
    more.subtract(once)
    return collections.Counter({kind: count // FURTHER for kind, count in more.items()})


def parts_of(found: collections.Counter) -> dict[str, int]:
    """The sums that a table shows: by kernels, and of the convolutions' by instructions."""
    table = {"all": found.total()}
    for (kernel, kind), count in found.items():
        table[kernel] = table.get(kernel, 0) + count
        if kernel == "convolutions":
            part = "requantisation" if kind in blocks.REQUANTISATION else {"sdot": "dot products"}.get(kind, kind)
            table[f"convolutions: {part}"] = table.get(f"convolutions: {part}", 0) + count
    return dict(sorted(table.items()))


def main() -> None:
    """Prints a table and writes the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path)
    given = parser.parse_args()
    models = given.models or sorted((emulator.ROOT / "pnet_tf/assets").glob("*.tflite"))
    table: dict = {}
    for model in models:
        for core in emulator.CORES:
            parts = parts_of(counted(core, model))
            table.setdefault(model.stem, {})[core] = parts
            words = ", ".join(f"{name} {count / 1e6:.2f}" for name, count in parts.items() if name != "all")
            print(f"{model.stem}, {core}: {parts['all'] / 1e6:.2f} million instructions ({words})", flush=True)
    if given.json:
        command = " ".join(["python tools/arm/instructions.py", *(one.name for one in given.models)])
        processor = {"name": f"{' and '.join(emulator.CORES)}, emulated", "cores": 1, "flags": []}
        told = {"command": command, "processor": processor, "instructions": table}
        given.json.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
