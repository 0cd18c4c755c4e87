"""Stages side by side: in order, few at a time, and one error ends all."""

import contextlib
import threading

import pytest

from pnet_tf.video import stream


def test_order_is_kept_whoever_is_done_first():
    gates = [threading.Event() for _ in range(8)]

    def work(index: int) -> int:
        if index % 2 == 0 and index + 1 < len(gates):
            gates[index].wait(5)  # until the one behind it is done
        else:
            gates[index - 1].set()
        return 10 * index

    assert list(stream.mapped(stream.ahead(range(8)), work, workers=4)) == [10 * index for index in range(8)]


def test_few_are_under_way():
    """A consumer that takes one at a time: the source is never further ahead than what all stages may hold."""
    drawn = []

    def source():
        for index in range(1000):
            drawn.append(index)
            yield index

    taken = 0
    with contextlib.closing(stream.mapped(stream.ahead(source()), lambda one: one, workers=2)) as items:
        for _ in items:
            taken += 1
            assert len(drawn) <= taken + 2 * stream.HELD + 1
            if taken == 50:
                break
    assert len(drawn) < 70


@pytest.mark.parametrize("stage", ["source", "first", "second", "sink"])
def test_an_error_in_any_stage_ends_all(stage):
    def fail(at: str, index: int) -> int:
        if at == stage and index == 5:
            raise ValueError(at)
        return index

    def source():
        for index in range(100):
            yield fail("source", index)

    before, seen = threading.active_count(), []
    with (
        pytest.raises(ValueError, match=stage),
        contextlib.closing(stream.ahead(source())) as first,
        contextlib.closing(stream.mapped(first, lambda one: fail("first", one))) as second,
        contextlib.closing(stream.mapped(second, lambda one: fail("second", one), workers=3)) as items,
    ):
        for index in items:
            seen.append(fail("sink", index))
    assert seen == [0, 1, 2, 3, 4] and threading.active_count() == before


def test_an_empty_source():
    assert list(stream.mapped(stream.ahead(()), str)) == []
