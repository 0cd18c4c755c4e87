"""Figures of each photo, the sheet of the worst ones, and another light."""

import csv
import importlib
import json

import cv2
import numpy as np
import pytest

from helpers import portrait
from pnet_tf import evaluation, worst
from pnet_tf.data import illumination
from pnet_tf.metrics import masks
from pnet_tf.runtime import shipped


class Bright:
    """A network that takes what is bright for the person."""

    height = width = 64

    def __call__(self, rgb: np.ndarray) -> np.ndarray:
        return (rgb.mean(-1) > 127).astype(np.float32)


def sample(name: str, found: int, added: int = 0) -> evaluation.Sample:
    """A person 40 pixels wide of which the network finds the left `found` columns, and `added` ones beside it."""
    labels = np.zeros((64, 64), np.uint8)
    labels[10:50, 10:50] = 1
    rgb = np.zeros((64, 64, 3), np.uint8)
    rgb[10:50, 10 : 10 + found] = rgb[10:50, 50 : 50 + added] = 255
    return name, rgb, labels


def test_every_photo_is_told_with_its_own_figures():
    photos = []
    scores = evaluation.evaluate(Bright(), [sample("half", 20), sample("whole", 40)], on_photo=photos.append)
    assert [(photo.id, photo.photo_size["foreground_iou"]) for photo in photos] == [("half", 0.5), ("whole", 1.0)]
    # The photo is of the network's size; OpenCV's distances may differ in the last bits.
    assert photos[0].network_size == pytest.approx(photos[0].photo_size, abs=1e-8)
    assert photos[0].predicted.sum() == 40 * 20
    assert scores["network_size"]["foreground_iou"] == scores["photo_size"]["foreground_iou"] == 0.75


def test_the_worst_are_kept_in_order():
    lowest = worst.Worst(3)
    samples = [sample("a", 30), sample("b", 10), sample("c", 40), sample("d", 20), sample("e", 10), sample("f", 40, 4)]
    evaluation.evaluate(Bright(), samples, on_photo=lowest)
    assert lowest.ranking() == [("b", 10 / 40), ("e", 10 / 40), ("d", 20 / 40)]


def test_the_sheet_shows_what_is_missed_and_what_is_added():
    _, rgb, labels = sample("a", 30, added=5)
    labels[0, 0] = 255
    predicted = Bright()(rgb) > 0
    predicted[0, 0] = True
    shown = worst.difference(rgb, labels, predicted)
    assert (shown == worst.MISSED).all(-1).sum() == 40 * 10
    assert (shown == worst.ADDED).all(-1).sum() == 40 * 5

    lowest = worst.Worst(8)
    evaluation.evaluate(Bright(), [sample("a", 30, added=5), sample("b", 40)], on_photo=lowest)
    sheet = lowest.draw()
    side = worst.HEIGHT
    assert sheet.shape[0] > 2 * side and sheet.shape[1] > 4 * side
    missed = (sheet[40:, 3 * side :] == worst.MISSED).all(-1).sum()
    assert missed == pytest.approx(40 * 10 * (side / 64) ** 2, rel=0.05)


def test_photos_of_different_shapes_fit_one_sheet():
    lowest = worst.Worst(2)
    samples = [(f"{size}", *portrait(0, *size)) for size in ((96, 72), (40, 150))]
    evaluation.evaluate(Bright(), samples, on_photo=lowest)
    assert lowest.draw().shape[1] >= 4 * round(150 / 40 * worst.HEIGHT)


def test_another_light_follows_from_seed_and_id_alone():
    samples = [(f"p{index}", *portrait(index)) for index in range(3)]
    once = list(illumination.changed(samples, 0))
    again = dict((name, rgb) for name, rgb, _ in illumination.changed(samples[::-1], 0))
    for (name, rgb, labels), (other_name, other, other_labels) in zip(samples, once, strict=True):
        assert (name, True) == (other_name, np.array_equal(labels, other_labels))
        assert np.array_equal(other, again[name])
        assert not np.array_equal(other, rgb)
        assert not np.array_equal(other, illumination.change(rgb, name, 1))
        assert not np.array_equal(other, illumination.change(rgb, "elsewhere", 0))


def test_light_moves_no_edge():
    """A photo of two tones keeps them: light knows pixels, not their neighbours (noise and blur would not)."""
    rgb = np.full((8, 8, 3), 60, np.uint8)
    rgb[:, 4:] = 120
    for seed in range(20):
        changed = illumination.change(rgb, "two tones", seed)
        assert (
            len(np.unique(changed[:, :4].reshape(-1, 3), axis=0))
            == len(np.unique(changed[:, 4:].reshape(-1, 3), axis=0))
            == 1
        )


def evaluate(*arguments: str) -> int:
    return importlib.import_module("pnet_tf_tools.evaluate").main(list(arguments))


def test_the_tool_writes_table_json_csv_and_sheet(records, tmp_path, capsys):
    on = (f"--model={shipped.path()}", f"--records={records[1]}")
    files = (f"--json={tmp_path}/e.json", f"--per_photo={tmp_path}/e.csv", f"--worst={tmp_path}/e.png")
    assert evaluate(*on, *files, "--worst_count=2") == 0
    table = capsys.readouterr().out.splitlines()
    result = json.loads((tmp_path / "e.json").read_text())
    for name in masks.DEFINITIONS:
        (line,) = [line.split() for line in table if line.split()[0] == name]
        sizes = [result[size][name] for size in ("network_size", "photo_size")]
        assert [float(value) for value in line[1:3]] == pytest.approx([100 * value for value in sizes], abs=0.006)
    with open(tmp_path / "e.csv") as file:
        rows = list(csv.DictReader(file))
    assert {row["id"] for row in rows} == {"p1000", "p1001", "p1002", "p1003"} and len(rows) == 4
    for size in ("network_size", "photo_size"):
        mean = np.mean([float(row[f"{size}/boundary_iou"]) for row in rows])
        assert mean == pytest.approx(result[size]["boundary_iou"])
    by_score = sorted(rows, key=lambda row: float(row["photo_size/foreground_iou"]))
    assert [one["id"] for one in result["worst"]] == [row["id"] for row in by_score[:2]]
    assert cv2.imread(f"{tmp_path}/e.png").shape[0] > 2 * worst.HEIGHT

    assert evaluate(*on, files[0], "--illumination", "--seed=3") == 0
    other = json.loads((tmp_path / "e.json").read_text())
    assert (result["illumination_seed"], other["illumination_seed"]) == (None, 3)
    assert other["photo_size"] != result["photo_size"]


def test_the_tool_refuses_before_it_begins(records, tmp_path, capsys):
    (tmp_path / "mine.csv").write_text("mine")
    on = (f"--model={shipped.path()}", f"--records={records[1]}")
    for flag, words in (
        (f"--json={tmp_path}/e.txt", "ends with .json"),
        (f"--per_photo={tmp_path}/e.json", "ends with .csv"),
        (f"--per_photo={tmp_path}/mine.csv", "--per_photo names another place"),
        (f"--worst={tmp_path}/worst.gif", "worst.gif: pictures end with"),
        ("--seed=3", "--seed: only --illumination"),
    ):
        assert evaluate(*on, flag) == 1
        out, error = capsys.readouterr()
        assert words in error and error.count("\n") == 1 and out == ""
    assert (tmp_path / "mine.csv").read_text() == "mine" and len(list(tmp_path.iterdir())) == 1
