"""Two models on the same photos, photos with nobody, ghosts of the background, turned and dimmed photos."""

import importlib
import json

import numpy as np
import pytest
from scipy import stats

from helpers import portrait
from pnet_tf import evaluation
from pnet_tf.data import illumination
from pnet_tf.metrics import masks, opacity, paired
from pnet_tf.runtime import shipped


def test_the_interval_is_scipys():
    rng = np.random.default_rng(0)
    first, second = rng.uniform(0.8, 1, 40), rng.uniform(0.7, 1, 40)
    found = paired.difference(first, second)
    low, high = stats.norm.interval(0.95, loc=(first - second).mean(), scale=stats.sem(first - second))
    assert found.mean - found.half_width == pytest.approx(low)
    assert found.mean + found.half_width == pytest.approx(high)
    assert (found.ahead, found.behind) == ((first > second).sum(), (first < second).sum())


def test_equal_figures_have_no_difference():
    assert paired.difference([0.5, 0.7], [0.5, 0.7]) == paired.Difference(0.0, 0.0, 0, 0)
    assert paired.difference([0.5], [0.25]) == paired.Difference(0.25, 0.0, 1, 0)


def test_pictures_with_nobody_on_them_are_counted_apart():
    """Of 100 pixels none, two and six are taken for a person: over 1 % on two of three photos, over 5 % on one."""
    scores = masks.Scores()
    for taken in (0, 2, 6):
        predicted = np.zeros((10, 10), bool)
        predicted.flat[:taken] = True
        scores.add(predicted, np.zeros((10, 10), np.uint8))
    scores.add(np.ones((10, 10), bool), np.ones((10, 10), np.uint8))  # somebody
    found = scores.nobody()
    assert found["photos"] == 3
    assert found["mean_share"] == pytest.approx(8 / 300)
    assert (found["over_1_percent"], found["over_5_percent"]) == (pytest.approx(2 / 3), pytest.approx(1 / 3))
    assert masks.Scores().nobody() == {}


def test_ghosts_far_from_the_person_and_holes_inside():
    """A photo of 300×400, diagonal 500, the right half a person: what is within 25 px of the edge does not count."""
    labels = np.zeros((300, 400), np.uint8)
    labels[:, 200:] = 1
    probability = labels.astype(np.float32)
    probability[:, 150:250] = 0.5  # the edge may be as soft as it likes
    probability[:75, :150] = 14 / 256
    clear = opacity.Opacity()
    clear.add(probability, labels)
    found = clear.result()
    # Left of column 175 25 of the columns are half, of the other 150 a quarter is a ghost.
    assert found["far_empty"] == pytest.approx(150 * 225 / (175 * 300), rel=0.02)
    assert found["inside_full"] == pytest.approx(150 / 175, rel=0.02)


def test_a_photo_with_nobody_is_far_from_people_everywhere():
    clear = opacity.Opacity()
    clear.add(np.zeros((8, 8), np.float32), np.zeros((8, 8), np.uint8))
    assert clear.result() == {"far_empty": 1.0}


def test_turned_and_dimmed_photos_keep_their_labels():
    rgb, labels = portrait(0)
    ((name, other, turned),) = illumination.turned_and_dimmed([("a", rgb, labels)], 1, 0.1)
    assert name == "a"
    assert np.array_equal(turned, np.rot90(labels))
    assert np.abs(other - np.rot90(rgb) * 0.1).max() <= 0.5


def evaluate(*arguments: str) -> int:
    return importlib.import_module("pnet_tf_tools.evaluate").main(list(arguments))


def test_against_prints_the_paired_table(records, tmp_path, capsys):
    on = ("--model=portraitnet", "--against=portraitnet-lite", f"--records={records[1]}")
    assert evaluate(*on, f"--json={tmp_path}/e.json") == 0
    out = capsys.readouterr().out
    result = json.loads((tmp_path / "e.json").read_text())
    (other,) = result["against"]
    assert (result["model"], other["model"]) == ("portraitnet", "portraitnet-lite")
    assert result["digest"] != other["digest"] and result["command"].startswith("pnet-evaluate --model=portraitnet")
    for position, name in enumerate((masks.FOREGROUND_IOU, masks.BOUNDARY_IOU)):
        apart = [
            values[position] - other["per_photo"][photo][position] for photo, values in result["per_photo"].items()
        ]
        one = other["paired"][name]
        assert one["mean"] == pytest.approx(np.mean(apart), abs=1e-5)
        assert one["mean"] == pytest.approx(result["photo_size"][name] - other["photo_size"][name])
        line = next(line for line in out.partition("less")[2].splitlines() if line.startswith(name)).split()
        assert float(line[3]) == pytest.approx(100 * one["mean"], abs=0.006)
        assert float(line[6]) - float(line[4]) == pytest.approx(200 * one["half_width"], abs=0.011)
        assert [int(count) for count in line[-2:]] == [one["ahead"], one["behind"]]


def test_a_turn_a_light_and_refined_edges_reach_the_figures(records, tmp_path):
    on = (f"--model={shipped.path()}", f"--records={records[1]}", f"--json={tmp_path}/e.json")
    seen = []
    for flags in ((), ("--turn=90",), ("--light=0.1",), ("--refine",)):
        assert evaluate(*on, *flags) == 0
        result = json.loads((tmp_path / "e.json").read_text())
        seen.append((result["turn"], result["light"], result[evaluation.PHOTO_SIZE]["boundary_iou"]))
    assert [one[:2] for one in seen] == [(0, 1.0), (90, 1.0), (0, 0.1), (0, 1.0)]
    assert len({one[2] for one in seen}) == 4
