"""A model file that is open and filled with numbers, to be run again and again."""

import pathlib
from collections.abc import Callable

import numpy as np

from pnet_tf.errors import InputError
from pnet_tf.runtime import peer
from pnet_tf.runtime.network import invoke, open_interpreter

Fill = Callable[[], Callable[[], object]]
"""Fills an open file's inputs with whole numbers 0..126, which each type can hold; then the file runs once a call."""


def opened(model: str, threads: int) -> Fill:
    """Opens a .tflite or .onnx file; a range and a side may stand behind its path, as for `peer.parse`.

    Raises:
      InputError: a file that cannot be run, or an .onnx file that takes any size and has no side behind it.
    """
    name = peer.parse(model)
    if name.path.endswith(peer.ONNX):
        return _onnx(name.path, name.side, threads)
    return of_content(pathlib.Path(name.path).read_bytes(), threads, name.path)


def of_content(content: bytes, threads: int, origin: str) -> Fill:
    """As `opened`, of a .tflite file's content; `origin` is what messages call it."""
    interpreter = open_interpreter(content, threads, origin)

    def fill() -> Callable[[], None]:
        rng = np.random.default_rng(0)
        for detail in interpreter.get_input_details():
            interpreter.set_tensor(detail["index"], rng.integers(0, 127, detail["shape"]).astype(detail["dtype"]))
        return lambda: invoke(interpreter, origin)

    return fill


def _onnx(path: str, side: int | None, threads: int) -> Fill:
    session = peer.open_onnx(path, threads)

    def fill() -> Callable[[], object]:
        rng, fed = np.random.default_rng(0), {}
        for one in session.get_inputs():
            if side is None and not all(isinstance(length, int) for length in one.shape[1:]):
                raise InputError(f"{path}: takes any size; name the side to time it at, such as {path}:-1..1:384")
            shape = [
                length if isinstance(length, int) else side if place else 1 for place, length in enumerate(one.shape)
            ]
            fed[one.name] = rng.integers(0, 127, shape).astype(np.float32)
        return lambda: peer.run_onnx(session, None, fed, path)

    return fill
