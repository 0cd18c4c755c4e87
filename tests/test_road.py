"""The road end to end, by its command lines."""

import json
import pathlib

import cv2
import pytest

from command_line import run
from helpers import write_folder
from pnet_tf.runtime.network import TFLiteNetwork


def test_the_road_end_to_end(tmp_path, capsys):
    """Photos → records → views → float model → int8 twin → file → scores, timing, cut-out."""
    photos = write_folder(tmp_path / "photos", 24)
    for split in ("train", "val"):
        assert run("convert", f"--input_dir={photos}", f"--output_dir={tmp_path}/records", f"--split={split}",
                   "--val_fraction=0.3", "--num_shards=2") == 0  # fmt: skip
    train, val = f"{tmp_path}/records/train-*", f"{tmp_path}/records/val-*"
    assert run("show_views", f"--records={train}", f"--output={tmp_path}/views.png", "--count=3") == 0
    assert cv2.imread(f"{tmp_path}/views.png").shape[0] > 3 * 224
    assert run("show_views", f"--records={train}", "--benchmark", "--batch_size=4", "--batches=2",
               f"--json={tmp_path}/views.json") == 0  # fmt: skip
    figures = json.loads((tmp_path / "views.json").read_text())
    assert {"pairs_per_second", "cpu_ms_per_pair", "decode_ms_per_pair"} <= set(figures) and min(figures.values()) > 0
    on = (f"--records={train}", f"--val_records={val}")
    small = ("--preset=tiny", "--epochs=6", "--learning_rate=0.003", "--validate_every=6")
    assert run("train", *on, f"--model_dir={tmp_path}/model", *small) == 0
    assert run("train", *on, f"--model_dir={tmp_path}/qat", "--preset=qat", f"--init_weights={tmp_path}/model",
               "--batch_size=4", "--epochs=1") == 0  # fmt: skip
    file = f"{tmp_path}/int8.tflite"
    assert run("export", f"--model_dir={tmp_path}/qat", "--mode=int8_qat", f"--output={file}",
               f"--val_records={val}", f"--debug_layers={tmp_path}/layers.csv",
               f"--report={tmp_path}/report.json") == 0  # fmt: skip
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["float_tensors"] == [] and report["agreement"] > 0.9
    assert len((tmp_path / "layers.csv").read_text().splitlines()) == len(report["layers"]) + 1
    on_val = report
    tall = f"{tmp_path}/tall.tflite"  # the twin was trained at 64×64
    assert run("export", f"--model_dir={tmp_path}/qat", "--mode=int8_qat", f"--output={tall}", "--input_height=96",
               "--author=Ada Lovelace", f"--calibration_records={val}", f"--report={tall}.json") == 0  # fmt: skip
    report = json.loads(pathlib.Path(f"{tall}.json").read_text())
    assert report["float_tensors"] == [] and report["agreement"] > 0.9
    assert TFLiteNetwork(tall).height == 96 and b"Ada Lovelace" in pathlib.Path(tall).read_bytes()
    scores = {}
    for name, model in (("float", tmp_path / "qat"), ("int8", file)):
        out = f"{tmp_path}/{name}.json"
        assert run("evaluate", f"--model={model}", f"--records={val}", f"--json={out}") == 0
        scores[name] = json.loads(pathlib.Path(out).read_text())["photo_size"]["foreground_iou"]
        exported = on_val["scores"][{"float": "model", "int8": "file"}[name]]
        assert exported["photo_size"]["foreground_iou"] == pytest.approx(scores[name], abs=1e-9)
    assert abs(scores["float"] - scores["int8"]) < 0.05
    by_folder = f"{tmp_path}/folder.json"
    assert run("evaluate", f"--model={file}", f"--input_dir={photos}", f"--json={by_folder}") == 0
    assert json.loads(pathlib.Path(by_folder).read_text())["photos"] == 24
    assert run("benchmark", f"--model={file}", "--threads=1", "--runs=3", f"--json={tmp_path}/time.json") == 0
    (timing,) = json.loads((tmp_path / "time.json").read_text())["timings"]
    assert timing["low"] <= timing["median"] <= timing["high"] and timing["median"] <= timing["p90"]
    photo = photos / "Images/p000.jpg"
    assert run("segment", f"--input={photo}", f"--model={file}", f"--output={tmp_path}/cut.png") == 0
    assert cv2.imread(f"{tmp_path}/cut.png", cv2.IMREAD_UNCHANGED).shape == (96, 72, 4)
    assert run("segment", f"--input={photos}/Images", f"--model={file}", f"--output={tmp_path}/cuts",
               "--background=#00ff00") == 0  # fmt: skip
    assert len(list((tmp_path / "cuts").glob("*.jpg"))) == 24
