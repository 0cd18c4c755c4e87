"""What an exported file is made of and how far it is from the model that it came from."""

import collections
import dataclasses
from typing import Any

import numpy as np

from pnet_tf.runtime.network import TFLiteNetwork
from pnet_tf.runtime.segmenter import Network

_INTEGER_KINDS = ("int8", "uint8", "int32")


@dataclasses.dataclass(frozen=True)
class Report:
    """One exported file.

    Attributes:
      bytes: file size.
      operators: operator → how many, before any delegate.
      float_tensors: names of tensors that are neither int8, uint8 nor int32.
      xnnpack_partitions: how many pieces of the graph XNNPACK takes.
      input, output: type, scale and zero point.
      max_difference: largest difference of the foreground probability to the model's, on the photos.
      agreement: share of pixels on the same side of 0.5 as the model's.
      photos: how many photos the last two were measured on.
    """

    bytes: int
    operators: dict[str, int]
    float_tensors: list[str]
    xnnpack_partitions: int
    input: dict[str, Any]
    output: dict[str, Any]
    max_difference: float | None = None
    agreement: float | None = None
    photos: int = 0

    def to_text(self) -> str:
        """The same to read, a line each."""
        operators = ", ".join(f"{name} ×{n}" for name, n in self.operators.items())
        lines = [
            f"size        {self.bytes / 1e6:.2f} MB",
            f"input       {_shown(self.input)}",
            f"output      {_shown(self.output)}",
            f"operators   {operators}",
            f"float       {len(self.float_tensors)} tensors",
            f"XNNPACK     {self.xnnpack_partitions} partition" + ("s" if self.xnnpack_partitions != 1 else ""),
        ]
        if self.photos:
            lines.append(
                f"to model    {100 * self.agreement:.3f} % of pixels agree, largest difference "
                f"{self.max_difference:.2g}, {self.photos} photos"
            )
        return "\n".join(lines)


def _shown(end: dict[str, Any]) -> str:
    return f"{end['type']}, scale {end['scale']:g}, zero point {end['zero_point']}"


def _ends(detail: dict) -> dict[str, Any]:
    scale, zero_point = detail["quantization"]
    return {"type": np.dtype(detail["dtype"]).name, "scale": float(scale), "zero_point": int(zero_point)}


def inspect(content: bytes, reference: Network | None = None, photos: list[np.ndarray] | None = None) -> Report:
    """Looks into a file and, where a reference is given, compares the two on photos.

    Args:
      content: the .tflite.
      reference: the model that it came from, for example `KerasNetwork`.
      photos: (H, W, 3) uint8 RGB of the network's size.
    """
    network = TFLiteNetwork(content)
    interpreter = network.interpreter
    operators = collections.Counter(one["op_name"] for one in interpreter._get_ops_details())
    partitions = operators.pop("DELEGATE", 0)
    tensors = interpreter.get_tensor_details()
    names = [one["name"] for one in tensors if np.dtype(one["dtype"]).name not in _INTEGER_KINDS]
    difference = agreement = None
    if reference is not None and photos:
        ours = np.stack([network(photo) for photo in photos])
        theirs = np.stack([reference(photo) for photo in photos])
        difference = float(np.abs(ours - theirs).max())
        agreement = float(((ours > 0.5) == (theirs > 0.5)).mean())
    return Report(
        len(content),
        dict(operators.most_common()),
        names,
        partitions,
        _ends(interpreter.get_input_details()[0]),
        _ends(interpreter.get_output_details()[0]),
        difference,
        agreement,
        len(photos or []) if reference is not None else 0,
    )
