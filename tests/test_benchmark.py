"""What opening a file costs, the picture of latency against IoU, and pnet-benchmark with peers."""

import json
import sys

import cv2
import numpy as np
import pytest

from helpers import write_folder
from pnet_tf.benchmark import startup, tradeoff
from pnet_tf.runtime import shipped
from pnet_tf.stack import keras, tf
from pnet_tf_tools import benchmark as tool
from pnet_tf_tools import evaluate

MEGABYTES = 48


def tflite(*layers: keras.layers.Layer) -> bytes:
    """A float .tflite on (1, 8, 8, 3)."""
    return tf.lite.TFLiteConverter.from_keras_model(keras.Sequential([keras.Input((8, 8, 3), 1), *layers])).convert()


@pytest.fixture(scope="module")
def red(tmp_path_factory) -> str:
    """A peer that takes red for the person, from pixels in 0..1."""
    path = tmp_path_factory.mktemp("peer") / "red.tflite"
    path.write_bytes(tflite(keras.layers.Lambda(lambda x: x[..., :1] * 1.0)))
    return str(path)


def test_memory_is_the_models_alone(red, tmp_path):
    """It grows by what the weights take, whatever this process itself holds."""
    heavy = tmp_path / "heavy.tflite"
    units = MEGABYTES * 10**6 // (8 * 8 * 3 * 4)
    heavy.write_bytes(tflite(keras.layers.Flatten(), keras.layers.Dense(units, bias_initializer="ones")))
    ours = np.ones(200 * 10**6, np.uint8)
    light, loaded = startup.measure(red, 1), startup.measure(str(heavy), 1)
    assert ours.all() and min(light.initialisation, light.first, loaded.first) > 0
    if light.memory is not None:
        assert light.memory < 30e6
        # The file is read, and XNNPACK may pack a copy of its own.
        assert MEGABYTES * 1e6 < loaded.memory - light.memory < 3.5 * MEGABYTES * 1e6


def test_the_picture_has_no_label_on_another(monkeypatch, tmp_path):
    """Five models of nearly one latency and score, which is where labels collide."""
    models = [
        tradeoff.Model(
            f"model-{n}-with-a-name", 10**6 * n, {1: 5.0 + n / 5, 2: 4.0}, {"IoU": 95 + n / 50, "B": 70.0 + n}
        )
        for n in range(1, 6)
    ]
    boxes: dict = {}
    put = tradeoff._put

    def spy(text, place):
        boxes[text] = put(text, place)
        return boxes[text]

    monkeypatch.setattr(tradeoff, "_put", spy)
    tradeoff.draw(models, tmp_path / "plot.png")
    picture = cv2.imread(str(tmp_path / "plot.png"))
    assert picture.shape[1] > 2 * picture.shape[0] and len(np.unique(picture.reshape(-1, 3), axis=0)) > 50
    labels = [text for text in boxes if text.figure is not None]
    assert len(labels) == 10
    for first in labels:
        box = first.get_window_extent()
        for other in labels:
            assert first is other or first.axes is not other.axes or not box.overlaps(other.get_window_extent())


def test_the_tool_scores_and_draws_ours_beside_a_peer(red, tmp_path, capsys):
    photos = write_folder(tmp_path / "photos", 3)
    ours, peer = str(shipped.path()), f"{red}:0..1"
    plot, figures = tmp_path / "plot.png", tmp_path / "b.json"
    on = [f"--model={ours}", f"--model={peer}", f"--input_dir={photos}", "--threads=1", "--runs=2"]
    assert tool.main([*on, f"--plot={plot}", f"--json={figures}"]) == 0
    heading, *rows = capsys.readouterr().out.splitlines()
    result = json.loads(figures.read_text())
    assert [one["model"] for one in result["timings"]] == [ours, peer]
    assert cv2.imread(str(plot)) is not None
    # The same figures by the other tool: ours letterboxed, the peer stretched.
    for model, row in zip((ours, peer), rows, strict=True):
        assert evaluate.main([f"--model={model}", f"--input_dir={photos}", f"--json={tmp_path}/e.json"]) == 0
        alone = json.loads((tmp_path / "e.json").read_text())
        assert result["photo_size"][model] == pytest.approx(alone["photo_size"])  # threads change the last digits
        assert alone["resize"] == ("letterbox" if model == ours else "stretch")
        shown = [float(word) for word in row.split()[-2:]]
        assert shown == pytest.approx(
            [100 * alone["photo_size"][name] for name in ("foreground_iou", "boundary_iou")], abs=0.006
        )
    assert "IoU %" in heading


def test_refusals(red, tmp_path, capsys, monkeypatch):
    (tmp_path / "mine.png").write_bytes(b"mine")
    on = [f"--model={shipped.path()}", f"--input_dir={write_folder(tmp_path / 'photos', 1)}", "--runs=2", "--threads=1"]
    monkeypatch.setattr(tool, "compare", None)  # nothing may be timed before all is known to be right
    for arguments, words in (
        ([on[0], f"--plot={tmp_path}/p.png"], "needs --records or --input_dir"),
        ([*on, f"--plot={tmp_path}/p.jpg"], "ends with .png"),
        ([*on, f"--plot={tmp_path}/mine.png"], "--plot names another place"),
        ([*on, f"--model={red}"], "red.tflite:0..1 or "),
        ([*on, "--records=x"], "either --records or --input_dir"),
    ):
        assert tool.main(arguments) == 1
        out, error = capsys.readouterr()
        assert words in error and error.count("\n") == 1 and out == ""
    monkeypatch.delitem(sys.modules, "pnet_tf.benchmark.tradeoff", raising=False)
    monkeypatch.delattr("pnet_tf.benchmark.tradeoff", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib.axes", None)
    assert tool.main([*on, f"--plot={tmp_path}/p.png"]) == 1
    assert "pip install matplotlib" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.png", "photos"]


def test_the_stages_behind_the_network_are_timed(tmp_path, capsys):
    assert tool.main(["--stages=160x90,90x160", f"--json={tmp_path}/s.json"]) == 0
    told = json.loads((tmp_path / "s.json").read_text())
    assert [(one["width"], one["height"]) for one in told["stages"]] == [(160, 90), (90, 160)]
    assert min(told["stages"][0].values()) >= 0 and "160×90" in capsys.readouterr().out
    for flags, words in ((["--stages=big"], "width x height"), (["--stages=9x9", "--model=a"], "leave --model out")):
        assert tool.main(flags) == 1
        assert words in capsys.readouterr().err
