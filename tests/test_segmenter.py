"""The Python interface: any thread, many files, and one line for what is no photo."""

import concurrent.futures
import doctest

import numpy as np
import pytest
from PIL import Image

import pnet_tf
from helpers import portrait, write_photo
from pnet_tf.errors import InputError
from pnet_tf.runtime import segmenter as segmenter_module
from pnet_tf.runtime.segmenter import Look, Segmenter


class Threshold:
    """A network that calls bright pixels foreground."""

    height, width = 32, 32

    def __call__(self, rgb):
        assert rgb.shape == (32, 32, 3) and rgb.dtype == np.uint8
        return (rgb[..., 0] > 200).astype(np.float32)


@pytest.mark.parametrize("mode", ["letterbox", "stretch"])
def test_it_answers_at_the_photos_size(mode):
    photo = np.zeros((120, 80, 3), np.uint8)
    photo[60:] = 255
    probability = Segmenter(Threshold(), mode)(photo)
    assert probability.shape == (120, 80) and probability.dtype == np.float32
    assert (probability[:54] == 0).all() and (probability[66:] == 1).all()


def test_the_pictures_of_a_photo():
    photo = np.zeros((128, 64, 3), np.uint8)
    photo[64:] = 255
    segmenter = Segmenter(Threshold())
    rgba = segmenter.cut_out(photo)
    assert rgba.shape == (128, 64, 4) and (rgba[:56, :, 3] == 0).all() and (rgba[72:, :, 3] == 255).all()
    assert (segmenter.replace(photo, np.array([9, 8, 7]))[:56] == [9, 8, 7]).all()
    assert (segmenter.replace(photo, np.full((10, 10, 3), 77, np.uint8))[:56] == 77).all()
    assert (segmenter.blur(photo)[72:] == 255).all()


def test_a_pictures_own_opacity_is_multiplied_in():
    photo = np.full((64, 64, 3), 255, np.uint8)
    own = np.zeros((64, 64), np.uint8)
    own[:32] = 100
    assert np.array_equal(Segmenter(Threshold()).matte(photo, own).opacity, own)


def test_two_people_and_the_largest():
    photo = np.zeros((64, 64, 3), np.uint8)
    photo[8:56, 4:30] = photo[20:44, 42:54] = 255
    both = Segmenter(Threshold()).matte(photo).opacity
    one = Segmenter(Threshold(), look=Look(keep="largest")).matte(photo).opacity
    assert both[30, 48] == 255 and one[30, 48] == 0 and one[30, 10] == 255


def test_right_from_any_thread():
    photos = [portrait(seed, 96, 72)[0] for seed in range(4)]
    segmenter = pnet_tf.load("portraitnet-lite", threads=1)
    expected = [segmenter(photo) for photo in photos]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda index: segmenter(photos[index % 4]), range(40)))
    assert all(np.array_equal(mask, expected[index % 4]) for index, mask in enumerate(found))


def test_many_files_are_read_as_they_are_asked_for(tmp_path):
    for index in (0, 2):
        write_photo(tmp_path / f"{index}.jpg", portrait(index)[0])
    asked = []

    def paths():
        for index in range(3):
            asked.append(index)
            yield tmp_path / f"{index}.jpg"

    errors = []
    segmented = Segmenter(Threshold()).files(paths(), errors.append)
    assert not asked
    path, matte = next(segmented)
    assert path.name == "0.jpg" and matte.opacity.shape == matte.rgb.shape[:2] and asked == [0]
    assert [path.name for path, _ in segmented] == ["2.jpg"]
    assert ["1.jpg: no such file" in str(error) for error in errors] == [True]
    with pytest.raises(InputError, match=r"1\.jpg"):
        list(Segmenter(Threshold()).files(paths()))


def test_the_examples_run():
    assert doctest.testmod(segmenter_module, optionflags=doctest.ELLIPSIS).failed == 0


@pytest.mark.parametrize(
    ("photo", "words"),
    [
        (np.zeros((8, 8, 3)), r"not float64 \(8, 8, 3\); \(255 \* rgb\)"),
        (np.zeros((8, 8, 3), np.uint16), r"not uint16 \(8, 8, 3\)"),
        (np.zeros((8, 8), np.uint8), r"dstack"),
        (np.zeros((8, 8, 4), np.uint8), r"leaves the opacity out"),
        (np.zeros((2, 8, 8, 3), np.uint8), r"one by one"),
        (np.zeros((0, 8, 3), np.uint8), r"which is empty"),
        (Image.new("RGB", (8, 8)), r"not Image; numpy.asarray\(image.convert"),
        ("me.jpg", r"not str"),
    ],
)
def test_what_is_no_photo_is_one_line(photo, words):
    with pytest.raises(InputError, match=words):
        Segmenter(Threshold())(photo)
