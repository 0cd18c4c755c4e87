"""Writes every table of figures in README.md, BUILD.md and the model card from the files in pnet_tf/assets/results.

python tools/tables.py      (or: make tables)

A table stands between `<!-- table: NAME -->` and `<!-- /table -->`; NAME is a function below. The results come from
pnet-evaluate and pnet-benchmark, and each holds the command that gives it again.
"""

import json
import pathlib
import re
import sys

from pnet_tf import files
from pnet_tf_tools import tables_cutouts
from pnet_tf_tools.results import (
    MODELS,
    MULTICLASS,
    OURS,
    RESULTS,
    ROOT,
    SELFIE,
    SETS,
    markdown,
    pair,
    percent,
    read,
    scored,
    source,
    timed,
)

DOCUMENTS = ("README.md", "BUILD.md", "pnet_tf/assets/README.md")
MARKED = re.compile(r"(<!-- table: (?P<name>[a-z0-9-]+) -->\n).*?(<!-- /table -->)", re.DOTALL)


def models() -> str:
    """Size, both IoUs on EG1800's validation photos and latency of every model."""
    scores, times = scored("eg1800"), timed(1)
    rows = [
        [
            words,
            f"{times[model]['bytes'] / 1e6:.2f} MB",
            percent(scores[model]["photo_size"]["foreground_iou"]),
            percent(scores[model]["photo_size"]["boundary_iou"]),
            f"{times[model]['median']:.2f} ms",
        ]
        for model, words in MODELS.items()
    ]
    return markdown(["model", "size", "foreground IoU", "Boundary IoU", "latency, 1 thread"], rows)


def sets() -> str:
    """Both IoUs of the int8 files and the peers on every labelled set, and pictures with nobody."""
    columns = [*OURS, SELFIE, MULTICLASS]
    rows = [
        [f"{words}, {read(name)['photos']}", *(pair(scored(name)[model]) for model in columns)]
        for name, words in SETS.items()
    ]
    nobody = {model: one["nobody"] for model, one in scored("nobody").items()}
    words = f"pictures with nobody, {read('nobody')['photos']}: share with over 5 % of person"
    rows.append([words, *(f"{100 * nobody[model]['over_5_percent']:.1f} %" for model in columns)])
    heading = ["photos, number", "`portraitnet`", "`portraitnet-lite`", "MediaPipe selfie", "Google multiclass, 16 MB"]
    return markdown(heading, rows) + source(*SETS, "nobody")


def paired() -> str:
    """Each shipped int8 file less the selfie model on every labelled set, with 95 % intervals."""
    rows = []
    for name, words in SETS.items():
        cells = [words]
        for model in OURS:
            photos, theirs = scored(name)[model]["per_photo"], scored(name)[SELFIE]["per_photo"]
            for position in (0, 1):
                cells.append(_difference([photos[one][position] - theirs[one][position] for one in photos]))
        rows.append(cells)
    heading = ["photos", *(f"`{model}`, {measure}" for model in OURS for measure in ("foreground", "boundary"))]
    return markdown(heading, rows) + source(*SETS)


def _difference(apart: list[float]) -> str:
    from pnet_tf.metrics import paired as statistic

    found = statistic.difference(apart, [0.0] * len(apart))
    return f"{100 * found.mean:+.2f} ± {100 * found.half_width:.2f}"


def _definitions(name: str) -> str:
    columns = {
        "foreground IoU, network size": ("network_size", "foreground_iou"),
        "foreground IoU, photo": ("photo_size", "foreground_iou"),
        "class mean IoU, photo": ("photo_size", "class_mean_iou"),
        "two-class IoU, photo": ("photo_size", "two_class_iou"),
        "Boundary IoU, network size": ("network_size", "boundary_iou"),
        "Boundary IoU, photo": ("photo_size", "boundary_iou"),
    }
    scores = scored(name)
    rows = [
        [words, *(percent(scores[model][size][measure]) for size, measure in columns.values())]
        for model, words in MODELS.items()
    ]
    return markdown(["model", *columns], rows) + source(name)


