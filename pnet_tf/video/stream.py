"""Stages that work at the same time and in order, with few items under way: memory does not grow with a clip."""

import collections
import concurrent.futures
import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")

HELD = 4
"""Items that a stage has under way or ready."""

_END = object()


@contextlib.contextmanager
def _workers(count: int) -> Iterator[concurrent.futures.ThreadPoolExecutor]:
    """Threads that end with the block; what has not begun then is dropped, whatever ended it."""
    pool = concurrent.futures.ThreadPoolExecutor(count)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def ahead(source: Iterable[Item], held: int = HELD) -> Iterator[Item]:
    """The source's items, taken from it by a thread of its own before they are asked for.

    An error of the source is raised where its item would come.
    """
    iterator = iter(source)
    with _workers(1) as pool:
        waiting = collections.deque(pool.submit(next, iterator, _END) for _ in range(held))
        while (item := waiting.popleft().result()) is not _END:
            waiting.append(pool.submit(next, iterator, _END))
            yield item


def mapped(
    source: Iterable[Item], function: Callable[[Item], Made], workers: int = 1, held: int = HELD
) -> Iterator[Made]:
    """`function` of every item, in order, by threads of its own; with one worker one item after the other.

    An error of the source or of `function` ends the stream where its item would come.
    """
    with _workers(workers) as pool:
        waiting: collections.deque[concurrent.futures.Future] = collections.deque()
        iterator, failure = iter(source), None
        while True:
            try:
                item = next(iterator, _END)
            except Exception as error:  # what came before it goes first
                failure = error
                break
            if item is _END:
                break
            waiting.append(pool.submit(function, item))
            if len(waiting) >= held:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
        if failure:
            raise failure
