"""A stand-in for adb and the phone behind it; tests/android/README.md says where its words were read."""

import json
import pathlib
import sys

from pnet_tf_tools import benchmark_android

OUTPUTS = pathlib.Path(__file__).parent / "android"
PIXEL = "0A041FDD4003BW         device usb:1-1 product:panther model:Pixel_7 device:panther transport_id:1"
GALAXY = "R58N12ABCDE            device usb:1-2 product:beyond1 model:SM_G973F device:beyond1 transport_id:2"
ARM64, X86_64 = 183, 62  # e_machine


def out(name: str) -> dict:
    return {"out": (OUTPUTS / f"{name}.txt").read_text()}


def listed(*lines: str) -> dict:
    return {"out": "\n".join(("List of devices attached", *lines, "", ""))}


class Bench:
    """A folder with the stand-in, a model, a binary, and what was called."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.adb = folder / "adb"
        self.adb.write_text(f"#!{sys.executable} -IS\n" + (OUTPUTS / "stand_in.py").read_text())
        self.adb.chmod(0o755)
        self.model = folder / "my model.tflite"
        self.model.write_bytes(b"TFL3")
        self.binary = folder / "benchmark_model"
        self.elf(ARM64)
        self.scenario = {
            "devices": listed(PIXEL),
            "push": {"out": "1 file pushed, 0 skipped. 45.5 MB/s (54044899 bytes in 1.133s)\n"},
            "shell": {
                "getprop ro.product.model": {"out": "Pixel 7\n"},
                "getprop ro.build.version.release": {"out": "15\n"},
                "getprop ro.product.cpu.abilist": {"out": "arm64-v8a,armeabi-v7a,armeabi\n"},
            },
            "cpu": out("cpu_current"),
            "cpu profile": out("profile"),
            "gpu": out("gpu_whole"),
        }

    def elf(self, machine: int) -> None:
        self.binary.write_bytes(b"\x7fELF\x02\x01\x01".ljust(18, b"\0") + machine.to_bytes(2, "little"))

    def prepare(self) -> None:
        (self.folder / "scenario.json").write_text(json.dumps(self.scenario))

    def run(self, *flags: str) -> int:
        self.prepare()
        given = [f"--adb={self.adb}", f"--model={self.model}", f"--benchmark_binary={self.binary}"]
        names = {flag.partition("=")[0] for flag in flags}
        return benchmark_android.main([*(flag for flag in given if flag.partition("=")[0] not in names), *flags])

    def calls(self) -> list[list[str]]:
        log = self.folder / "calls.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def cleaned_up(self) -> bool:
        made = [words[-1].split()[-1] for words in self.calls() if words[-1].startswith("mkdir")]
        return len(made) == 1 and self.calls()[-1][-1] == f"rm -rf {made[0]}"
