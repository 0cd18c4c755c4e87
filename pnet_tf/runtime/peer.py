"""Other people's segmenters, to compare with and to learn from."""

import dataclasses
import pathlib
import re
from typing import Any, Protocol

import cv2
import numpy as np

from pnet_tf.errors import InputError
from pnet_tf.runtime.network import invoke, open_interpreter

ONNX = ".onnx"
SIDE_MULTIPLE = 32
"""What both sides of the input are rounded to where a network takes any size."""

_TYPES = ("float32", "uint8", "int8")
_NAME = re.compile(r"(?P<path>.+):(?P<low>-?\d+(\.\d+)?)\.\.(?P<high>\d+(\.\d+)?)(:(?P<side>[1-9]\d*))?")


@dataclasses.dataclass(frozen=True)
class Name:
    """What a --model or --teacher says of a peer.

    Attributes:
      path: of its file.
      span: the values that the pixels 0 and 255 become; None for a file that is no peer.
      side: the shorter side, pixels, that a network of free size is fed; None where the file fixes its size.
    """

    path: str
    span: tuple[float, float] | None = None
    side: int | None = None


def parse(model: str) -> Name:
    """`selfie.tflite:0..1` or `modnet.onnx:-1..1:384`; a path without a range behind it is no peer."""
    match = _NAME.fullmatch(model)
    if not match:
        return Name(model)
    return Name(match["path"], (float(match["low"]), float(match["high"])), match["side"] and int(match["side"]))


class _Backend(Protocol):
    """A file that answers for one photo of its size.

    Attributes:
      size: (height, width) of its input in pixels, None where any will do.
    """

    size: tuple[int, int] | None

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """(h, w, 3) float32 in the range that the network wants → (h', w', C) float32, its last output."""


class _TFLite:
    def __init__(self, path: str, threads: int):
        self._path = path
        self._interpreter = open_interpreter(pathlib.Path(path).read_bytes(), threads, path)
        inputs = self._interpreter.get_input_details()
        if len(inputs) != 1:
            raise InputError(f"{path}: takes {len(inputs)} inputs, not one RGB photo [1, H, W, 3]")
        self._input, self._output = inputs[0], self._interpreter.get_output_details()[-1]
        shape, kind = self._input["shape"], np.dtype(self._input["dtype"]).name
        if len(shape) != 4 or shape[3] != 3 or kind not in _TYPES:
            raise InputError(f"{path}: takes {kind} {list(map(int, shape))}, not one RGB photo [1, H, W, 3]")
        kind = np.dtype(self._output["dtype"]).name
        if kind not in _TYPES or (kind != "float32" and not self._output["quantization"][0]):
            raise InputError(f"{path}: answers with {kind} and no scale, neither a probability nor logits")
        self.size = int(shape[1]), int(shape[2])

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        self._interpreter.set_tensor(self._input["index"], self._to_input(pixels)[None])
        invoke(self._interpreter, self._path)
        answer = self._interpreter.get_tensor(self._output["index"])[0].astype(np.float32)
        scale, zero_point = self._output["quantization"]
        return (answer - zero_point) * np.float32(scale) if scale else answer

    def _to_input(self, pixels: np.ndarray) -> np.ndarray:
        dtype, (scale, zero_point) = self._input["dtype"], self._input["quantization"]
        if dtype == np.float32:
            return pixels
        steps = np.rint(pixels / scale + zero_point) if scale else np.rint(pixels)
        return np.clip(steps, np.iinfo(dtype).min, np.iinfo(dtype).max).astype(dtype)


def open_onnx(path: str, threads: int) -> Any:
    """An onnxruntime session on the CPU; raises InputError without onnxruntime, or for a file that it cannot run."""
    try:
        import onnxruntime
    except ImportError:
        raise InputError(
            f"{path}: .onnx files need onnxruntime, which the runtime leaves out; in the project's folder: "
            "pip install '.[onnx]'"
        ) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = threads, 1, 4
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own classes derive from nothing narrower
        first_line = str(error).splitlines()[0] if str(error) else "unreadable"
        raise InputError(f"{path}: not an .onnx model that onnxruntime can run ({first_line})") from None


def run_onnx(session: Any, names: list[str] | None, fed: dict[str, np.ndarray], path: str) -> list[np.ndarray]:
    """The named outputs, None for all, of one inference; raises InputError for a file that fails in it."""
    try:
        return session.run(names, fed)
    except Exception as error:  # as above
        first_line = str(error).splitlines()[0] if str(error) else "no reason given"
        raise InputError(f"{path}: onnxruntime cannot run it ({first_line})") from None


