"""Supervisely exports: polygons, bitmaps and classes, and what is refused."""

import base64
import json
import pathlib
import zlib

import numpy as np
import pytest

from annotations import bitmap, export, polygon
from pnet_tf.errors import InputError
from tfrecords import sources

OPTIONS = sources.Options()


def drawn(directory: pathlib.Path, options: sources.Options = OPTIONS, size: tuple[int, int] = (10, 12)) -> np.ndarray:
    (item,) = sources.supervisely(directory, options)
    return item.mask.read(*size) // 255


def test_polygon_with_a_hole(tmp_path):
    found = drawn(export(tmp_path, [polygon([[2, 1], [8, 1], [8, 7], [2, 7]], [[4, 3], [6, 3], [6, 5], [4, 5]])]))
    expected = np.zeros((10, 12), np.uint8)
    expected[1:8, 2:9] = 1  # corners are pixels, both ends included
    expected[3:6, 4:7] = 0
    assert np.array_equal(found, expected)


def test_a_hole_in_one_person_shows_the_other(tmp_path):
    ring = polygon([[0, 0], [9, 0], [9, 9], [0, 9]], [[3, 3], [6, 3], [6, 6], [3, 6]])
    inside = polygon([[4, 4], [5, 4], [5, 5], [4, 5]])
    for order in ([ring, inside], [inside, ring]):
        assert drawn(export(tmp_path, order))[4:6, 4:6].all()


def test_polygons_outside_of_the_photo_are_clipped(tmp_path):
    found = drawn(export(tmp_path, [polygon([[-5, -5], [3, -5], [3, 2], [-5, 2]])]))
    assert found.sum() == 3 * 4 and found[:3, :4].all()


@pytest.mark.parametrize(
    ("origin", "expected"), [((3, 2), (slice(2, 5), slice(3, 7))), ((-2, -1), (slice(0, 2), slice(0, 2))),
                             ((10, 8), (slice(8, 10), slice(10, 12))), ((0, 11), (slice(0, 0), slice(0, 0)))]
)  # fmt: skip
def test_bitmaps_lie_at_their_origin(tmp_path, origin, expected):
    for picture in (np.full((3, 4), 255, np.uint8), np.full((3, 4, 4), 255, np.uint8)):
        thing = {"classTitle": "person_bmp", "geometryType": "bitmap", "bitmap": bitmap(picture, origin)}
        wanted = np.zeros((10, 12), np.uint8)
        wanted[expected] = 1
        assert np.array_equal(drawn(export(tmp_path, [thing])), wanted)


def test_transparent_pixels_of_a_bitmap_are_background(tmp_path):
    picture = np.full((2, 2, 4), 255, np.uint8)
    picture[0, 0, 3] = 0
    thing = {"classTitle": "person_bmp", "geometryType": "bitmap", "bitmap": bitmap(picture, (0, 0))}
    assert drawn(export(tmp_path, [thing]))[:2, :2].tolist() == [[0, 1], [1, 1]]


def test_classes_are_chosen(tmp_path):
    square = [[0, 0], [1, 0], [1, 1], [0, 1]]
    directory = export(tmp_path, [polygon(square, title="neutral"), polygon([[5, 5], [6, 5], [6, 6]], title="Person")])
    assert drawn(directory)[:2, :2].sum() == 0 and drawn(directory)[5, 5] == 1
    assert drawn(directory, sources.Options(classes=("neutral",)))[:2, :2].all()
    with pytest.raises(InputError, match=r"no object of class cat; --classes can be Person, neutral"):
        sources.supervisely(directory, sources.Options(classes=("cat",)))


def test_several_data_sets_keep_their_names_apart(tmp_path):
    for name in ("ds1", "ds2"):
        export(tmp_path / name, [polygon([[0, 0], [1, 0], [1, 1]])])
    assert [item.id for item in sources.supervisely(tmp_path, OPTIONS)] == ["ds1__a", "ds2__a"]


def test_bad_exports_are_refused(tmp_path):
    ok = [polygon([[0, 0], [1, 0], [1, 1]])]
    directory = export(tmp_path / "ok", ok)
    annotation = directory / "ann/a.png.json"
    thing = {"classTitle": "person", "geometryType": "bitmap", "bitmap": {"data": "!!", "origin": [0, 0]}}
    not_deflated = {**thing, "bitmap": {"data": base64.b64encode(b"raw").decode(), "origin": [0, 0]}}
    no_png = {**thing, "bitmap": {"data": base64.b64encode(zlib.compress(b"raw")).decode(), "origin": [0, 0]}}
    for content, words in (
        ("{", "not JSON"),
        ('{"shapes": []}', "not a Supervisely annotation"),
        ("[]", "not a Supervisely annotation"),
        *((json.dumps({"size": {"height": 10, "width": 12}, "objects": [one]}), "does not decode")
          for one in (thing, not_deflated, no_png, {"classTitle": "person", "geometryType": "polygon"})),
        (json.dumps({"size": {"height": 9, "width": 9}, "objects": ok}), "9×9"),
        ('{"size": {"height": 10, "width": 12}, "objects": ["x"]}', "not a Supervisely annotation"),
        (json.dumps({"size": {"height": 10, "width": 12}, "objects": [polygon([[0, 0], [1e12, 0], [0, 1]])]}), "miles"),
        (json.dumps({"size": {"height": 10, "width": 12}, "objects": [polygon([[0, float("nan")]])]}), "not finite"),
    ):  # fmt: skip
        annotation.write_text(content)
        with pytest.raises(InputError, match=words) as caught:
            drawn(directory)
        assert "a.png.json" in str(caught.value)
    (directory / "ann/extra.json").write_text(json.dumps({"size": {}, "objects": ok}))
    annotation.write_text(json.dumps({"size": {"height": 10, "width": 12}, "objects": ok}))
    assert "extra.json: has no photo" in sources.supervisely(directory, OPTIONS)[1].fault
    (directory / "img/b.png").write_bytes((directory / "img/a.png").read_bytes())
    assert "b.png: has no annotation" in sources.supervisely(directory, OPTIONS)[1].fault
    with pytest.raises(InputError, match="no Supervisely export"):
        sources.supervisely(tmp_path / "nowhere", OPTIONS)


def test_an_annotation_that_does_not_read_is_the_fault_of_its_photo_alone(tmp_path):
    for name in ("ds1", "ds2"):
        export(tmp_path / name, [polygon([[0, 0], [1, 0], [1, 1]])])
    (tmp_path / "ds1/ann/a.png.json").write_text("{")
    good, bad = sources.supervisely(tmp_path, OPTIONS)
    assert (good.id, good.fault, bad.id) == ("ds2__a", "", "ds1__a")
    assert "ds1/ann/a.png.json: not JSON" in bad.fault
