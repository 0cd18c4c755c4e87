"""Which teacher is chosen, and which labels are called doubtful."""

import cv2
import numpy as np
import pytest

from helpers import write_folder
from pnet_tf.data import records
from pnet_tf.stack import keras
from pnet_tf_tools import convert, teachers
from tfrecords import choice
from tiny_peers import write_network


def test_candidates_of_two_and_three():
    two = choice.candidates(["a", "b"])
    assert two == {
        "a": ((0,), "mean"),
        "b": ((1,), "mean"),
        "mean of a and b": ((0, 1), "mean"),
        "a, its edges from b": ((0, 1), "edge"),
        "b, its edges from a": ((1, 0), "edge"),
    }
    assert len(choice.candidates(["a", "b", "c"])) == 3 + 3 + 1 + 6


@pytest.fixture
def drawn(tmp_path):
    """Four grey photos whose left half is the person, one of them labelled the other way round, and two teachers.

    One is certain of the left half, the other says 0.65 there and 0.55 elsewhere.
    """
    for index in range(4):
        photo = np.full((64, 64, 3), 40 * index, np.uint8)
        label = np.zeros((64, 64), np.uint8)
        label[:, 32:] = 1
        (tmp_path / "photos/Images").mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos/Labels").mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / f"photos/Images/p{index}.png"), photo)
        cv2.imwrite(str(tmp_path / f"photos/Labels/p{index}.png"), label if index == 2 else 1 - label)
    left = np.repeat([1.0, 0.0], 4).astype(np.float32).reshape(1, 1, 8, 1)
    sure = write_network(tmp_path / "sure.tflite", keras.layers.Lambda(lambda x: x[..., :1] * 0.0 + left))
    vague = 0.55 + 0.1 * left
    unsure = write_network(tmp_path / "unsure.tflite", keras.layers.Lambda(lambda x: x[..., :1] * 0.0 + vague))
    return tmp_path / "photos", f"--teacher={sure}:0..1", f"--teacher={unsure}:0..1"


def test_the_table_finds_the_threshold_and_the_wrong_label(drawn, tmp_path, capsys):
    photos, sure, unsure = drawn
    lists = [f"--doubtful={tmp_path}/d.txt", f"--sheet={tmp_path}/d.png"]
    assert teachers.main([f"--input_dir={photos}", unsure, "--nomirrored", *lists]) == 0
    out = capsys.readouterr().out
    assert "best: unsure.tflite with a threshold of 0.6" in out
    assert "1 of 4 labels agree by less than 0.93" in out
    assert (tmp_path / "d.txt").read_text() == "p2\n"
    assert cv2.imread(f"{tmp_path}/d.png") is not None
    assert teachers.main([f"--input_dir={photos}", unsure, sure, "--nomirrored"]) == 0
    assert len([line for line in capsys.readouterr().out.splitlines() if " / " in line]) == 5

    flags = [f"--input_dir={photos}", f"--leave_out={tmp_path}/d.txt", "--num_shards=1"]
    assert convert.main([*flags, f"--output_dir={tmp_path}/records"]) == 0
    left = [one.id for one in records.read(records.find(f"{tmp_path}/records/*.tfrecord"))]
    assert sorted(left) == ["p0", "p1", "p3"]


def test_a_list_of_photos_that_are_not_there_is_one_line(tmp_path, capsys):
    photos = write_folder(tmp_path / "photos", 1)
    (tmp_path / "out.txt").write_text("p777\n")
    flags = [f"--input_dir={photos}", f"--output_dir={tmp_path}/records", f"--leave_out={tmp_path}/out.txt"]
    assert convert.main(flags) == 1
    assert "1 ids without a photo, the first is 'p777'" in capsys.readouterr().err
