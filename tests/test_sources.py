"""Every source and every odd photo: read right, or refused in one line."""

import base64
import json
import pathlib
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from helpers import SHARED, portrait, write_folder, write_photo
from pnet_tf.errors import InputError
from pnet_tf.pictures import header, reader
from tfrecords import face, masks, prepare, sources

OPTIONS = sources.Options()


def png_bytes(picture: np.ndarray) -> bytes:
    return cv2.imencode(".png", picture)[1].tobytes()


# ── photos ───────────────────────────────────────────────────────────────────


def test_bytes_are_kept_as_they_came(tmp_path):
    write_photo(tmp_path / "a.jpg", portrait(0)[0])
    taken = reader.read(tmp_path / "a.jpg")
    assert taken.content == (tmp_path / "a.jpg").read_bytes()


def test_grey_photos_become_three_equal_channels(tmp_path):
    cv2.imwrite(str(tmp_path / "grey.jpg"), portrait(0)[0][..., 0])
    taken = reader.read(tmp_path / "grey.jpg")
    assert taken.rgb.shape == (96, 72, 3) and np.ptp(taken.rgb, axis=-1).max() == 0
    assert taken.content == (tmp_path / "grey.jpg").read_bytes()


@pytest.mark.parametrize("orientation", range(2, 9))
def test_exif_rotated_photos_are_stored_upright(tmp_path, orientation):
    """Pillow writes the tag; the picture itself says which way up it is: its brightest corner is top left."""
    upright = np.zeros((40, 60, 3), np.uint8)
    upright[:20, :30] = 255
    turn = {  # how a camera stores what should be seen as `upright`
        2: lambda p: p[:, ::-1],
        3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1],
        5: lambda p: p.transpose(1, 0, 2),
        6: lambda p: np.rot90(p, 1),
        7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
        8: lambda p: np.rot90(p, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(turn(upright))).save(tmp_path / "a.jpg", quality=98, exif=exif)
    taken = reader.read(tmp_path / "a.jpg")
    assert taken.rgb.shape == (40, 60, 3)
    assert taken.rgb[5:15, 5:25].min() > 240 and taken.rgb[25:, 35:].max() < 15
    stored = cv2.imdecode(np.frombuffer(taken.content, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    assert np.array_equal(stored, taken.rgb)


def test_sixteen_bit_photos_are_stored_with_eight(tmp_path):
    cv2.imwrite(str(tmp_path / "deep.png"), np.full((8, 8, 3), 0x8000, np.uint16))
    taken = reader.read(tmp_path / "deep.png")
    assert taken.rgb.dtype == np.uint8 and abs(int(taken.rgb[0, 0, 0]) - 0x80) <= 1
    assert header.read(taken.content).bits == 8


@pytest.mark.parametrize("suffix", [".bmp", ".webp"])
def test_other_formats_are_encoded_anew(tmp_path, suffix):
    cv2.imwrite(str(tmp_path / f"a{suffix}"), np.full((32, 32, 3), 99, np.uint8))
    taken = reader.read(tmp_path / f"a{suffix}")
    assert taken.content[:2] == b"\xff\xd8" and abs(int(taken.rgb.mean()) - 99) <= 2


def test_opaque_alpha_is_dropped_and_transparency_refused(tmp_path):
    picture = np.full((8, 8, 4), 255, np.uint8)
    cv2.imwrite(str(tmp_path / "opaque.png"), picture)
    assert reader.read(tmp_path / "opaque.png").rgb.shape == (8, 8, 3)
    picture[0, 0, 3] = 10
    cv2.imwrite(str(tmp_path / "glass.png"), picture)
    with pytest.raises(InputError, match=r"glass\.png: partly transparent"):
        reader.read(tmp_path / "glass.png")


def test_odd_files_are_refused(tmp_path):
    Image.new("RGBA", (8, 8), (9, 9, 9, 50)).save(tmp_path / "glass.webp")
    Image.new("RGB", (8, 8)).save(tmp_path / "tiff.jpg", format="TIFF")
    Image.new("P", (8, 8)).save(tmp_path / "film.png", format="GIF")
    shade = Image.new("L", (8, 8))
    shade.save(tmp_path / "shade.png", transparency=0)
    for name, words in (
        ("glass.webp", "transparent"),
        ("tiff.jpg", "unreadable"),
        ("film.png", "unreadable"),
        ("shade.png", "transparent"),
    ):
        with pytest.raises(InputError, match=words):
            reader.read(tmp_path / name)


def test_padding_between_jpeg_segments_is_skipped(tmp_path):
    content = cv2.imencode(".jpg", portrait(0)[0])[1].tobytes()
    (tmp_path / "a.jpg").write_bytes(content[:2] + b"\xff\xff" + content[2:])
    assert reader.read(tmp_path / "a.jpg").rgb.shape == (96, 72, 3)


def test_cmyk_animated_and_huge_photos_are_refused(tmp_path):
    Image.new("CMYK", (8, 8)).save(tmp_path / "print.jpg")
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "film.png", save_all=True, append_images=frames[1:])
    frames[0].save(tmp_path / "film.webp", save_all=True, append_images=frames[1:])
    Image.new("1", (20000, 6000)).save(tmp_path / "huge.png")
    for name, words in (
        ("print.jpg", "CMYK"),
        ("film.png", "animated"),
        ("film.webp", "animated"),
        ("huge.png", "20000×6000 is over 100 megapixels"),
    ):
        with pytest.raises(InputError, match=words):
            reader.read(tmp_path / name)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
@pytest.mark.parametrize("keep", [0.0, 0.1, 0.5, 0.95])
def test_truncated_photos_are_refused(tmp_path, suffix, keep):
    path = tmp_path / f"a{suffix}"
    write_photo(path, np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(InputError, match=r"unreadable or truncated"):
        reader.read(path)


def test_a_thumbnails_end_does_not_make_a_truncated_photo_whole(tmp_path):
    thumbnail = cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
    whole = cv2.imencode(".jpg", portrait(0)[0])[1].tobytes()
    segment = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    (tmp_path / "a.jpg").write_bytes(whole[:2] + segment + whole[2:])
    reader.read(tmp_path / "a.jpg")
    (tmp_path / "a.jpg").write_bytes((whole[:2] + segment + whole[2:])[:-100])
    with pytest.raises(InputError, match="truncated"):
        reader.read(tmp_path / "a.jpg")


# ── masks ────────────────────────────────────────────────────────────────────


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


# ── Supervisely ──────────────────────────────────────────────────────────────


def bitmap(picture: np.ndarray, origin: tuple[int, int]) -> dict:
    return {"data": base64.b64encode(zlib.compress(png_bytes(picture))).decode(), "origin": list(origin)}


def polygon(exterior: list, *interior: list, title: str = "person_poly") -> dict:
    points = {"exterior": exterior, "interior": list(interior)}
    return {"classTitle": title, "geometryType": "polygon", "points": points}


def export(directory: pathlib.Path, objects: list, name: str = "a", size: tuple[int, int] = (10, 12)) -> pathlib.Path:
    write_photo(directory / "img" / f"{name}.png", np.zeros((*size, 3), np.uint8))
    (directory / "ann").mkdir(exist_ok=True)
    annotation = {"size": {"height": size[0], "width": size[1]}, "objects": objects}
    (directory / "ann" / f"{name}.png.json").write_text(json.dumps(annotation))
    return directory


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
    dot = {"classTitle": "person", "geometryType": "point"}
    not_deflated = {**thing, "bitmap": {"data": base64.b64encode(b"raw").decode(), "origin": [0, 0]}}
    no_png = {**thing, "bitmap": {"data": base64.b64encode(zlib.compress(b"raw")).decode(), "origin": [0, 0]}}
    for content, words in (
        ("{", "not JSON"),
        ('{"shapes": []}', "not a Supervisely annotation"),
        ("[]", "not a Supervisely annotation"),
        *((json.dumps({"size": {"height": 10, "width": 12}, "objects": [one]}), "does not decode")
          for one in (thing, not_deflated, no_png, {"classTitle": "person", "geometryType": "polygon"})),
        (json.dumps({"size": {"height": 10, "width": 12}, "objects": [dot]}), "no area"),
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
    with pytest.raises(InputError, match=r"extra\.json: has no photo"):
        sources.supervisely(directory, OPTIONS)
    annotation.unlink()
    with pytest.raises(InputError, match="no annotation"):
        sources.supervisely(directory, OPTIONS)
    with pytest.raises(InputError, match="no Supervisely export"):
        sources.supervisely(tmp_path / "nowhere", OPTIONS)


# ── negatives ────────────────────────────────────────────────────────────────


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


# ── portrait crop ────────────────────────────────────────────────────────────


@pytest.mark.parametrize("photo_size", [(1000, 2000), (2000, 1000), (300, 300), (100, 5000)])
@pytest.mark.parametrize("at", [(0.5, 0.5), (0.02, 0.1), (0.99, 0.95)])
def test_crop_is_three_to_four_and_inside(photo_size, at):
    height, width = photo_size
    top, left, crop_height, crop_width = face.frame(height, width, (at[0] * width, at[1] * height, 90))
    assert crop_width / crop_height == pytest.approx(3 / 4, abs=0.02)
    assert top >= 0 and top + crop_height <= height and left >= 0 and left + crop_width <= width


def test_crop_gives_the_face_its_share():
    """In a large photo the face takes 11 % of the frame, its centre at 40 % of the height and half the width."""
    top, left, height, width = face.frame(4000, 4000, (2000, 2000, 200))
    assert 200 * 200 / (height * width) == pytest.approx(0.11, abs=0.002)
    assert (2000 - top) / height == pytest.approx(0.4, abs=0.01)
    assert (2000 - left) / width == pytest.approx(0.5, abs=0.01)


def test_the_astronauts_face_is_found_and_a_wall_has_none():
    data = pytest.importorskip("skimage.data")
    x, y, side = face.find(data.astronaut()[..., ::-1])
    assert 180 < x < 260 and 90 < y < 170 and 60 < side < 180
    assert face.find(np.repeat(data.brick()[..., None], 3, -1)) is None


def test_photos_without_a_face_are_dropped_and_counted(tmp_path):
    from pnet_tf.data import records
    from tfrecords import writer

    data = pytest.importorskip("skimage.data")
    directory = write_folder(tmp_path / "in", 2)
    write_photo(directory / "Images/face.jpg", data.astronaut())
    cv2.imwrite(str(directory / "Labels/face.png"), np.ones((512, 512), np.uint8))
    items = sources.folder(directory, OPTIONS)
    entry = writer.convert(items, tmp_path / "out", "train", preparation=prepare.Preparation(face_crop=True))
    assert (entry["records"], entry["dropped"]) == (1, 2)
    (record,) = records.read(records.find(str(tmp_path / "out/train-*")))
    assert record.id == "face" and record.width / record.height == pytest.approx(0.75, abs=0.01)
    with pytest.raises(InputError, match="no face on any of 2 photos"):
        writer.convert(items[1:], tmp_path / "none", "train", preparation=prepare.Preparation(face_crop=True))
    assert not (tmp_path / "none").exists()


def test_max_side_scales_photo_and_mask_together(tmp_path):
    directory = write_folder(tmp_path, 1)
    (item,) = sources.folder(directory, OPTIONS)
    from pnet_tf.data import records

    made = records.parse_record(prepare.prepare(item, prepare.Preparation(max_side=48)).serialized)
    assert (made.height, made.width) == (48, 36)
    assert records.decode_photo(made.image_bytes).shape == (48, 36, 3)
    assert records.decode_mask(made.mask_bytes).shape == (48, 36)


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
