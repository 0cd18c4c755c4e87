"""Where an int8 file loses precision: each operator's output beside the same one of the float file, on photos."""

import dataclasses

import numpy as np

from pnet_tf.errors import InputError
from pnet_tf.runtime.network import TFLiteNetwork

_BETWEEN_TYPES = ("QUANTIZE", "DEQUANTIZE", "DELEGATE")


@dataclasses.dataclass(frozen=True)
class Layer:
    """One operator's output in both files.

    Attributes:
      position: of the operator in the int8 file, from 0.
      name: of the layer.
      operator: such as CONV_2D.
      scale: of the int8 tensor.
      rmse: root of the mean squared difference over all photos, what earlier operators lost included.
      steps: rmse / scale; rounding alone leaves 1/√12 = 0.29.
      largest: the largest difference.
    """

    position: int
    name: str
    operator: str
    scale: float
    rmse: float
    steps: float
    largest: float


def _outputs(network: TFLiteNetwork) -> list[tuple[int, str, dict]]:
    """Position, operator and output tensor of every operator that computes, in the order of the file."""
    interpreter = network.interpreter
    tensors = {one["index"]: one for one in interpreter.get_tensor_details()}
    return [
        (position, one["op_name"], tensors[one["outputs"][0]])
        for position, one in enumerate(interpreter._get_ops_details())
        if one["op_name"] not in _BETWEEN_TYPES
    ]


def compare(int8_file: bytes, float_file: bytes, photos: list[np.ndarray]) -> list[Layer]:
    """How far each operator of an int8 file is from its float counterpart; the worst, in steps, first.

    An operator hands its loss on, so the culprit is the first of the worst by position.

    Both run on LiteRT's own kernels: XNNPACK's outputs cannot be looked at, and round the same but for single steps.

    Args:
      int8_file: from `convert.convert` in an int8 mode.
      float_file: from `convert.float_reference`, of the same model.
      photos: (H, W, 3) uint8 RGB of the network's size.
    """
    ours, theirs = (TFLiteNetwork(content, keep_tensors=True) for content in (int8_file, float_file))
    mine, others = list(_outputs(ours)), list(_outputs(theirs))
    kinds = [[(operator, list(tensor["shape"])) for _, operator, tensor in one] for one in (mine, others)]
    if kinds[0] != kinds[1]:
        raise InputError(
            "--debug_layers: the int8 file and its float twin do not have the same operators; leave it out"
        )
    pairs = list(zip(mine, others, strict=True))
    squares, largest = np.zeros(len(pairs)), np.zeros(len(pairs))
    for photo in photos:
        ours(photo), theirs(photo)
        for index, ((_, _, tensor), (_, _, other)) in enumerate(pairs):
            scale, zero_point = tensor["quantization"]
            stored = ours.interpreter.get_tensor(tensor["index"]).astype(np.float32)
            difference = (stored - zero_point) * scale - theirs.interpreter.get_tensor(other["index"])
            squares[index] += np.square(difference, dtype=np.float64).mean()
            largest[index] = max(largest[index], np.abs(difference).max())
    found = []
    for ((position, operator, tensor), (_, _, other)), square, most in zip(pairs, squares, largest, strict=True):
        scale, rmse = float(tensor["quantization"][0]), float(np.sqrt(square / len(photos)))
        name = other["name"].split("/")[0]
        found.append(Layer(position, name, operator, scale, rmse, rmse / scale, float(most)))
    return sorted(found, key=lambda one: -one.steps)


def to_text(found: list[Layer], count: int = 10) -> str:
    """The worst of them to read, a line each."""
    lines = [
        f"{'worst layers':28}{'place':>6}  {'operator':20}{'scale':>10}{'rmse':>10}{'rmse/scale':>12}{'largest':>10}"
    ]
    lines += [
        f"{one.name:28}{one.position:6}  {one.operator:20}{one.scale:10.4g}{one.rmse:10.4g}{one.steps:12.2f}"
        f"{one.largest:10.4g}"
        for one in found[:count]
    ]
    return "\n".join(lines)
