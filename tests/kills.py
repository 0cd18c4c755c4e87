"""Commands killed at moments spread over their time, then started again: a table of how many end as an unbroken one.

python tests/kills.py [--moments=20] [--json=FILE]

After every kill what stands under a final name must be whole; after the second start the folder must hold what an
unbroken command leaves, to the byte, and nothing else. Of a training's folder the numbers count: its weights and its
last checkpoint.
"""

import argparse
import dataclasses
import hashlib
import json
import pathlib
import shutil
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np

import helpers
from pnet_tf_tools import train
from processes import Process


def bytes_of(folder: pathlib.Path) -> dict[str, str]:
    """Name → digest of every file."""
    files = [one for one in folder.rglob("*") if one.is_file()]
    return {str(one.relative_to(folder)): hashlib.sha256(one.read_bytes()).hexdigest() for one in files}


def numbers_of(folder: pathlib.Path) -> dict[str, str]:
    """Name → digest of the weights and of every variable of the last checkpoint."""
    from pnet_tf.stack import tf

    found = {}
    if (folder / "weights.npz").exists():
        with np.load(folder / "weights.npz") as weights:
            found = {f"weights {name}": hashlib.sha256(weights[name].tobytes()).hexdigest() for name in weights.files}
    latest = tf.train.latest_checkpoint(str(folder / "checkpoints"))
    if latest:
        reader = tf.train.load_checkpoint(latest)
        for name in reader.get_variable_to_shape_map():
            if "OBJECT_GRAPH" not in name and "save_counter" not in name:
                found[name] = hashlib.sha256(np.asarray(reader.get_tensor(name)).tobytes()).hexdigest()
    return found


ENDED = "had ended"


@dataclasses.dataclass(frozen=True)
class Command:
    """A command whose results go below one folder.

    Attributes:
      tool: module of pnet_tf_tools.
      flags: folder → its flags.
      state: what of the folder must be equal at the end.
      is_whole: whether files that a kill left under final names are to be equal already.
    """

    tool: str
    flags: Callable[[pathlib.Path], list[str]]
    state: Callable[[pathlib.Path], dict[str, str]] = bytes_of
    is_whole: bool = True

    def start(self, folder: pathlib.Path) -> Process:
        return Process(self.tool, self.flags(folder), before="small_run" if self.tool == "train" else "")

    def finish(self, folder: pathlib.Path) -> float:
        """Runs to the end; the seconds it took."""
        began = time.monotonic()
        process = self.start(folder)
        _, errors = process.communicate()
        if process.returncode:
            raise RuntimeError(f"{self.tool} in {folder}: {errors[-2000:]}")
        return time.monotonic() - began


def commands(data: pathlib.Path) -> dict[str, Command]:
    """The five, on photos, records and a model that are made below `data`."""
    photos = helpers.write_folder(data / "photos", 400)
    training, validation = helpers.write_records(data / "made", train=24, val=12)
    model = data / "tiny"
    on = [f"--records={training}", f"--val_records={validation}"]
    if train.main([*on, f"--model_dir={model}", "--preset=tiny", "--epochs=1"]):
        raise RuntimeError("no model to export")
    small = [
        "--preset=tiny",
        "--epochs=12",
        "--input_height=32",
        "--input_width=32",
        "--ema_decay=0.9",
        "--notensorboard",
    ]
    exported = [f"--model_dir={model}", "--mode=int8_ptq", f"--calibration_records={training}"]
    return {
        "pnet-convert": Command(
            "convert", lambda folder: [f"--input_dir={photos}", f"--output_dir={folder / 'records'}", "--split=all"]
        ),
        "pnet-train": Command(
            "train",
            lambda folder: [*on, f"--model_dir={folder / 'model'}", *small],
            lambda one: numbers_of(one / "model"),
            False,
        ),
        "pnet-export": Command("export", lambda folder: [*exported, f"--output={folder / 'm.tflite'}", "--overwrite"]),
        "pnet-segment of a folder": Command(
            "segment",
            lambda folder: [f"--input={photos / 'Images'}", f"--output={folder / 'out'}", "--skip_existing"],
        ),
        "pnet-evaluate": Command(
            "evaluate",
            lambda folder: [f"--model={model}", f"--records={training}", f"--json={folder / 'e.json'}", "--overwrite"],
        ),
    }


def broken(command: Command, folder: pathlib.Path, moment: float, whole: dict[str, str]) -> str:
    """Kills one after `moment` seconds and starts it again; what is wrong, or nothing."""
    _emptied(folder)
    process = command.start(folder)
    time.sleep(moment)
    was_at_work = process.poll() is None
    process.kill()
    process.communicate()
    if not was_at_work:
        return ENDED
    if command.is_whole:
        half = [name for name, digest in bytes_of(folder).items() if whole.get(name, digest) != digest]
        if half:
            return f"half-written: {', '.join(half)}"
    command.finish(folder)
    end = command.state(folder)
    return "" if end == whole else f"differs: {sorted(set(end.items()) ^ set(whole.items()))[:4]}"


def _emptied(folder: pathlib.Path) -> None:
    """The same folder for every start: results name the command that made them."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()


def killed(command: Command, folder: pathlib.Path, moments: int) -> tuple[float, list[str]]:
    """Seconds of an unbroken command, and `broken` at each moment; a kill that came too late is tried again earlier."""
    for _ in range(2):  # the first start imports what later ones share
        _emptied(folder)
        seconds = command.finish(folder)
    whole = command.state(folder)
    found = []
    for index in range(moments):
        moment, said = (index + 0.5) / moments * seconds, ENDED
        while said == ENDED:
            said = broken(command, folder, moment, whole)
            moment *= 0.9
        found.append(said)
    return seconds, found


def main() -> int:
    """Prints the table; 1 where something differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moments", type=int, default=20)
    parser.add_argument("--only", help="one of the commands")
    parser.add_argument("--json", type=pathlib.Path)
    given = parser.parse_args()
    table, wrong = {}, []
    with tempfile.TemporaryDirectory() as place:
        data = pathlib.Path(place)
        for name, command in commands(data).items():
            if given.only not in (None, name):
                continue
            seconds, found = killed(command, data / command.tool, given.moments)
            wrong += [f"{name}: {one}" for one in found if one]
            table[name] = {"seconds": round(seconds, 2), "killed": given.moments, "equal": found.count("")}
            print(f"{name:26} {seconds:6.2f} s, killed {given.moments}, equal {found.count('')}", flush=True)
    print("\n".join(wrong), file=sys.stderr)
    if given.json:
        given.json.write_text(json.dumps({"command": "python tests/kills.py", "kills": table}, indent=1) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