class _Onnx:
    """[1, 3, H, W] or [1, H, W, 3] float32; the answer has its channels where the input has them."""

    def __init__(self, path: str, threads: int):
        self._session = open_onnx(path, threads)
        inputs = self._session.get_inputs()
        shape = inputs[0].shape if len(inputs) == 1 and inputs[0].type == "tensor(float)" else ()
        self._first = len(shape) == 4 and shape[1] == 3
        if not self._first and (len(shape) != 4 or shape[3] != 3):
            takes = ", ".join(f"{one.type} {one.shape}" for one in inputs)
            raise InputError(f"{path}: takes {takes}, not one RGB photo in float32")
        sides = shape[2:] if self._first else shape[1:3]
        self.size = tuple(sides) if all(isinstance(side, int) for side in sides) else None
        self._input, self._output = inputs[0].name, self._session.get_outputs()[-1].name
        self._path = path

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        fed = np.ascontiguousarray(pixels.transpose(2, 0, 1) if self._first else pixels, np.float32)[None]
        (answer,) = run_onnx(self._session, [self._output], {self._input: fed}, self._path)
        answer = np.asarray(answer, np.float32)[0]
        if answer.ndim == 2:
            return answer[..., None]
        if answer.ndim != 3:
            raise InputError(f"{self._path}: answers with {answer.ndim + 1} dimensions, which is no mask")
        return answer.transpose(1, 2, 0) if self._first else answer


class PeerNetwork:
    """A .tflite or .onnx segmenter of another contract: one RGB photo in; its last output is the mask.

    One output channel is the foreground probability, or its logit; several are logits or probabilities of classes of
    which the first is background, as in Google's multiclass selfie model. Which of the two they are shows in what the
    network says of a grey picture and of noise. Quantised tensors follow their scale and zero point.

    The photo is stretched to the size that the file fixes; a file of free size gets it in its own proportions.
    """

    def __init__(self, model: str, threads: int = 1):
        """Opens `path:low..high` or `path:low..high:side`, see `parse`.

        Raises:
          InputError: no range, a side where the file fixes its size or none where it does not, no such file, one that
            cannot be run, or one that takes no photo.
        """
        name = parse(model)
        if name.span is None:
            raise InputError(f"{model}: say what range its pixels have, such as {model}:0..1 or {model}:-1..1")
        if not pathlib.Path(name.path).is_file():
            raise InputError(f"{name.path}: no such model file")
        (self._low, self._high), self._side = name.span, name.side
        self._backend: _Backend = (_Onnx if name.path.endswith(ONNX) else _TFLite)(name.path, threads)
        if self._backend.size and name.side:
            raise InputError(f"{model}: the file fixes its size to {self._backend.size}; leave :{name.side} out")
        if not self._backend.size and not name.side:
            raise InputError(f"{model}: takes any size; name the shorter side to feed it, such as {model}:384")
        self._activated = True
        said = [self.raw(picture) for picture in _pictures()]
        self._activated = all(_are_probabilities(answer) for answer in said)

    @property
    def is_of_fixed_size(self) -> bool:
        """Whether the file says what size it takes."""
        return self._backend.size is not None

    @property
    def height(self) -> int:
        """Of the input, pixels; raises InputError where the file does not fix it, as `width` does."""
        return self._fixed()[0]

    @property
    def width(self) -> int:
        """See `height`."""
        return self._fixed()[1]

    def _fixed(self) -> tuple[int, int]:
        if not self._backend.size:
            raise InputError("--resize: the network takes photos of any size in their own proportions; leave it out")
        return self._backend.size

    def size_for(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) in pixels that a photo of this size is scaled to."""
        if self._backend.size:
            return self._backend.size
        scale = self._side / min(height, width)
        high, wide = (SIDE_MULTIPLE * max(1, round(side * scale / SIDE_MULTIPLE)) for side in (height, width))
        return high, wide

    def __call__(self, rgb: np.ndarray) -> np.ndarray:
        """(h, w, 3) uint8 RGB of any size → (h', w') float32 foreground probability 0..1 of the whole photo."""
        answer = self.raw(rgb)
        if answer.shape[-1] == 1:
            return answer[..., 0] if self._activated else 1 / (1 + np.exp(-answer[..., 0]))
        if self._activated:
            return 1 - answer[..., 0]
        exponent = np.exp(answer - answer.max(axis=-1, keepdims=True))
        return 1 - exponent[..., 0] / exponent.sum(axis=-1)

    def raw(self, rgb: np.ndarray) -> np.ndarray:
        """(h, w, 3) uint8 RGB of any size → (h', w', C) float32, the network's last output as it is."""
        height, width = self.size_for(*rgb.shape[:2])
        fitted = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
        return self._backend(fitted / np.float32(255) * np.float32(self._high - self._low) + np.float32(self._low))


def _pictures() -> list[np.ndarray]:
    """A grey one and one of noise, (64, 64, 3) uint8, on which probabilities and logits are told apart."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    return [np.full_like(noise, 128), noise]


def _are_probabilities(answer: np.ndarray) -> bool:
    """Whether (h, w, C) lies within 0..1, and sums to 1 over several classes, but for rounding to 8 bits."""
    slack = 1 / 64
    inside = answer.min() >= -slack and answer.max() <= 1 + slack
    return bool(inside and (answer.shape[-1] == 1 or np.abs(answer.sum(axis=-1) - 1).max() <= slack))
