"""What an exported file is made of and how far it is from the model that it came from."""

import collections
import dataclasses
from typing import Any

import numpy as np

from pnet_tf.benchmark import latency as clock
from pnet_tf.export.layers import Layer
from pnet_tf.metrics import masks
from pnet_tf.runtime.network import TFLiteNetwork
from pnet_tf.runtime.segmenter import Network

_INTEGER_KINDS = ("int8", "uint8", "int32", "bool")
_CHANNEL_AXIS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "TRANSPOSE_CONV": 0}
"""Of each convolution's kernel, the axis of its output channels."""


@dataclasses.dataclass(frozen=True)
class Scales:
    """What a quantised file's scales look like.

    Attributes:
      kernels: how many convolutions have a quantised kernel.
      one_scale: those of them whose kernel has fewer scales than output channels, by output tensor.
      resizes: how many bilinear resizes and depth-to-space operators there are, which have one scale by definition.
      unequal_resizes: those whose input and output differ in scale or zero point, by output tensor.
      between: QUANTIZE and DEQUANTIZE from one operator's output to another operator, by output tensor; those at the
        file's ends and behind stored weights do not count.
    """

    kernels: int
    one_scale: list[str]
    resizes: int
    unequal_resizes: list[str]
    between: list[str]


@dataclasses.dataclass(frozen=True)
class Report:
    """One exported file.

    Attributes:
      bytes: file size.
      operators: operator → how many, before any delegate.
      float_tensors: names of tensors that are neither int8, uint8, int32 nor bool.
      xnnpack_partitions: how many pieces of the graph XNNPACK takes.
      input, output: type, scale and zero point.
      scales: where they are per channel, and equal.
      latency: median milliseconds on this machine, one thread.
      max_difference: largest difference of the foreground probability to the model's, on the photos.
      agreement: share of pixels on the same side of 0.5 as the model's.
      photos: how many photos the last two were measured on.
      scores: "file" and "model" → size → the figures of `masks.Scores.result`, where labelled photos were given.
      layers: each operator's difference to float, the worst first, where they were asked for.
    """

    bytes: int
    operators: dict[str, int]
    float_tensors: list[str]
    xnnpack_partitions: int
    input: dict[str, Any]
    output: dict[str, Any]
    scales: Scales
    latency: float
    max_difference: float | None = None
    agreement: float | None = None
    photos: int = 0
    scores: dict[str, dict[str, dict[str, float]]] | None = None
    layers: list[Layer] | None = None

    def to_text(self) -> str:
        """The same to read, a line each; the layers are left to `layers.to_text`."""
        operators = ", ".join(f"{name} ×{n}" for name, n in self.operators.items())
        lines = [
            f"size        {self.bytes / 1e6:.2f} MB",
            f"input       {_shown(self.input)}",
            f"output      {_shown(self.output)}",
            f"operators   {operators}",
            f"float       {len(self.float_tensors)} tensors",
            *_scale_lines(self.scales),
            f"XNNPACK     {self.xnnpack_partitions} partition" + ("s" if self.xnnpack_partitions != 1 else ""),
            f"latency     {self.latency:.2f} ms here, median, 1 thread",
        ]
        if self.photos:
            lines.append(
                f"to model    {100 * self.agreement:.3f} % of pixels agree, largest difference "
                f"{self.max_difference:.2g}, {self.photos} photos"
            )
        if self.scores:
            for size in _SHOWN_SIZES:
                of_file, of_model = (self.scores[one][size] for one in ("file", "model"))
                shown = (f"{100 * of_file[name]:.2f} (model {100 * of_model[name]:.2f})" for name in _SHOWN_SCORES)
                lines.append(
                    "{:12}foreground IoU {}, Boundary IoU {}, per cent".format(f"at {size.split('_')[0]}", *shown)
                )
        return "\n".join(lines)


_SHOWN_SIZES = ("network_size", "photo_size")
_SHOWN_SCORES = (masks.FOREGROUND_IOU, masks.BOUNDARY_IOU)


def _scale_lines(scales: Scales) -> list[str]:
    if not scales.kernels:
        return []
    per_channel, equal = scales.kernels - len(scales.one_scale), scales.resizes - len(scales.unequal_resizes)
    lines = [
        (f"kernels     {per_channel} of {scales.kernels} per channel", scales.one_scale),
        (f"resizes     {equal} of {scales.resizes} with equal scales", scales.unequal_resizes),
        (f"between     {len(scales.between)} QUANTIZE or DEQUANTIZE between operators", scales.between),
    ]
    return [text + (f" ({', '.join(names)})" if names else "") for text, names in lines]


def _shown(end: dict[str, Any]) -> str:
    return f"{end['type']}, scale {end['scale']:g}, zero point {end['zero_point']}"


def _ends(detail: dict) -> dict[str, Any]:
    scale, zero_point = detail["quantization"]
    return {"type": np.dtype(detail["dtype"]).name, "scale": float(scale), "zero_point": int(zero_point)}


def scales_of(interpreter) -> Scales:
    """The scales of an open file (a LiteRT interpreter)."""
    tensors = {one["index"]: one for one in interpreter.get_tensor_details()}
    operators = [one for one in interpreter._get_ops_details() if one["op_name"] != "DELEGATE"]
    made = {index for one in operators for index in one["outputs"]}
    final = {one["index"] for one in interpreter.get_output_details()}
    kernels, resizes = 0, 0
    one_scale, unequal, between = [], [], []
    for one in operators:
        kind, output = one["op_name"], tensors[one["outputs"][0]]
        if kind in _CHANNEL_AXIS:
            kernel = tensors[one["inputs"][1]]
            count = len(kernel["quantization_parameters"]["scales"])
            kernels += count > 0
            if 0 < count < kernel["shape"][_CHANNEL_AXIS[kind]]:
                one_scale.append(output["name"])
        elif kind in ("RESIZE_BILINEAR", "DEPTH_TO_SPACE"):
            resizes += 1
            if tensors[one["inputs"][0]]["quantization"] != output["quantization"]:
                unequal.append(output["name"])
        elif kind in ("QUANTIZE", "DEQUANTIZE") and one["inputs"][0] in made and not final & set(one["outputs"]):
            between.append(output["name"])
    return Scales(kernels, one_scale, resizes, unequal, between)


def inspect(content: bytes, reference: Network | None = None, photos: list[np.ndarray] | None = None) -> Report:
    """Looks into a file and, where a reference is given, compares the two on photos.

    Args:
      content: the .tflite.
      reference: the model that it came from, for example `KerasNetwork`.
      photos: (H, W, 3) uint8 RGB of the network's size.
    """
    network = TFLiteNetwork(content)
    interpreter = network.interpreter
    scales, latency = scales_of(interpreter), clock.latency(content)
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
        scales,
        latency,
        difference,
        agreement,
        len(photos or []) if reference is not None else 0,
    )
