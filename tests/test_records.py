"""Folders → records → the same photos and masks; and everything that can be wrong with a folder."""

import json

import cv2
import numpy as np
import pytest

from helpers import portrait, write_folder, write_photo
from pnet_tf import fields
from pnet_tf.data import records
from pnet_tf.errors import InputError
from pnet_tf.stack import tf
from tfrecords import sources, split, writer


@pytest.mark.parametrize("mask_value", [1, 255])
def test_photos_and_masks_come_back(tmp_path, mask_value):
    directory = write_folder(tmp_path / "in", 5, mask_value)
    entry = writer.convert(listed(directory), tmp_path / "out", "train", shards=2)
    paths = records.find(str(tmp_path / "out/train-*"))
    assert [path.rsplit("/", 1)[1] for path in paths] == list(entry["files"])
    assert records.count(paths) == 5
    for record in records.read(paths):
        assert record.image_bytes == (directory / "Images" / f"{record.id}.jpg").read_bytes()
        _, mask = portrait(int(record.id[1:]))
        assert np.array_equal(records.decode_mask(record.mask_bytes), mask)
        assert (record.height, record.width) == mask.shape


def test_ignored_pixels_survive():
    stored = np.array([[0, 128, 255]], np.uint8)
    assert records.decode_mask(records.encode_mask(stored)).tolist() == [[0, 255, 1]]


def test_same_input_same_bytes_whatever_the_workers(tmp_path):
    items = listed(write_folder(tmp_path / "in", 9))
    for name, workers, order in (("one", 1, items), ("four", 4, items[::-1])):
        writer.convert(order, tmp_path / name, "train", shards=3, workers=workers)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "four" / path.name).read_bytes()


def test_manifest_counts(tmp_path):
    directory = tmp_path / "in"
    half = np.zeros((10, 10), np.uint8)
    half[:5] = 1
    for index in range(2):
        write_photo(directory / "Images" / f"{index}.png", np.full((10, 10, 3), index, np.uint8))
        (directory / "Labels").mkdir(exist_ok=True)
        cv2.imwrite(str(directory / "Labels" / f"{index}.png"), half)
    writer.convert(listed(directory), tmp_path / "out", "train", command="the command")
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    entry = manifest["splits"]["train"]
    assert manifest["schema_version"] == fields.SCHEMA_VERSION
    assert (entry["records"], entry["mean_foreground_share"], entry["command"]) == (2, 0.5, "the command")
    assert all((tmp_path / "out" / name).stat().st_size == size for name, size in entry["files"].items())


def test_split_is_stable_when_photos_join(tmp_path):
    few = listed(write_folder(tmp_path / "few", 40))
    more = listed(write_folder(tmp_path / "more", 80))
    ids = {name: {p.id for p in split.choose(items, "val", 0.25, 0)} for name, items in (("few", few), ("more", more))}
    assert ids["few"] == ids["more"] & {item.id for item in few}
    train = {item.id for item in split.choose(few, "train", 0.25, 0)}
    assert train | ids["few"] == {item.id for item in few} and not train & ids["few"]
    assert 2 <= len(ids["few"]) <= 20
    assert ids["few"] != {item.id for item in split.choose(few, "val", 0.25, 1)}


def test_split_file_lists_ids(tmp_path):
    items = listed(write_folder(tmp_path / "in", 4))
    (tmp_path / "ids.txt").write_text("p002.jpg\np000\n\n")
    assert [item.id for item in sources.keep_listed(items, tmp_path / "ids.txt")] == ["p002", "p000"]
    (tmp_path / "ids.txt").write_text("p002\nabsent\n")
    with pytest.raises(InputError, match="absent"):
        sources.keep_listed(items, tmp_path / "ids.txt")


def listed(directory, **options) -> list[sources.Item]:
    return sources.folder(directory, sources.Options(**options))


def convert(directory, output, name="train", **options):
    writer.convert(listed(directory), output, name, **options)


