import numpy as np
import pytest

from pnet_tf.benchmark import latency
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


def test_timing_summary_by_order_statistics():
    # 100 runs of 1..100 ms: ranks 50 ± 0.98·10 around the median.
    start = {"initialisation": 1.0, "first": 2.0, "memory": None}
    found = latency._summary(__file__, 1, [float(n) for n in range(1, 101)], start)
    assert found.median == 50.5
    assert (found.low, found.high) == (41.0, 61.0)
    assert found.p90 == pytest.approx(90.1)
