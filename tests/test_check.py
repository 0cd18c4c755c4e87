"""pnet-check: what is planted is found by name and reason, and what is right is left alone."""

import json
import pathlib
import re

import cv2
import numpy as np
import pytest

from command_line import fails, run
from helpers import portrait, write_photo
from pnet_tf import fields
from pnet_tf.data import inspection

SHAPE = (240, 180)


def scene(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A photo of somebody before something that no other photo has, and its labels."""
    rgb, labels = portrait(seed, *SHAPE)
    coarse = np.random.default_rng(seed).integers(0, 60, (12, 9, 3), np.uint8)
    behind = rgb + cv2.resize(coarse, SHAPE[::-1], interpolation=cv2.INTER_CUBIC)
    return np.where(labels[..., None] == fields.FOREGROUND, rgb, behind), labels


def findings(rgb: np.ndarray, labels: np.ndarray) -> tuple[str, ...]:
    return inspection.look("a", rgb, labels).findings


def moved(labels: np.ndarray, x: int, y: int) -> np.ndarray:
    return cv2.warpAffine(labels, np.float32([[1, 0, x], [0, 1, y]]), labels.shape[::-1])


def test_right_ones_are_left_alone():
    for seed in range(20):
        assert findings(*scene(seed)) == ()


@pytest.mark.parametrize("shift", [(10, 0), (0, -9), (-8, 8)])
def test_shifted_masks(shift):
    found = [findings(scene(seed)[0], moved(scene(seed)[1], *shift)) for seed in range(10)]
    told = [one[0] for one in found if one]
    assert len(told) >= 8
    for words in told:
        assert words.startswith("a mask that looks shifted by ")
        x, y = map(int, re.findall(r"-?\d+", words))
        assert abs(x - shift[0]) <= 3 and abs(y - shift[1]) <= 3


def test_empty_full_inverted_flat_and_small():
    rgb, labels = scene(0)
    inverted = np.ones(SHAPE, np.uint8)
    inverted[40:200, 40:140] = 0
    assert findings(rgb, 0 * labels) == ("nobody in the mask",)
    assert findings(rgb, 0 * labels + 1) == ("nothing but people in the mask",)
    assert findings(rgb, np.full_like(labels, fields.IGNORE)) == ("a mask that is ignored throughout",)
    assert "a mask that looks inverted" in findings(rgb, inverted)
    assert findings(np.full_like(rgb, 90), labels)[0] == "a photo that shows nothing"
    assert findings(rgb[:40, :30].copy(), labels[:40, :30].copy())[0] == "a photo of 30×40"
    speck = 0 * labels
    speck[100:108, 100:108] = 1
    assert findings(rgb, speck)[0] == "people on 0.15 % of the photo"


def test_one_photo_scaled_and_compressed_is_one_and_others_are_not():
    looked = [inspection.look(str(seed), *scene(seed)) for seed in range(40)]
    assert inspection.twice(looked) == []
    rgb, _ = scene(7)
    small = cv2.resize(rgb, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    poor = cv2.imdecode(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], cv2.IMREAD_COLOR)
    again = inspection.look("again", poor, np.zeros(poor.shape[:2], np.uint8))
    ((first, second),) = inspection.twice([*looked, again])
    assert (first.id, second.id) == ("7", "again")


def test_bits():
    values = np.array([0, 1, 3, 2**64 - 1, 1 << 63], np.uint64)
    assert inspection._bits(values).tolist() == [0, 1, 2, 64, 1]


def folder(base: pathlib.Path, seeds: range, name: str) -> None:
    for seed in seeds:
        rgb, labels = scene(seed)
        write_photo(base / f"Images/{name}{seed}.jpg", rgb)
        (base / "Labels").mkdir(exist_ok=True)
        cv2.imwrite(f"{base}/Labels/{name}{seed}.png", 255 * labels)


def test_the_command(tmp_path, capsys):
    folder(tmp_path / "one", range(6), "a")
    folder(tmp_path / "two", range(5, 9), "b")
    cv2.imwrite(f"{tmp_path}/one/Labels/a3.png", np.zeros(SHAPE, np.uint8))
    cv2.imwrite(f"{tmp_path}/one/Labels/a4.png", 255 * moved(scene(4)[1], 10, 0))
    for name in ("one", "two"):
        assert (
            run("convert", f"--input_dir={tmp_path}/{name}", f"--output_dir={tmp_path}/r{name}", "--num_shards=1") == 0
        )
    capsys.readouterr()
    words = [f"--records=one={tmp_path}/rone/train-*,two={tmp_path}/rtwo/train-*"]
    files = [f"--sheet={tmp_path}/odd.png", f"--odd={tmp_path}/odd.txt", f"--json={tmp_path}/odd.json"]
    assert run("check", *words, *files) == 0
    told = capsys.readouterr().out
    assert "one: 6 photos, longer side 240 to 240 pixels" in told and "1 × nobody in the mask: a3" in told
    assert "1 × a mask that looks shifted: a4" in told
    assert "1 × one photo twice in one and in two: a5 and b5" in told and "3 of 10 photos look odd" in told
    assert sorted((tmp_path / "odd.txt").read_text().split()) == ["a3", "a4", "b5"]
    assert cv2.imread(str(tmp_path / "odd.png")).shape[0] > 2 * 160
    found = json.loads((tmp_path / "odd.json").read_text())
    assert len(found["photos"]) == 10 and found["twice"] == [{"ids": ["a5", "b5"], "sets": ["one", "two"]}]
    assert "--overwrite" in fails(capsys, "check", *words, *files)
    assert run("check", f"--records={tmp_path}/rtwo/train-*") == 0
    assert "nothing looks odd" in capsys.readouterr().out
