"""The command lines: help, one line for what a user gets wrong, and the road end to end."""

import concurrent.futures
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys

import cv2
import numpy as np
import pytest

import pnet_tf
from helpers import portrait, write_folder, write_photo
from pnet_tf import presets, store
from pnet_tf.pictures import reader
from pnet_tf.quiet import silent_stderr
from pnet_tf.runtime import shipped
from pnet_tf.runtime.network import TFLiteNetwork
from pnet_tf_tools import cli, runs, scoring

TOOLS = (
    "convert",
    "show_views",
    "train",
    "average",
    "evaluate",
    "ablate",
    "export",
    "segment",
    "benchmark",
    "benchmark_android",
    "import_weights",
)


def run(tool: str, *arguments: str) -> int:
    return importlib.import_module(f"pnet_tf_tools.{tool}").main(list(arguments))


def fails(capsys, tool: str, *arguments: str) -> str:
    """Runs a tool that must exit with 1 and one line on stderr, which is returned."""
    capsys.readouterr()
    assert run(tool, *arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1, error
    return error


@pytest.mark.parametrize("tool", TOOLS)
def test_help(capsys, tool):
    assert run(tool, "--help") == 0
    shown = capsys.readouterr().out
    assert shown.startswith("pnet-") and "--" in shown


@pytest.mark.parametrize("tool", TOOLS)
def test_unknown_flags_and_stray_words(capsys, tool):
    assert "no_such" in fails(capsys, tool, "--no_such=1")


def test_help_is_quick_to_reach_and_silent_on_stderr():
    """In a process of its own, as a user has it; no TensorFlow is loaded for it."""
    script = (
        "import sys; from pnet_tf_tools import segment, train; segment.main(['--help']); train.main(['--help']);"
        "assert not {'tensorflow', 'cv2'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_files_run_from_a_checkout():
    done = subprocess.run([sys.executable, "tools/segment.py", "--help"], capture_output=True, text=True)
    assert done.returncode == 0 and "pnet-segment" in done.stdout


def test_importing_the_package_is_quick_and_silent():
    script = "import sys, pnet_tf; assert not {'tensorflow', 'cv2', 'numpy', 'ai_edge_litert'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_tensorflow_is_silent_and_is_keras_2():
    script = "from pnet_tf.stack import keras, tf; assert tf.add(1, 1) == 2 and not hasattr(keras, 'ops')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(
    importlib.metadata.version("tensorflow") < "2.16", reason="TensorFlow before 2.16 has Keras 2 alone"
)
def test_keras_3_already_loaded_is_a_clear_error():
    script = "import tensorflow as tf; tf.keras.Model; import pnet_tf.stack"
    untouched = {name: value for name, value in os.environ.items() if name != "TF_USE_LEGACY_KERAS"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=untouched)
    assert done.returncode == 1
    assert "InputError: Keras 3 is already loaded" in done.stderr.splitlines()[-1]


def test_a_tfmot_that_does_not_fit_is_named():
    """TFMOT 0.8 on TensorFlow 2.15 would mix two Keras packages."""
    script = (
        "import importlib.metadata as metadata, sys\n"
        "metadata.version = {'tensorflow': '2.15.1', 'tensorflow-model-optimization': '0.8.0'}.get\n"
        "from pnet_tf_tools import train\n"
        "sys.exit(train.main(['--records=x', '--val_records=x', '--model_dir=x', '--preset=tiny']))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1 and "needs tensorflow-model-optimization 0.7.5;" in done.stderr


def test_without_tensorflow_one_line_says_what_to_install():
    script = (
        "import importlib.metadata as metadata, sys\n"
        "def absent(name): raise metadata.PackageNotFoundError\n"
        "metadata.version = absent\n"
        "from pnet_tf_tools import train\n"
        "sys.exit(train.main(['--records=x', '--val_records=x', '--model_dir=x', '--preset=tiny']))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1 and "pip install '.[train]'" in done.stderr


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


@pytest.fixture
def photo(tmp_path):
    write_photo(tmp_path / "me.jpg", portrait(0)[0])
    return tmp_path / "me.jpg"


def test_shipped_models_have_names(photo, tmp_path, monkeypatch):
    """The default by its name and by its file, and loaded without a command line: one and the same cut-out."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "portraitnet").mkdir()  # of somebody's training
    for arguments in ((), ("--model=portraitnet",), (f"--model={shipped.path()}",)):
        assert run("segment", f"--input={photo}", *arguments, "--overwrite") == 0
        cut_out = cv2.imread(str(tmp_path / "me-cutout.png"), cv2.IMREAD_UNCHANGED)
        for model in ("portraitnet", shipped.path()):
            foreground = pnet_tf.load(model)(reader.read(photo).rgb)
            assert np.array_equal(cut_out[..., 3], np.rint(255 * foreground))


def test_a_folder_of_a_shipped_models_name_does_not_hide_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "portraitnet").mkdir()
    assert isinstance(scoring.open_network("portraitnet", 1)[0], TFLiteNetwork)
    values = cli.new_flags()
    runs.define_init_weights(values)
    values(["", "--init_weights=portraitnet"])
    assert runs.init_source(values) == store.SHIPPED / "portraitnet"
    assert store.load("portraitnet-lite")[1] == store.read_config(store.SHIPPED / "portraitnet-lite")


def test_a_model_directory_is_scored_as_it_was_trained(tmp_path):
    experiment = presets.tiny().replace(resize="stretch")
    store.save(store.build(experiment), experiment, tmp_path / "model")
    assert scoring.open_network(f"{tmp_path}/model", 1)[1] == "stretch"


def test_stderr_is_back_after_threads_have_silenced_it():
    """Each would take another's silence for what is to be restored if they did not take turns."""
    before, interval = os.fstat(2), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def silence(_):
        for _ in range(2000):
            with silent_stderr():
                pass

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(silence, range(4)))
    sys.setswitchinterval(interval)
    assert os.path.samestat(os.fstat(2), before)


def test_segment_refuses(capsys, photo, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.jpg").write_text("no picture")
    (tmp_path / "wrong.tflite").write_bytes(b"no model")
    (tmp_path / "there.png").write_bytes(b"mine")
    out = f"--output={tmp_path}/out.png"
    for arguments, words in (
        ((f"--input={tmp_path}/absent.jpg", out), "absent.jpg: no such file"),
        ((f"--input={tmp_path}/empty", out), "holds no photo"),
        ((f"--input={tmp_path}/text.jpg", out), "text.jpg: not a picture"),
        ((f"--input={photo}", out, f"--model={tmp_path}/wrong.tflite"), "wrong.tflite: not a .tflite model"),
        ((f"--input={photo}", out, f"--model={tmp_path}/none.tflite"), "none.tflite: no such model file"),
        (
            (f"--input={photo}", out, "--model=portrait"),
            "portrait: neither a model file nor a shipped model; known are p",
        ),
        ((f"--input={photo}", out, "--background=#12345"), "#12345"),
        ((f"--input={photo}", f"--output={tmp_path}/out.jpg"), "use .png"),
        ((f"--input={photo}", f"--output={tmp_path}/there.png"), "--overwrite"),
        ((f"--input={photo}", f"--output={photo}/out.png"), "cannot be written"),
        ((f"--input={photo}", out, "stray"), "stray"),
    ):
        assert words in fails(capsys, "segment", *arguments)
    assert not (tmp_path / "out.png").exists() and (tmp_path / "there.png").read_bytes() == b"mine"


def test_train_refuses(capsys, records, tmp_path):
    (tmp_path / "config.json").write_text('{"training": {"epoch": 3}}')
    (tmp_path / "weights.npz").write_bytes(b"PK\xff\xfe")
    train, val, out = f"--records={records[0]}", f"--val_records={records[1]}", f"--model_dir={tmp_path}/model"
    for arguments, words in (
        ((train, val, out, "--preset=day"), "known presets are paper, exp1_m"),
        ((train, val, out, f"--config={tmp_path}/config.json"), "training.epoch"),
        ((train, val, out, f"--config={tmp_path}/none.json"), "none.json"),
        ((train, val, out, f"--config={tmp_path}/weights.npz"), "weights.npz: not JSON"),
        ((train, "--preset=tiny", "--benchmark_steps=4", "--strategy=mirrored"), "times one device"),
        ((train, val, out, "--preset=tiny", "--width=0.6"), "0.35, 0.5"),
        ((train, val, out, "--preset=tiny", "--augment=much"), "augment"),
        ((train, val, out, "--preset=tiny", "--init_weights=nothing"), "--init_weights=nothing"),
        ((train, val, out, "--preset=qat"), "--init_weights"),
        ((f"--records={tmp_path}/none-*", val, out, "--preset=tiny"), "matches no file"),
        ((train, out, "--preset=tiny"), "val_records"),
        ((train, val, f"--model_dir={tmp_path}/config.json/model", "--preset=tiny"), "cannot be written"),
    ):
        assert words in fails(capsys, "train", *arguments)
    assert not (tmp_path / "model").exists()


def test_the_other_tools_refuse(capsys, records, trained, tmp_path):
    (tmp_path / "there.tflite").write_bytes(b"mine")
    (tmp_path / "empty.tfrecord").touch()
    ptq = (f"--model_dir={trained}", f"--output={tmp_path}/x.tflite", "--mode=int8_ptq")
    for tool, arguments, words in (
        ("convert", (f"--input_dir={tmp_path}/none", f"--output_dir={tmp_path}/out"), "no such folder"),
        ("convert", (f"--input_dir={tmp_path}",), "output_dir"),
        ("convert", (f"--input_dir={tmp_path}", f"--output_dir={tmp_path}/o", "--source=video"), "source"),
        ("evaluate", (f"--model={trained}",), "--records or --input_dir"),
        ("evaluate", (f"--model={tmp_path}", f"--records={records[1]}"), "no model directory"),
        ("evaluate", (f"--model={tmp_path}/none.tflite", f"--records={records[1]}"), "no such model file"),
        ("export", (f"--model_dir={trained}", f"--output={tmp_path}/model.bin"), ".tflite"),
        ("export", (f"--model_dir={trained}", f"--output={tmp_path}/there.tflite"), "--overwrite"),
        ("export", (f"--model_dir={trained}", f"--output={tmp_path}/x.tflite", "--input_width=100"), "96 and 128"),
        ("export", (f"--model_dir={trained}", f"--output={tmp_path}/x.tflite", "--mode=int8_qat"), "--quantize"),
        ("export", (f"--model_dir={trained}", f"--output={tmp_path}/x.tflite", "--debug_layers=l.csv"), "an int8 mode"),
        ("export", (*ptq, f"--calibration_records={tmp_path}/empty.tfrecord"), "no record is in it"),
        ("benchmark", (f"--model={tmp_path}/none.tflite",), "no such model file"),
        ("benchmark", (f"--model={tmp_path}/there.tflite", "--threads=two"), "--threads=two"),
        ("show_views", (f"--records={records[0]}", f"--output={tmp_path}/v.png", "--count=99"), "only 12"),
    ):
        assert words in fails(capsys, tool, *arguments)
    assert not (tmp_path / "x.tflite").exists() and (tmp_path / "there.tflite").read_bytes() == b"mine"


def test_interrupt_leaves_no_trace(monkeypatch, capsys, photo):
    from pnet_tf_tools import segment

    def interrupt():
        raise KeyboardInterrupt

    monkeypatch.setattr(segment, "segment", interrupt)
    assert segment.main([f"--input={photo}"]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_same_name_twice_in_a_folder(capsys, tmp_path):
    for suffix in (".jpg", ".png"):
        write_photo(tmp_path / "in" / f"me{suffix}", np.zeros((8, 8, 3), np.uint8))
    error = fails(capsys, "segment", f"--input={tmp_path}/in", f"--output={tmp_path}/out")
    assert "2 photos would all become me.png" in error


def test_a_reader_that_has_seen_enough(tmp_path):
    """`pnet-train --help | head -1` ends quietly."""
    script = f"{sys.executable} -m pnet_tf_tools.train --help | head -1"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True)
    assert done.stderr == "" and done.stdout.startswith("pnet-train")
