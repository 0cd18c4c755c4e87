"""COCO instances as masks: outlines, run lengths of both kinds, crowds, and names that lead elsewhere."""

import json
import pathlib

import numpy as np
import pytest

from command_line import fails, run
from helpers import write_photo
from pnet_tf import fields
from pnet_tf.data import records
from pnet_tf.errors import InputError
from tfrecords import coco, sources

FORE, BACK, VOID = fields.MASK_FOREGROUND, fields.MASK_BACKGROUND, fields.MASK_IGNORE
SQUARE = [[1, 1, 4, 1, 4, 4, 1, 4]]
"""Corners of pixels 1 to 3 in either direction."""


def person(image: int, segmentation=SQUARE, category: int = 1, **more) -> dict:
    return {"image_id": image, "category_id": category, "segmentation": segmentation, **more}


def written(
    folder: pathlib.Path, annotations: list[dict], names=("a.jpg", "b.jpg", "c.jpg"), size=(6, 8)
) -> sources.Options:
    content = {
        "images": [
            {"id": index, "file_name": name, "height": size[0], "width": size[1]} for index, name in enumerate(names)
        ],
        "categories": [{"id": 1, "name": "person"}, {"id": 2, "name": "person-like"}, {"id": 17, "name": "cat"}],
        "annotations": annotations,
    }
    for name in names:
        if not name.startswith("."):
            write_photo(folder / name.replace("\\", "/"), np.zeros((6, 8, 3), np.uint8))
    (folder / "coco.json").write_text("\ufeff" + json.dumps(content))
    return sources.Options(coco_json=folder / "coco.json")


def mask(folder: pathlib.Path, annotations: list[dict], **options) -> np.ndarray:
    (item,) = sources.coco(folder, written(folder, annotations, ("a.jpg",), **options))
    return item.mask.read(6, 8)


def test_polygons_and_their_union(tmp_path):
    found = mask(tmp_path, [person(0), person(0, [[6, 0, 7, 0, 7, 6, 6, 6]])])
    expected = np.full((6, 8), BACK)
    expected[1:4, 1:4] = expected[:, 6] = FORE
    assert np.array_equal(found, expected)


def test_run_lengths_go_down_the_columns():
    expected = np.array([[0, 1, 1], [0, 1, 0]], bool)
    assert np.array_equal(coco.drawn({"counts": [2, 3, 1], "size": [2, 3]}, 2, 3), expected)


@pytest.mark.parametrize(
    ("text", "lengths"),
    [("532", [5, 3, 2]), ("532O", [5, 3, 2, 2]), ("T3", [100]), ("05", [0, 5]), ("5T34O3", [5, 100, 4, 99, 7])],
)
def test_packed_run_lengths(text, lengths):
    """Worked out by the rule: five bits a character from '0' on, the sixth says that there are more."""
    assert coco._unpacked(text) == lengths


def test_crowds_and_people_without_an_outline_are_ignored(tmp_path):
    crowd = {"counts": [0, 12, 36], "size": [6, 8]}
    found = mask(tmp_path, [person(0), person(0, crowd, iscrowd=1), person(0, [], bbox=[6, 2, 1, 2])])
    assert (found[:, 0] == VOID).all() and found[5, 1] == VOID and found[2, 2] == FORE and found[2, 1] == FORE
    assert found[3, 6] == VOID and found[0, 6] == BACK


def test_photos_with_people_alone(tmp_path, capsys):
    crowd = {"counts": [0, 48], "size": [6, 8]}
    options = written(tmp_path, [person(0), person(1, crowd, iscrowd=1), person(2, category=17)])
    items = sources.coco(tmp_path, options)
    assert [(item.id, item.left_out) for item in items] == [("a", ("photo of a crowd alone",))]
    assert [item.id for item in sources.coco_negatives(tmp_path, options)] == ["c"]
    flags = [f"--input_dir={tmp_path}", f"--coco_json={options.coco_json}", f"--output_dir={tmp_path}/records"]
    assert run("convert", "--source=coco", "--num_shards=1", *flags) == 0
    assert "left out: 1 × photo of a crowd alone" in capsys.readouterr().err
    (record,) = records.read(records.find(str(tmp_path / "records/train-*")))
    assert record.source == "coco" and (records.decode_mask(record.mask_bytes)[1:4, 1:4] == fields.FOREGROUND).all()


def test_other_categories_and_folders(tmp_path):
    options = written(tmp_path, [person(0, category=2), person(1)], ("one/a.jpg", "two\\a.jpg"))
    assert [item.id for item in sources.coco(tmp_path, options)] == ["two__a"]
    chosen = sources.Options(coco_json=options.coco_json, classes=("person", "person-like"))
    assert [item.id for item in sources.coco(tmp_path, chosen)] == ["one__a", "two__a"]
    with pytest.raises(InputError, match="no category 'dog'; those it has: cat, person, person-like"):
        sources.coco(tmp_path, sources.Options(coco_json=options.coco_json, classes=("dog",)))


@pytest.mark.parametrize(
    "segmentation",
    [
        {"counts": [1, 2], "size": [6, 8]},
        {"counts": [-1, 49], "size": [6, 8]},
        {"counts": "5", "size": [6, 8]},
        {"counts": "\ud83d", "size": [6, 8]},
        {"counts": "Z", "size": [6, 8]},
        {"counts": [10**9, 10**9], "size": [10**6, 2000]},
        {"size": [6, 8]},
        [[1, 2, 3]],
        [["x", 2, 3, 4]],
        [[1e9, 2, 3, 4]],
        "polygon",
        7,
    ],
)
def test_what_does_not_decode_is_one_line(tmp_path, segmentation):
    with pytest.raises(InputError, match=r"coco\.json: a person of a\.jpg does not decode"):
        mask(tmp_path, [person(0, segmentation)])


def test_refusals(tmp_path, capsys):
    with pytest.raises(InputError, match=r"says 9×7 of a\.jpg, which is 8×6"):
        mask(tmp_path, [person(0)], size=(7, 9))
    for name in ("../secret.jpg", "/etc/secret.jpg"):
        options = written(tmp_path, [person(0)], (name,) if name[0] == "." else ("a.jpg",))
        text = options.coco_json.read_text("utf-8-sig").replace('"a.jpg"', json.dumps(name))
        options.coco_json.write_text(text)
        with pytest.raises(InputError, match="lies outside"):
            sources.coco(tmp_path, options)
    options = written(tmp_path, [person(0), person(1)])
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).unlink()
    with pytest.raises(InputError, match=r"a\.jpg: named in .* and not there \(and 1 more\)"):
        sources.coco(tmp_path, options)
    with pytest.raises(InputError, match="nobody is outlined"):
        sources.coco(tmp_path, written(tmp_path, []))
    line = fails(capsys, "convert", "--source=coco", f"--input_dir={tmp_path}", f"--output_dir={tmp_path}/r")
    assert "needs --coco_json" in line
