"""Other people's segmenters, to compare with and to learn from."""

import pathlib
import re

import cv2
import numpy as np

from pnet_tf.errors import InputError
from pnet_tf.runtime.network import open_interpreter

_TYPES = ("float32", "uint8", "int8")
_RANGE = re.compile(r"(?P<path>.+):(?P<low>-?\d+(\.\d+)?)\.\.(?P<high>\d+(\.\d+)?)")


def split_range(model: str) -> tuple[str, tuple[float, float] | None]:
    """`selfie.tflite:0..1` → the path and the range of its pixels; None without such a suffix."""
    match = _RANGE.fullmatch(model)
    return (match["path"], (float(match["low"]), float(match["high"]))) if match else (model, None)


class PeerNetwork:
    """A .tflite segmenter of another contract: one RGB photo in, stretched; its last output is the mask.

    One output channel is the foreground probability; several are logits of classes of which the first is
    background, as in Google's multiclass selfie model. Quantised tensors follow their scale and zero point.

    Attributes:
      height, width: the network's input size, pixels.
    """

    def __init__(self, model: str, threads: int = 1):
        """Opens `path:low..high`, where low..high is the range that the pixels 0..255 become.

        Raises:
          InputError: no range, no such file, no .tflite, or one that takes no photo.
        """
        path, span = split_range(model)
        if span is None:
            raise InputError(f"{model}: say what range its pixels have, such as {model}:0..1 or {model}:-1..1")
        if not pathlib.Path(path).is_file():
            raise InputError(f"{path}: no such model file")
        self._low, self._high = span
        self._interpreter = open_interpreter(pathlib.Path(path).read_bytes(), threads, path)
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[-1]
        shape, kind = self._input["shape"], np.dtype(self._input["dtype"]).name
        if len(shape) != 4 or shape[3] != 3 or kind not in _TYPES:
            raise InputError(f"{path}: takes {kind} {list(map(int, shape))}, not one RGB photo [1, H, W, 3]")
        kind = np.dtype(self._output["dtype"]).name
        if kind not in _TYPES or (kind != "float32" and not self._output["quantization"][0]):
            raise InputError(f"{path}: answers with {kind} and no scale, neither a probability nor logits")
        self.height, self.width = int(shape[1]), int(shape[2])

    def __call__(self, rgb: np.ndarray) -> np.ndarray:
        """(h, w, 3) uint8 RGB of any size → (height, width) float32 foreground probability 0..1 of the whole photo."""
        stretched = cv2.resize(rgb, (self.width, self.height), interpolation=cv2.INTER_AREA).astype(np.float32)
        pixels = stretched / 255 * (self._high - self._low) + self._low
        self._interpreter.set_tensor(self._input["index"], self._to_input(pixels)[None])
        self._interpreter.invoke()
        answer = self._interpreter.get_tensor(self._output["index"])[0].astype(np.float32)
        scale, zero_point = self._output["quantization"]
        if scale:
            answer = (answer - zero_point) * np.float32(scale)
        if answer.shape[-1] == 1:
            return answer[..., 0]
        exponent = np.exp(answer - answer.max(axis=-1, keepdims=True))
        return 1 - exponent[..., 0] / exponent.sum(axis=-1)

    def _to_input(self, pixels: np.ndarray) -> np.ndarray:
        dtype, (scale, zero_point) = self._input["dtype"], self._input["quantization"]
        if dtype == np.float32:
            return pixels
        steps = np.rint(pixels / scale + zero_point) if scale else np.rint(pixels)
        return np.clip(steps, np.iinfo(dtype).min, np.iinfo(dtype).max).astype(dtype)
