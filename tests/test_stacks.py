"""What one TensorFlow has made, another takes: records, model directories, checkpoints, .tflite files.

`make test-addons` runs this in the environment of tensorflow-addons and names the normal one's Python.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

import photos as demo_photos
from pnet_tf import store
from pnet_tf.runtime import shipped

OTHER = os.environ.get("PNET_OTHER_PYTHON", "")
PYTHONS = {"here": sys.executable, "there": OTHER}
pytestmark = pytest.mark.skipif(not OTHER, reason="needs a second environment: make test-addons")

SAME_MODEL = 1e-4
SAME_FILE = 1e-3  # 0.1 points


def elsewhere(where: str) -> str:
    return "there" if where == "here" else "here"


def run(where: str, *commands: tuple[str, ...]) -> None:
    """Runs command lines, each a tool's name and its flags, one after the other in one process of that environment."""
    script = (
        "import importlib, json, sys\n"
        "for tool, *flags in json.loads(sys.argv[1]):\n"
        "    status = importlib.import_module(f'pnet_tf_tools.{tool}').main(flags)\n"
        "    if status: sys.exit(f'pnet_tf_tools.{tool} {flags}: {status}')\n"
    )
    done = subprocess.run([PYTHONS[where], "-c", script, json.dumps(commands)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def foreground_iou(path: pathlib.Path) -> list[float]:
    scores = json.loads(path.read_text())
    return [scores[size]["foreground_iou"] for size in ("network_size", "photo_size")]


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> pathlib.Path:
    """Free portraits before other backgrounds."""
    directory = tmp_path_factory.mktemp("photos")
    demo_photos.write(directory / "train", demo_photos.TRAIN_BACKGROUNDS, count=10, originals=True, seed=0)
    demo_photos.write(directory / "val", demo_photos.VALIDATION_BACKGROUNDS, count=12, originals=False, seed=1)
    return directory


@pytest.fixture(scope="module")
def everything(photos, tmp_path_factory) -> pathlib.Path:
    """`here` and `there`, each with records and what the two models become on that stack.

    Models: "shipped", trained on the newer TensorFlow, and "tuned" from it by some steps here.
    """
    root = tmp_path_factory.mktemp("stacks")
    split = {part: f"{root}/here/records/{part}-*" for part in ("train", "val")}
    models = {"shipped": store.find("portraitnet"), "tuned": root / "tuned"}
    records = {
        where: [
            ("convert", f"--input_dir={photos}/{part}", f"--output_dir={root}/{where}/records", f"--split={part}")
            for part in split
        ]
        for where in PYTHONS
    }
    tune = ("train", f"--records={split['train']}", f"--val_records={split['val']}", f"--model_dir={models['tuned']}",
            "--preset=demo", "--epochs=2", "--validate_every=1", f"--init_weights={shipped.DEFAULT}")  # fmt: skip
    use = {
        where: [
            command
            for name, directory in models.items()
            for command in (
                ("evaluate", f"--model={directory}", f"--records={split['val']}", f"--json={root}/{where}/{name}.json"),
                ("export", f"--model_dir={directory}", "--mode=int8_ptq", f"--calibration_records={split['train']}",
                 f"--output={root}/{where}/{name}.tflite"),
            )
        ]
        for where in PYTHONS
    }  # fmt: skip
    take = {
        where: [
            ("evaluate", f"--model={root}/{elsewhere(where)}/{name}.tflite", f"--records={split['val']}",
             f"--json={root}/{elsewhere(where)}/{name}-int8.json")
            for name in models
        ]
        for where in PYTHONS
    }  # fmt: skip
    run("here", *records["here"], tune, *use["here"])
    run("there", *records["there"], *use["there"], *take["there"])
    run("here", *take["here"])
    return root


def test_they_are_two():
    ask = "import importlib.metadata; print(importlib.metadata.version('tensorflow'))"
    versions = {
        subprocess.run([python, "-c", ask], capture_output=True, text=True).stdout for python in PYTHONS.values()
    }
    assert len(versions) == 2 and "" not in versions


def test_records_are_equal(everything):
    ours, theirs = (sorted((everything / where / "records").glob("*.tfrecord*")) for where in PYTHONS)
    assert [path.name for path in ours] == [path.name for path in theirs] and len(ours) > 1
    assert [path.read_bytes() for path in ours] == [path.read_bytes() for path in theirs]


@pytest.mark.parametrize("name", ["shipped", "tuned"])
def test_a_model_directory_scores_the_same(everything, name):
    ours, theirs = (foreground_iou(everything / where / f"{name}.json") for where in PYTHONS)
    assert ours == pytest.approx(theirs, abs=SAME_MODEL) and min(ours) > 0.75


@pytest.mark.parametrize("name", ["shipped", "tuned"])
def test_its_int8_file_scores_the_same(everything, name):
    """Each file is made on one stack and scored on the other."""
    ours, theirs = (foreground_iou(everything / where / f"{name}-int8.json") for where in PYTHONS)
    assert ours == pytest.approx(theirs, abs=SAME_FILE) and min(ours) > 0.75


@pytest.mark.parametrize("maker", PYTHONS)
def test_an_int8_twin_goes_over(records, trained, tmp_path, maker):
    on = (f"--records={records[0]}", f"--val_records={records[1]}", f"--model_dir={tmp_path}/twin", "--preset=qat")
    make = ("train", *on, f"--init_weights={trained}", "--batch_size=4", "--epochs=1")
    score = {
        where: ("evaluate", f"--model={tmp_path}/twin", f"--records={records[1]}", f"--json={tmp_path}/{where}.json")
        for where in PYTHONS
    }
    export = ("export", f"--model_dir={tmp_path}/twin", "--mode=int8_qat", f"--output={tmp_path}/twin.tflite",
              f"--calibration_records={records[1]}", f"--report={tmp_path}/report.json")  # fmt: skip
    run(maker, make, score[maker])
    run(elsewhere(maker), score[elsewhere(maker)], export)
    ours, theirs = (foreground_iou(tmp_path / f"{where}.json") for where in PYTHONS)
    assert ours == pytest.approx(theirs, abs=SAME_FILE)  # a pixel of so small a photo is worth 1e-4
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["float_tensors"] == [] and report["agreement"] > 0.9


@pytest.mark.parametrize("beginner", PYTHONS)
def test_a_run_begun_on_one_goes_on_on_the_other(records, tmp_path, beginner):
    """Of two epochs the second is undone, and the other stack does it again: optimiser and average are there."""
    tiny = ("train", f"--records={records[0]}", f"--val_records={records[1]}", "--preset=tiny", "--ema_decay=0.9")
    run(beginner, (*tiny, f"--model_dir={tmp_path}/whole"))
    shutil.copytree(tmp_path / "whole", tmp_path / "broken")
    for path in (tmp_path / "broken/checkpoints").glob("step-6.*"):
        path.unlink()
    run(elsewhere(beginner), (*tiny, f"--model_dir={tmp_path}/broken"))
    whole, broken = (json.loads((tmp_path / name / "history.json").read_text()) for name in ("whole", "broken"))
    assert [one["step"] for one in broken] == [3, 6] and broken[0] == whole[0]
    assert broken[1]["loss"] == pytest.approx(whole[1]["loss"], rel=1e-3)
