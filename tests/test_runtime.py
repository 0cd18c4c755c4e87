import numpy as np
import pytest

from pnet_tf.benchmark import latency
from pnet_tf.cutout import compose
from pnet_tf.errors import InputError
from pnet_tf.pictures import reader, writer
from pnet_tf.runtime.segmenter import Segmenter


class Threshold:
    """A network that calls bright pixels foreground."""

    height, width = 32, 32

    def __call__(self, rgb):
        assert rgb.shape == (32, 32, 3) and rgb.dtype == np.uint8
        return (rgb[..., 0] > 200).astype(np.float32)


@pytest.mark.parametrize("mode", ["letterbox", "stretch"])
def test_segmenter_answers_at_the_photos_size(mode):
    photo = np.zeros((120, 80, 3), np.uint8)
    photo[60:] = 255
    probability = Segmenter(Threshold(), mode)(photo)
    assert probability.shape == (120, 80) and probability.dtype == np.float32
    assert (probability[:54] == 0).all() and (probability[66:] == 1).all()


def test_cut_out_carries_the_probability():
    rgba = compose.cut_out(np.full((1, 3, 3), 7, np.uint8), np.array([[0, 0.5, 1]], np.float32))
    assert rgba[0, :, 3].tolist() == [0, 128, 255] and (rgba[..., :3] == 7).all()


def test_over_blends_linearly():
    blended = compose.over(np.full((1, 3, 3), 200, np.uint8), np.array([[0, 0.25, 1]], np.float32), np.zeros(3))
    assert blended[0, :, 0].tolist() == [0, 50, 200]


def test_blur_keeps_the_person_out_of_the_background():
    """A white person before black: none of the white may leak into the background's blur."""
    photo = np.zeros((100, 100, 3), np.uint8)
    photo[:, 50:] = 255
    probability = np.zeros((100, 100), np.float32)
    probability[:, 50:] = 1
    assert compose.blurred(photo, probability)[:, :45].max() <= 2


@pytest.mark.parametrize("size", [(10, 40), (40, 10), (100, 100), (7, 7)])
def test_backdrop_fills_the_photo(size):
    assert compose.filled(np.zeros((*size, 3), np.uint8), 30, 20).shape == (30, 20, 3)


def test_pictures_round_trip(tmp_path):
    rgba = np.random.default_rng(0).integers(0, 256, (5, 4, 4)).astype(np.uint8)
    writer.write(tmp_path / "new/a.png", rgba[..., :3])
    assert np.array_equal(reader.read(tmp_path / "new/a.png").rgb, rgba[..., :3])
    with pytest.raises(InputError, match=r"a\.jpg"):
        writer.write(tmp_path / "a.jpg", rgba)
    with pytest.raises(InputError, match=r"a\.gif"):
        writer.write(tmp_path / "a.gif", rgba[..., :3])
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == ["a.png"]


def test_timing_summary_by_order_statistics():
    # 100 runs of 1..100 ms: ranks 50 ± 0.98·10 around the median.
    start = {"initialisation": 1.0, "first": 2.0, "memory": None}
    found = latency._summary(__file__, 1, [float(n) for n in range(1, 101)], start)
    assert found.median == 50.5
    assert (found.low, found.high) == (41.0, 61.0)
    assert found.p90 == pytest.approx(90.1)
