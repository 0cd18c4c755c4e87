import pytest

from pnet_tf.benchmark import latency


def test_timing_summary_by_order_statistics():
    # 100 runs of 1..100 ms: ranks 50 ± 0.98·10 around the median.
    start = {"initialisation": 1.0, "first": 2.0, "memory": None}
    found = latency._summary(__file__, 1, [float(n) for n in range(1, 101)], start)
    assert found.median == 50.5
    assert (found.low, found.high) == (41.0, 61.0)
    assert found.p90 == pytest.approx(90.1)