def test_same_photo_in_two_splits_stops_with_both_names(tmp_path):
    convert(write_folder(tmp_path / "a", 3), tmp_path / "out")
    photos = write_folder(tmp_path / "b", 2, first=50)
    (photos / "Images/twin.jpg").write_bytes((tmp_path / "a/Images/p001.jpg").read_bytes())
    (photos / "Labels/twin.png").write_bytes((tmp_path / "a/Labels/p001.png").read_bytes())
    with pytest.raises(InputError, match=r"twin.*p001"):
        convert(photos, tmp_path / "out", "val")
    assert not list((tmp_path / "out").glob("*val*"))


def test_existing_records_are_not_overwritten_unasked(tmp_path):
    photos = write_folder(tmp_path / "in", 2)
    convert(photos, tmp_path / "out")
    with pytest.raises(InputError, match="--overwrite"):
        convert(photos, tmp_path / "out")
    convert(photos, tmp_path / "out", shards=1, overwrite=True)
    assert [path.name for path in (tmp_path / "out").glob("*.tfrecord")] == ["train-00000-of-00001.tfrecord"]


def spoil_missing_folder(directory):
    return directory / "nowhere"


def spoil_empty(directory):
    for path in (directory / "Images").iterdir():
        path.unlink()


def spoil_no_mask(directory):
    (directory / "Labels/p001.png").unlink()


def spoil_no_photo(directory):
    (directory / "Images/p001.jpg").unlink()


def spoil_size(directory):
    cv2.imwrite(str(directory / "Labels/p001.png"), np.zeros((50, 40), np.uint8))


def spoil_values(directory):
    mask = np.zeros((96, 72), np.uint8)
    mask[0, :3] = 1, 7, 255
    cv2.imwrite(str(directory / "Labels/p001.png"), mask)


def spoil_truncated(directory):
    path = directory / "Images/p001.jpg"
    path.write_bytes(path.read_bytes()[:-300])


def spoil_unreadable(directory):
    (directory / "Images/p001.jpg").write_bytes(b"no picture")


def spoil_empty_file(directory):
    (directory / "Images/p001.jpg").write_bytes(b"")


def spoil_same_id(directory):
    (directory / "Images/p001.png").write_bytes(b"")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (spoil_missing_folder, ["nowhere", "no such folder"]),
        (spoil_empty, ["Images", "holds no"]),
        (spoil_no_mask, ["p001.jpg", "no mask"]),
        (spoil_no_photo, ["p001.png", "no photo"]),
        (spoil_size, ["p001.png", "40×50", "72×96"]),
        (spoil_values, ["p001.png", "0, 1, 7, 255"]),
        (spoil_truncated, ["p001.jpg", "truncated"]),
        (spoil_unreadable, ["p001.jpg", "unreadable"]),
        (spoil_empty_file, ["p001.jpg", "an empty file"]),
        (spoil_same_id, ["p001.png", "same id"]),
    ],
)
def test_bad_folders_are_named_and_leave_nothing(tmp_path, capsys, spoil, words):
    directory = write_folder(tmp_path / "in", 3)
    directory = spoil(directory) or directory
    with pytest.raises(InputError) as caught:
        convert(directory, tmp_path / "out")
    assert all(word in str(caught.value) for word in words), caught.value
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()

    from pnet_tf_tools import convert as tool

    assert tool.main([f"--input_dir={directory}", f"--output_dir={tmp_path}/out"]) == 1
    assert capsys.readouterr().err == f"error: {caught.value}\n"
    assert not (tmp_path / "out").exists()


