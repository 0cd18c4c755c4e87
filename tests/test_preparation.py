"""Photo and mask before they are written: cropped about the face, and scaled."""

import cv2
import numpy as np
import pytest

from helpers import write_folder, write_photo
from pnet_tf.errors import InputError
from pnet_tf.pictures import face
from tfrecords import crop, prepare, sources

OPTIONS = sources.Options()


@pytest.mark.parametrize("photo_size", [(1000, 2000), (2000, 1000), (300, 300), (100, 5000)])
@pytest.mark.parametrize("at", [(0.5, 0.5), (0.02, 0.1), (0.99, 0.95)])
def test_crop_is_three_to_four_and_inside(photo_size, at):
    height, width = photo_size
    top, left, crop_height, crop_width = crop.frame(height, width, (at[0] * width, at[1] * height, 90))
    assert crop_width / crop_height == pytest.approx(3 / 4, abs=0.02)
    assert top >= 0 and top + crop_height <= height and left >= 0 and left + crop_width <= width


def test_crop_gives_the_face_its_share():
    """In a large photo the face takes 11 % of the frame, its centre at 40 % of the height and half the width."""
    top, left, height, width = crop.frame(4000, 4000, (2000, 2000, 200))
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
