"""Writes every table of figures in README.md, BUILD.md and the model card from the files in pnet_tf/assets/results.

python tools/tables.py      (or: make tables)

A table stands between `<!-- table: NAME -->` and `<!-- /table -->`; NAME is a function below. The results come from
pnet-evaluate and pnet-benchmark, and each holds the command that gives it again.
"""

import functools
import json
import pathlib
import re
import sys
from collections.abc import Sequence
from typing import Any

from pnet_tf import files

ROOT = pathlib.Path(__file__).resolve().parents[1]
RESULTS = ROOT / "pnet_tf/assets/results"
DOCUMENTS = ("README.md", "BUILD.md", "pnet_tf/assets/README.md")
MARKED = re.compile(r"(<!-- table: (?P<name>[a-z0-9-]+) -->\n).*?(<!-- /table -->)", re.DOTALL)

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


def refined() -> str:
    """What an edge that follows the photo changes, ours and the peers', on each labelled set."""
    columns = [*OURS, SELFIE, MULTICLASS]
    rows = []
    for name, words in {**SETS, "hsd": "people anywhere, all"}.items():
        plain_name = "hsd-all" if name == "hsd" else name
        plain, with_edges = scored(plain_name), scored(f"{plain_name}-refined")
        gains = [
            " / ".join(
                f"{100 * (with_edges[model]['photo_size'][one] - plain[model]['photo_size'][one]):+.2f}"
                for one in ("foreground_iou", "boundary_iou")
            )
            for model in columns
        ]
        rows.append([f"{words}, {read(plain_name)['photos']}", *gains])
    heading = ["photos, number", "`portraitnet`", "`portraitnet-lite`", "MediaPipe selfie", "Google multiclass, 16 MB"]
    return markdown(heading, rows) + source(*(f"{name}-refined" for name in SETS if name != "hsd"), "hsd-all-refined")


def mattes() -> str:
    """The matting errors after each stage behind the network, on composites of known opacity."""
    words = {
        "probability": "the network's answer, enlarged",
        "opacity": "doubt to 0 and 1, no crumbs",
        "edge": "the edge follows the photo",
    }
    measures = {"sad": "SAD", "mse": "MSE", "gradient_error": "gradient", "connectivity_error": "connectivity"}
    found, rows = read("mattes")["stages"], []
    for stage, told in words.items():
        figures = [
            f"{found[model][stage][one]:.4f}" if one == "mse" else f"{found[model][stage][one]:.1f}"
            for model in OURS
            for one in measures
        ]
        rows.append([told, *figures])
    rim = found[OURS[0]]["colours"]
    last = (
        "\nColours at the edge, where opacity is between 0 and 1, are off by "
        f"{rim['rim_colour_error_photo']:.1f} of 255 as the photo has them, "
        f"by {rim['rim_colour_error_own']:.1f} as the person's own.\n"
    )
    heading = ["after", *(f"`{model}`, {one}" for model in OURS for one in measures.values())]
    return markdown(heading, rows) + last + source("mattes")


def stages() -> str:
    """CPU milliseconds of what follows the network, by stage and by finished picture."""
    before = {"opacity": "opacity", "refine": "edge", "colours": "colours"}
    finished = {"blur": "blur", "colour": "a colour", "cut_out": "transparent"}
    rows = []
    for one in read("stages")["stages"]:
        shared = sum(one[name] for name in before)
        figures = [one[name] for name in before] + [shared + one[name] for name in finished]
        rows.append([f"{one['width']} × {one['height']}", *(f"{figure:.1f}" for figure in figures)])
    heading = ["photo", *before.values(), *(f"all, {words}" for words in finished.values())]
    return markdown(heading, rows) + f"\n{read('stages')['processor']['name']}, one thread.\n" + source("stages")


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


TABLES = {
    one.__name__.replace("_", "-"): one
    for one in (models, sets, paired, shipped_eg1800, shipped_lmi, latency, opacity, refined, mattes, stages, groups)
}


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