def test_unwritable_output(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file"):
        convert(write_folder(tmp_path / "in", 2), tmp_path / "file/out")


def test_pattern_without_files():
    with pytest.raises(InputError, match="matches no file"):
        records.find("/nowhere/*.tfrecord")


@pytest.mark.parametrize("feature", [{}, {"schema": 99}])
def test_records_of_another_schema(tmp_path, feature):
    values = {name: tf.train.Feature(int64_list=tf.train.Int64List(value=[v])) for name, v in feature.items()}
    path = tmp_path / "other.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as out:
        out.write(tf.train.Example(features=tf.train.Features(feature=values)).SerializeToString())
    with pytest.raises(InputError, match=r"other\.tfrecord.*schema 1"):
        records.find(str(path))


def test_another_schema_version_is_named(tmp_path, monkeypatch):
    items = listed(write_folder(tmp_path / "in", 1))
    monkeypatch.setattr(fields, "SCHEMA_VERSION", 2)
    writer.convert(items, tmp_path / "out", "train")
    monkeypatch.undo()
    with pytest.raises(InputError, match="found schema 2"):
        records.find(str(tmp_path / "out/train-*"))


def test_truncated_records_are_named(tmp_path):
    convert(write_folder(tmp_path / "in", 4), tmp_path / "out", shards=1)
    (path,) = (tmp_path / "out").glob("*.tfrecord")
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(InputError, match=r"train-00000-of-00001\.tfrecord: truncated or changed"):
        records.find(str(path))
    (tmp_path / "out/manifest.json").unlink()  # records that travelled without it
    paths = records.find(str(path))
    for reading in (lambda: records.count(paths), lambda: list(records.read(paths))):
        with pytest.raises(InputError, match=r"train-00000-of-00001\.tfrecord.*truncated"):
            reading()
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match="not a record file"):
        records.find(str(path))


def test_a_missing_shard_is_named(tmp_path):
    convert(write_folder(tmp_path / "in", 6), tmp_path / "out", shards=3)
    assert len(records.find(str(tmp_path / "out/train-00001-*"))) == 1  # a part on purpose
    (tmp_path / "out/train-00001-of-00003.tfrecord").unlink()
    with pytest.raises(InputError, match=r"train-00001-of-00003\.tfrecord: is missing"):
        records.find(str(tmp_path / "out/train-*"))


def test_records_without_manifest_are_not_deleted_unasked(tmp_path):
    photos = write_folder(tmp_path / "in", 2)
    convert(photos, tmp_path / "out")
    (tmp_path / "out/manifest.json").unlink()
    with pytest.raises(InputError, match="no manifest knows; --overwrite"):
        convert(photos, tmp_path / "out")
    assert records.count(records.find(str(tmp_path / "out/train-*"))) == 2
    convert(photos, tmp_path / "out", overwrite=True)


def test_two_conversions_at_once(tmp_path):
    (tmp_path / "out").mkdir()
    with writer._alone(tmp_path / "out"), pytest.raises(InputError, match="another conversion"):
        convert(write_folder(tmp_path / "in", 2), tmp_path / "out")


def test_same_photo_is_found_whatever_was_done_to_it(tmp_path):
    from tfrecords.prepare import Preparation

    photos = write_folder(tmp_path / "in", 2)
    convert(photos, tmp_path / "out")
    with pytest.raises(InputError, match="same photo"):
        convert(photos, tmp_path / "out", "val", preparation=Preparation(max_side=50))


@pytest.mark.parametrize("content", ["{}", "[]", '{"splits": {"train": {}}}', "nothing"])
def test_a_file_that_is_no_manifest(tmp_path, content):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/manifest.json").write_text(content)
    with pytest.raises(InputError, match=r"manifest\.json: not a manifest"):
        convert(write_folder(tmp_path / "in", 2), tmp_path / "out")
    assert (tmp_path / "out/manifest.json").read_text() == content


def test_a_failed_overwrite_keeps_the_old_records(tmp_path):
    """Even beside the leftovers of a run that was killed after its last word."""
    photos = write_folder(tmp_path / "in", 2)
    convert(photos, tmp_path / "out")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    (tmp_path / "out/.train-partial").mkdir()
    (tmp_path / "out/.train-partial/moving.txt").write_text("\n".join(before))
    (photos / "Images/p001.jpg").write_bytes(b"no photo")
    with pytest.raises(InputError, match="unreadable"):
        convert(photos, tmp_path / "out", overwrite=True)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
