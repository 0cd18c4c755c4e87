"""The files of results behind the documents' tables, and how a table is written."""

import functools
import json
import pathlib
import re
from collections.abc import Sequence
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[1]
RESULTS = ROOT / "pnet_tf/assets/results"
SETS = {
    "eg1800": "EG1800, portraits",
    "lmi": "selfies of a second hand",
    "ccp": "street fashion, whole bodies",
    "hsd": "people anywhere",
    "celebamask": "faces that fill the picture",
}
"""Labelled validation sets, in the order of the tables."""

MODELS = {
    "portraitnet": "`portraitnet`, int8 (shipped default)",
    "portraitnet-float32.tflite": "`portraitnet`, float32",
    "portraitnet-lite": "`portraitnet-lite`, int8",
    "portraitnet-lite-float32.tflite": "`portraitnet-lite`, float32",
    "selfie_segmentation.tflite": "MediaPipe selfie segmentation, float",
    "selfie_multiclass_256x256.tflite": "Google selfie multiclass, float",
}
"""Short names as results have them, in the order of the tables."""

OURS = ("portraitnet", "portraitnet-lite")
SELFIE, MULTICLASS = "selfie_segmentation.tflite", "selfie_multiclass_256x256.tflite"


@functools.cache
def read(name: str) -> dict[str, Any]:
    """One file of results, by its name without .json."""
    return json.loads((RESULTS / f"{name}.json").read_text())


def short(model: str) -> str:
    """`../peers/selfie.tflite:0..1` → `selfie.tflite`; the int8 files go by their models' names."""
    return re.sub(r"-int8\.tflite$", "", pathlib.PurePath(re.sub(r":-?\d.*", "", model)).name)


def scored(name: str) -> dict[str, dict[str, Any]]:
    """Model → its scores in a file of pnet-evaluate, the first and those it was compared with alike."""
    first = read(name)
    return {short(one["model"]): one for one in (first, *first["against"])}


def timed(threads: int) -> dict[str, dict[str, Any]]:
    """Model → its timing in latency.json."""
    return {short(one["model"]): one for one in read("latency")["timings"] if one["threads"] == threads}


def percent(share: float) -> str:
    """0.9694 → `96.94`."""
    return f"{100 * share:.2f}"


def pair(scores: dict[str, Any]) -> str:
    """Foreground and Boundary IoU at the photo's size."""
    figures = scores["photo_size"]
    return f"{percent(figures['foreground_iou'])} / {percent(figures['boundary_iou'])}"


def markdown(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [heading, ["---"] * len(heading), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def source(*names: str) -> str:
    """The line below a table that says where its figures come from."""
    listed = ", ".join(f"`{name}.json`" for name in names)
    return f"\n({listed} in `pnet_tf/assets/results`: command, file digests and processor stand there.)\n"
