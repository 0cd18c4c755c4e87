"""Masks and folders as other tools write them: palettes, grey mattes, trimaps, endings of names, nested folders."""

import json
import pathlib

import cv2
import numpy as np
import pytest
from PIL import Image

from annotations import export, polygon
from command_line import fails, run
from helpers import portrait, write_folder, write_photo
from pnet_tf import fields
from pnet_tf.errors import InputError
from tfrecords import masks, sources

NOBODY, SOMEBODY, IGNORED = fields.MASK_BACKGROUND, fields.MASK_FOREGROUND, fields.MASK_IGNORE
VOC = [0, 0, 0, 128, 0, 0, 0, 128, 0]


def read(path: pathlib.Path, convention: str = "auto") -> list[int]:
    with Image.open(path) as picture:
        return masks.FileMask(path, convention).read(*picture.size[::-1])[0].tolist()


def palette(path: pathlib.Path, indices: list[int], colours: list[int]) -> pathlib.Path:
    picture = Image.fromarray(np.array([indices], np.uint8), "P")
    picture.putpalette(colours)
    picture.save(path)
    return path


def test_a_palettes_places_are_the_mask(tmp_path):
    """VOC, labelme, EISeg and CVAT write indices; 255 is what nobody labelled."""
    voc = palette(tmp_path / "voc.png", [0, 1, 0, 1], VOC)
    assert read(voc) == read(voc, "index") == [NOBODY, SOMEBODY, NOBODY, SOMEBODY]
    void = palette(tmp_path / "void.png", [0, 1, 255], VOC + [0] * 759)
    assert read(void) == [NOBODY, SOMEBODY, IGNORED]
    white = palette(tmp_path / "white.png", [0, 1], [0, 0, 0, 255, 255, 255])
    assert read(white) == [NOBODY, SOMEBODY]
    turned = palette(tmp_path / "turned.png", [0, 1], [255, 255, 255, 0, 0, 0])  # black and white say what they show
    assert read(turned) == [SOMEBODY, NOBODY]
    many = palette(tmp_path / "many.png", [0, 2, 1], VOC)
    with pytest.raises(InputError, match=r"places 0, 1, 2; --mask_values=index"):
        read(many)
    assert read(many, "index") == [NOBODY, SOMEBODY, SOMEBODY]


def test_grey_values_when_told(tmp_path):
    grey = tmp_path / "grey.png"
    cv2.imwrite(str(grey), np.array([[0, 127, 128, 255]], np.uint8))
    assert read(grey, "threshold:128") == [NOBODY, NOBODY, SOMEBODY, SOMEBODY]
    with pytest.raises(InputError, match=r"--mask_values=threshold:128 may be meant"):
        read(grey)
    cv2.imwrite(str(grey), np.array([[0, 128, 255]], np.uint8))
    assert read(grey, "trimap") == [NOBODY, IGNORED, SOMEBODY]
    with pytest.raises(InputError, match=r"--mask_values=trimap may be meant"):
        read(grey)
    cv2.imwrite(str(grey), np.array([[0, 1, 255]], np.uint8))
    assert read(grey, "index") == [NOBODY, SOMEBODY, IGNORED]
    photo = tmp_path / "soft.jpg"
    cv2.imwrite(str(photo), np.repeat(np.array([[0, 255]], np.uint8), 32, axis=1).repeat(32, axis=0))
    assert set(read(photo, "threshold:128")) == {NOBODY, SOMEBODY}
    for wrong in ("threshold", "threshold:0", "threshold:300", "grey"):
        with pytest.raises(InputError, match="threshold:128 for grey ones"):
            masks.require_convention(wrong)


def test_ignored_pixels_reach_the_labels(tmp_path, capsys):
    from pnet_tf.data import records

    write_folder(tmp_path, 1)
    rgb, mask = portrait(0)
    mask = 255 * mask
    mask[:10] = 128
    cv2.imwrite(str(tmp_path / "Labels/p000.png"), mask)
    words = ["convert", f"--input_dir={tmp_path}", f"--output_dir={tmp_path}/out", "--num_shards=1"]
    assert "trimap may be meant" in fails(capsys, *words)
    assert run(*words, "--mask_values=trimap") == 0
    _, _, labels = next(records.samples([str(tmp_path / "out/train-00000-of-00001.tfrecord")]))
    assert (labels[:10] == fields.IGNORE).all() and labels.shape == rgb.shape[:2]


def test_masks_with_an_ending_and_folders_in_folders(tmp_path):
    rgb, mask = portrait(0)
    for place in ("one/p0", "two/p0", "p1"):
        write_photo(tmp_path / f"Images/{place}.jpg", rgb)
        (tmp_path / f"Labels/{place}").parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / f"Labels/{place}_mask.png"), mask)
    (tmp_path / "Images/._p1.jpg").write_bytes(b"what macOS leaves")
    items = sources.folder(tmp_path, sources.Options())
    assert [item.id for item in items] == ["one__p0", "p1", "two__p0"]
    assert [item.mask.path.name for item in items] == ["p0_mask.png", "p1_mask.png", "p0_mask.png"]
    (tmp_path / "Labels/p1_mask.png").rename(tmp_path / "Labels/p1_matte.png")
    faults = [item.fault for item in sources.folder(tmp_path, sources.Options())]
    assert ["has no mask" in one for one in faults] == [True, False, True, False, True, False]
    assert ["has no photo" in one for one in faults] == [False, True, False, True, False, True]


def test_a_split_in_which_nobody_is_is_told(tmp_path, capsys):
    write_folder(tmp_path, 2, mask_value=0)
    assert run("convert", f"--input_dir={tmp_path}", f"--output_dir={tmp_path}/out", "--num_shards=1") == 0
    assert "nobody is on any of these photos" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["\ufeffp000\r\np002\r\n", "\ufeffphotos\\p000.jpg\nphotos\\p002.jpg\n"])
def test_lists_from_windows(tmp_path, text):
    items = sources.folder(write_folder(tmp_path, 3), sources.Options())
    (tmp_path / "list.txt").write_text(text, "utf-8", newline="")
    assert [item.id for item in sources.keep_listed(items, tmp_path / "list.txt")] == ["p000", "p002"]


def test_supervisely_in_folders_and_what_has_no_area(tmp_path, capsys):
    box = {"classTitle": "person_poly", "geometryType": "rectangle", "points": {"exterior": [[0, 0], [5, 5]]}}
    export(tmp_path / "set/part", [polygon([[0, 0], [9, 0], [9, 9], [0, 9]]), box])
    other = export(tmp_path / "other", [polygon([[0, 0], [9, 0], [9, 9]])])
    annotation = other / "ann/a.png.json"
    annotation.write_text("\ufeff" + annotation.read_text(), "utf-8")
    items = sources.supervisely(tmp_path, sources.Options())
    assert [item.id for item in items] == ["other__a", "set__part__a"]
    assert items[1].mask.read(10, 12).any() and items[1].left_out == ("rectangle",)
    words = [f"--input_dir={tmp_path}", f"--output_dir={tmp_path}/out", "--source=supervisely", "--num_shards=1"]
    assert run("convert", *words) == 0
    assert "left out, without an area: 1 × rectangle; on set__part__a" in capsys.readouterr().err
    assert json.loads((tmp_path / "out/manifest.json").read_text())["splits"]["train"]["records"] == 2
