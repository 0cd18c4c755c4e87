"""Masks of every convention, photos without people, and the real sets."""

import json
import pathlib

import cv2
import numpy as np
import pytest

from helpers import SHARED, portrait, write_photo
from pnet_tf.errors import InputError
from tfrecords import masks, sources

OPTIONS = sources.Options()


def mask_of(path: pathlib.Path, picture: np.ndarray, convention: str = "auto") -> list:
    cv2.imwrite(str(path), picture)
    return (masks.FileMask(path, convention).read(*picture.shape[:2]) // 255).tolist()


def test_conventions(tmp_path):
    path = tmp_path / "m.png"
    assert mask_of(path, np.array([[0, 1]], np.uint8)) == [[0, 1]]
    assert mask_of(path, np.array([[0, 255]], np.uint8)) == [[0, 1]]
    assert mask_of(path, np.array([[0, 0]], np.uint8)) == [[0, 0]]
    cut_out = np.array([[[9, 8, 7, 0], [1, 2, 3, 127], [1, 2, 3, 128], [5, 5, 5, 255]]], np.uint8)
    assert mask_of(path, cut_out) == [[0, 0, 1, 1]]
    assert mask_of(path, cut_out, "alpha") == [[0, 0, 1, 1]]


@pytest.mark.parametrize(
    ("picture", "convention", "words"),
    [
        ([[0, 1]], "0/255", r"values 0, 1 are not 0/255"),
        ([[0, 255]], "0/1", r"values 0, 255 are not 0/1"),
        ([[0, 100]], "auto", r"values 0, 100 are neither"),
        ([[[0, 0, 0], [200, 0, 0]]], "auto", "coloured"),
        ([[0, 255]], "alpha", "no alpha"),
        ([[[0, 0, 0, 255], [255, 255, 255, 0]]], "auto", "could be grey values or alpha"),
        ([[[255, 255, 255, 0], [255, 255, 255, 0]]], "auto", "could be grey values or alpha"),
    ],
)
def test_masks_of_another_convention_are_refused(tmp_path, picture, convention, words):
    with pytest.raises(InputError, match=words):
        mask_of(tmp_path / "m.png", np.array(picture, np.uint8), convention)


def coco(directory: pathlib.Path, names: list[str]) -> sources.Options:
    """A person on the first photo, a cat on the second, nothing on the others."""
    content = {
        "images": [{"id": index, "file_name": name} for index, name in enumerate(names)],
        "categories": [{"id": 1, "name": "person"}, {"id": 17, "name": "cat"}],
        "annotations": [{"image_id": 0, "category_id": 1}, {"image_id": 1, "category_id": 17}],
    }
    (directory / "coco.json").write_text(json.dumps(content))
    return sources.Options(coco_json=directory / "coco.json")


def test_negatives(tmp_path):
    for name in ("a", "b", "c"):
        write_photo(tmp_path / f"{name}.jpg", portrait(0)[0])
    items = sources.coco_negatives(tmp_path, coco(tmp_path, ["a.jpg", "b.jpg", "c.jpg"]))
    assert [item.id for item in items] == ["b", "c"]
    assert items[0].mask.read(96, 72).sum() == 0
    assert [item.id for item in sources.coco_negatives(tmp_path, OPTIONS)] == ["a", "b", "c"]


def test_negatives_stay_inside_their_folder(tmp_path):
    (tmp_path / "in").mkdir()
    write_photo(tmp_path / "secret.jpg", portrait(0)[0])
    options = coco(tmp_path / "in", ["a.jpg", "../secret.jpg"])
    with pytest.raises(InputError, match=r"\.\./secret\.jpg lies outside"):
        sources.coco_negatives(tmp_path / "in", options)


def test_bad_coco_files_are_refused(tmp_path):
    (tmp_path / "c.json").write_text('{"images": []}')
    with pytest.raises(InputError, match=r"c\.json: not a COCO"):
        sources.coco_negatives(tmp_path, sources.Options(coco_json=tmp_path / "c.json"))
    with pytest.raises(InputError, match="not there"):
        sources.coco_negatives(tmp_path, coco(tmp_path, ["a.jpg", "gone.jpg"]))
    (tmp_path / "coco.json").write_text((tmp_path / "coco.json").read_text().replace('"person"', '"human"'))
    with pytest.raises(InputError, match="no category 'person'; those it has: cat, human"):
        sources.coco_negatives(tmp_path, sources.Options(coco_json=tmp_path / "coco.json"))
    with pytest.raises(InputError, match="has a person"):
        sources.coco_negatives(tmp_path, coco(tmp_path, ["a.jpg"]))


@pytest.mark.skipif(not (SHARED / "data").is_dir(), reason="needs the real portraits in ../shared")
@pytest.mark.parametrize(("name", "source"), [("eg1800", sources.eg1800), ("lmi", sources.folder)])
def test_real_sets_convert(tmp_path, name, source):
    from pnet_tf.data import records
    from tfrecords import writer

    items = source(SHARED / "data" / name, OPTIONS)
    assert len(items) > 1000
    writer.convert(items, tmp_path, "train")
    by_id = {item.id: item for item in items}
    for record in records.read(records.find(str(tmp_path / "train-*"))):
        item = by_id.pop(record.id)
        assert record.image_bytes == item.photo.read_bytes()
        label = cv2.imread(str(item.mask.path), cv2.IMREAD_GRAYSCALE)
        assert np.array_equal(records.decode_mask(record.mask_bytes) == 1, label > 0)
    assert not by_id
