"""One .tflite file with the deployed contract, behind a plain call."""

import pathlib
from typing import Any

import numpy as np

from pnet_tf.errors import InputError
from pnet_tf.quiet import silent_stderr

INPUT, OUTPUT = "image", "foreground"
"""Names in the file's signature; other segmenters of the same shapes expect other pixel ranges."""

_INPUT_TYPES = (("uint8", (1.0, 0)), ("int8", (1.0, -128)), ("float32", (0.0, 0)))
_OUTPUT_TYPES = (("uint8", (1 / 256, 0)), ("int8", (1 / 256, -128)), ("float32", (0.0, 0)))
"""Type, scale and zero point that the contract allows."""


def open_interpreter(content: bytes, threads: int, origin: str, keep_tensors: bool = False):
    """A LiteRT interpreter with allocated tensors.

    Args:
      content: of the file.
      threads: for LiteRT's kernels.
      origin: what to call it in messages.
      keep_tensors: every operator's output can be read after a run, for which XNNPACK stays out.

    Raises:
      InputError: the bytes are no .tflite model, or one that this runtime cannot run.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    kernels = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES if keep_tensors else OpResolverType.AUTO
    try:
        with silent_stderr():
            interpreter = Interpreter(
                model_content=content,
                num_threads=threads,
                experimental_op_resolver_type=kernels,
                experimental_preserve_all_tensors=keep_tensors,
            )
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        first_line = str(error).splitlines()[0] if str(error) else "unreadable"
        raise InputError(f"{origin}: not a .tflite model that LiteRT can run ({first_line})") from None
    return interpreter


def invoke(interpreter: Any, origin: str) -> None:
    """One inference; raises InputError where an operator of a damaged or foreign file cannot run."""
    try:
        interpreter.invoke()
    except (ValueError, RuntimeError) as error:
        raise InputError(f"{origin}: LiteRT cannot run it ({str(error).splitlines()[0]})") from None


class TFLiteNetwork:
    """Runs a file that keeps the contract: [1, H, W, 3] raw RGB in, [1, H, W, 1] foreground probability out.

    Input and output may be uint8, int8 or float32; quantised ones follow their scale and zero point,
    float32 means 0..255 in and 0..1 out.

    Attributes:
      height, width: the network's input size, pixels.
      interpreter: the LiteRT interpreter behind it.
    """

    def __init__(self, model: str | pathlib.Path | bytes, threads: int = 1, keep_tensors: bool = False):
        """Opens a model file, or its content; `keep_tensors` as for `open_interpreter`.

        Raises:
          InputError: no such file, no .tflite, or one of another contract.
        """
        self._origin = origin = "the given bytes" if isinstance(model, bytes) else str(model)
        if not isinstance(model, bytes):
            if not pathlib.Path(model).is_file():
                raise InputError(f"{model}: no such model file")
            model = pathlib.Path(model).read_bytes()
        self.interpreter = open_interpreter(model, threads, origin, keep_tensors)
        inputs, outputs = self.interpreter.get_input_details(), self.interpreter.get_output_details()
        self._check(inputs, outputs, origin)
        self._input, self._output = inputs[0], outputs[0]
        self.height, self.width = (int(size) for size in self._input["shape"][1:3])

    def _check(self, inputs: list[dict], outputs: list[dict], origin: str) -> None:
        advice = "is not a PortraitNet file, which takes raw RGB and returns the foreground probability"
        signatures = self.interpreter.get_signature_list().values()
        names = [(one["inputs"], one["outputs"]) for one in signatures]
        if names != [([INPUT], [OUTPUT])]:
            raise InputError(f"{origin}: {advice} (no signature {INPUT} → {OUTPUT}); export one with pnet-export")
        shapes = [list(map(int, detail["shape"])) for detail in inputs + outputs]
        _, height, width, _ = shapes[0] if len(shapes[0]) == 4 else (0, 0, 0, 0)
        ends = [(np.dtype(one["dtype"]).name, one["quantization"]) for one in (inputs[0], outputs[0])]
        fits = ends[0] in _INPUT_TYPES and ends[1] in _OUTPUT_TYPES
        if shapes != [[1, height, width, 3], [1, height, width, 1]] or not fits:
            raise InputError(f"{origin}: {advice} (tensors {shapes}, {ends}); export one with pnet-export")

    def __call__(self, rgb: np.ndarray) -> np.ndarray:
        """(height, width, 3) uint8 RGB → (height, width) float32 foreground probability 0..1."""
        self.interpreter.set_tensor(self._input["index"], self._to_input(rgb)[None])
        invoke(self.interpreter, self._origin)
        raw = self.interpreter.get_tensor(self._output["index"])[0, ..., 0]
        scale, zero_point = self._output["quantization"]
        if self._output["dtype"] == np.float32:
            return raw
        return (raw.astype(np.float32) - zero_point) * np.float32(scale)

    def _to_input(self, rgb: np.ndarray) -> np.ndarray:
        dtype = self._input["dtype"]
        if dtype == np.int8:  # scale 1, zero point −128
            return (rgb.astype(np.int16) - 128).astype(np.int8)
        return rgb.astype(dtype, copy=False)
