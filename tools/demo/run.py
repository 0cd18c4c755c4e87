"""The whole road on a handful of free photos: records → train → export → run, in a few minutes.

Everything lands in out/demo; report.md there shows the figures and the pictures. Each step is an
ordinary command line, printed before it runs.
"""

import json
import pathlib
import shlex
import shutil
import sys

import cv2
import numpy as np

import photos
from pnet_tf.pictures import reader
from pnet_tf.runtime import shipped
from pnet_tf.runtime.network import TFLiteNetwork
from pnet_tf.runtime.segmenter import Segmenter
from pnet_tf_tools import benchmark, convert, evaluate, export, segment, show_views, train

OUT = pathlib.Path("out/demo")
COMMANDS = {
    "convert": convert, "views": show_views, "train": train, "export": export,
    "evaluate": evaluate, "benchmark": benchmark, "segment": segment,
}  # fmt: skip


def step(command: str, *arguments: str) -> None:
    """Prints a command line and runs it; ends the demo where it fails."""
    print(f"\n$ pnet-{command} {shlex.join(arguments)}", flush=True)
    status = COMMANDS[command].main(list(arguments))
    if status:
        sys.exit(status)


def make_records() -> None:
    """Photos with masks, records of them, and the sheet of paired views."""
    photos.write(OUT / "photos/train", photos.TRAIN_BACKGROUNDS, count=46, originals=True, seed=0)
    photos.write(OUT / "photos/val", photos.VALIDATION_BACKGROUNDS, count=12, originals=False, seed=1)
    for name in ("train", "val"):
        step("convert", f"--input_dir={OUT}/photos/{name}", f"--output_dir={OUT}/records",
             f"--split={name}", "--num_shards=2")  # fmt: skip
    step("views", f"--records={OUT}/records/train-*", f"--output={OUT}/views.png", "--count=6")


def train_and_export() -> None:
    """A few epochs from the shipped weights, the int8 twin, and both files."""
    records = (f"--records={OUT}/records/train-*", f"--val_records={OUT}/records/val-*")
    step("train", *records, f"--model_dir={OUT}/model", "--preset=demo", f"--init_weights={shipped.DEFAULT}")
    step("train", *records, f"--model_dir={OUT}/model-qat", "--preset=demo_qat", f"--init_weights={OUT}/model")
    check = f"--calibration_records={OUT}/records/val-*"
    step("export", f"--model_dir={OUT}/model", "--mode=float32", f"--output={OUT}/portraitnet-float32.tflite",
         check, f"--report={OUT}/export-float32.json")  # fmt: skip
    step("export", f"--model_dir={OUT}/model-qat", "--mode=int8_qat", f"--output={OUT}/portraitnet-int8.tflite",
         check, f"--report={OUT}/export-int8.json")  # fmt: skip


def measure() -> None:
    """Accuracy and latency of both files."""
    for kind in ("float32", "int8"):
        step("evaluate", f"--model={OUT}/portraitnet-{kind}.tflite", f"--records={OUT}/records/val-*",
             f"--json={OUT}/evaluate-{kind}.json")  # fmt: skip
    step("benchmark", f"--model={OUT}/portraitnet-float32.tflite", f"--model={OUT}/portraitnet-int8.tflite",
         "--threads=1,2", f"--json={OUT}/benchmark.json")  # fmt: skip


def agreement() -> float:
    """Share of pixels of the validation photos that the float and the int8 file put on the same side of 0.5."""
    files = [Segmenter(TFLiteNetwork(OUT / f"portraitnet-{kind}.tflite")) for kind in ("float32", "int8")]
    read = [reader.read(path).rgb for path in sorted((OUT / "photos/val/Images").iterdir())]
    return float(np.mean([(files[0](rgb) > 0.5) == (files[1](rgb) > 0.5) for rgb in read]))


def pictures() -> None:
    """What the int8 file makes of the astronaut."""
    cv2.imwrite(str(OUT / "astronaut.jpg"), photos.portrait("astronaut")[0][..., ::-1])
    cv2.imwrite(str(OUT / "background.jpg"), cv2.cvtColor(photos.picture("coffee"), cv2.COLOR_RGB2BGR))
    for name, background in (
        ("cutout.png", "transparent"), ("blurred.jpg", "blur"), ("replaced.jpg", f"{OUT}/background.jpg"),
    ):  # fmt: skip
        step("segment", f"--input={OUT}/astronaut.jpg", f"--model={OUT}/portraitnet-int8.tflite",
             f"--background={background}", f"--output={OUT}/{name}")  # fmt: skip


def report() -> str:
    """report.md from the JSON files that the steps left."""

    def read(name: str) -> dict:
        return json.loads((OUT / name).read_text())

    scores = {kind: read(f"evaluate-{kind}.json") for kind in ("float32", "int8")}
    exported = read("export-int8.json")
    steps = read("model/history.json")[-1]["step"], read("model-qat/history.json")[-1]["step"]
    rows = [
        f"| {pathlib.Path(one['model']).name} | {one['bytes'] / 1e6:.2f} MB | {one['threads']} | {one['median']:.2f} ms | "
        f"{one['p90']:.2f} ms |"
        for one in read("benchmark.json")["timings"]
    ]
    ious = [
        f"| {kind} | {100 * one['network_size']['foreground_iou']:.2f} | {100 * one['photo_size']['foreground_iou']:.2f} | "
        f"{100 * one['photo_size']['boundary_iou']:.2f} |"
        for kind, one in scores.items()
    ]
    return "\n".join([
        "# Demo report",
        "",
        f"Started from the shipped model `{shipped.DEFAULT}`, then {steps[0]} steps on 48 photos and {steps[1]} "
        "steps as int8 twin. All photos show the same two people before different backgrounds, the validation photos too: the "
        "figures prove that the road works, not that the model is good.",
        "",
        f"{scores['int8']['photos']} validation photos:",
        "",
        "| file | foreground IoU at 224 | at the photo's size | Boundary IoU |",
        "|---|---|---|---|",
        *ious,
        "",
        f"Float and int8 file agree on {100 * agreement():.2f} % of the pixels; the int8 file has "
        f"{len(exported['float_tensors'])} float tensors and {exported['xnnpack_partitions']} XNNPACK partition(s).",
        "",
        "| file | size | threads | median latency | p90 |",
        "|---|---|---|---|---|",
        *rows,
        "",
        "| photo | cut out | blurred | replaced |",
        "|---|---|---|---|",
        "| ![](astronaut.jpg) | ![](cutout.png) | ![](blurred.jpg) | ![](replaced.jpg) |",
        "",
        "Training (`tensorboard --logdir=out/demo` shows it with pictures of predictions):",
        "",
        "![](model/training.png)",
        "",
        "Paired views (A, A′, mask, boundary):",
        "",
        "![](views.png)",
        "",
    ])  # fmt: skip


def main() -> None:
    """Runs every step and says where things are."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    make_records()
    train_and_export()
    measure()
    pictures()
    (OUT / "report.md").write_text(report())
    print(f"""
Done. In {OUT}:
  report.md                  the figures and pictures: open this first
  portraitnet-int8.tflite    for the phone; portraitnet-float32.tflite beside it
  cutout.png blurred.jpg replaced.jpg
  views.png                  the paired views that training saw
  model/training.png         the curves; tensorboard --logdir={OUT} shows more
  records/ model/ model-qat/ TFRecords, checkpoints and weights""")


if __name__ == "__main__":
    main()