def shipped_eg1800() -> str:
    """Every IoU by its definition on EG1800's validation photos."""
    return _definitions("eg1800")


def shipped_lmi() -> str:
    """The same on the second set's."""
    return _definitions("lmi")


def latency() -> str:
    """Milliseconds with one and two threads, and how a file starts."""
    one, two = timed(1), timed(2)
    rows = [
        [
            words,
            f"{one[model]['bytes'] / 1e6:.2f}",
            f"{one[model]['median']:.2f}",
            f"{two[model]['median']:.2f}",
            f"{one[model]['median'] / one[SELFIE]['median']:.2f}",
        ]
        for model, words in MODELS.items()
    ]
    told = read("latency")["processor"]
    heading = ["file", "MB", "1 thread, ms", "2 threads, ms", "of the selfie model's, 1 thread"]
    return markdown(heading, rows) + f"\n{told['name']} ({', '.join(told['flags'])}).\n" + source("latency")


def opacity() -> str:
    """Ghosts far from people and holes inside them, on EG1800's validation photos."""
    scores = scored("eg1800")
    rows = [
        [words, *(f"{100 * scores[model]['opacity'][one]:.1f} %" for one in ("far_empty", "inside_full"))]
        for model, words in MODELS.items()
    ]
    return markdown(["model", "far from people 0 or 1 of 255", "inside 254 or 255"], rows) + source("eg1800")


def groups() -> str:
    """Foreground and Boundary IoU of the int8 files by who and what is in EG1800's validation photos."""
    members = json.loads((RESULTS / "groups.json").read_text())["groups"]
    scores = {model: scored("eg1800")[model]["per_photo"] for model in OURS}
    rows = []
    for words, ids in {"all": list(scores[OURS[0]]), **members}.items():
        means = [[sum(scores[model][one][position] for one in ids) / len(ids) for position in (0, 1)] for model in OURS]
        rows.append([words, str(len(ids)), *(percent(value) for both in means for value in both)])
    heading = [
        "photos",
        "number",
        *(f"`{model}`, {measure}" for model in OURS for measure in ("foreground", "boundary")),
    ]
    return markdown(heading, rows) + source("eg1800", "groups")


def arm() -> str:
    """Millions of instructions of one inference on emulated ARM cores, and what the newer one runs them for."""
    found = read("arm")["instructions"]
    rows = []
    for model, words in MODELS.items():
        name = pathlib.PurePath(model).stem if model.endswith(".tflite") else f"{model}-int8"
        if name not in found:
            continue
        old, new = (found[name][core] for core in ("cortex-a53", "cortex-a76"))
        parts = ("convolutions: dot products", "convolutions: requantisation", "convolutions", "depthwise convolutions",
                 "additions", "rest")  # fmt: skip
        shown = [f"{new[one] / 1e6:.1f}" if parts[0] in new and one in new else "–" for one in parts]
        rows.append([words, f"{old['all'] / 1e6:.1f}", f"{new['all'] / 1e6:.1f}", *shown])
    heading = ["millions of instructions", "Cortex-A53", "Cortex-A76", "of these int8 dot products", "requantisation",
               "convolutions in all", "depthwise", "additions", "rest, resizes among it"]  # fmt: skip
    return markdown(heading, rows) + source("arm")


TABLES = {
    one.__name__.replace("_", "-"): one
    for one in (models, sets, paired, shipped_eg1800, shipped_lmi, latency, opacity, groups, arm)
} | tables_cutouts.TABLES


def filled(text: str) -> str:
    """A document with every marked table made anew; raises KeyError for a name that is no table's."""
    return MARKED.sub(lambda match: match[1] + TABLES[match["name"]]() + match[3], text)


def main() -> int:
    """Rewrites the documents and tells which changed."""
    for name in DOCUMENTS:
        before = (ROOT / name).read_text()
        after = filled(before)
        if after != before:
            files.write_text(ROOT / name, after)
            print(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
