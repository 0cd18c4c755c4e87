"""The size of a network: parameters and multiply-adds, by one named convention.

* Parameters: kernels, biases, gamma and beta, trained or not; the moving statistics of batch norm are none.
* Multiply-adds: of the convolutions alone, one multiplication with its addition as one. A deconvolution is
  charged at its input's size, each of whose pixels meets every weight once. Batch norm, ReLU, sums and
  resizes count nothing.
"""

import dataclasses
import math

from pnet_tf import config
from pnet_tf.model.build import build
from pnet_tf.model.portraitnet import BOUNDARY_HEAD
from pnet_tf.stack import keras

CONVENTION = (
    "batch norm's gamma and beta counted, its moving statistics not; one multiplication with its addition as one, "
    "of convolutions alone, a deconvolution at its input's size"
)


@dataclasses.dataclass(frozen=True)
class Size:
    """Parameters and multiply-adds of one photo."""

    parameters: int
    multiply_adds: int

    def __add__(self, other: "Size") -> "Size":
        return Size(self.parameters + other.parameters, self.multiply_adds + other.multiply_adds)

    def __sub__(self, other: "Size") -> "Size":
        return Size(self.parameters - other.parameters, self.multiply_adds - other.multiply_adds)


def layer_size(layer: keras.layers.Layer) -> Size:
    """One layer's share."""
    numbers = [weight for weight in layer.weights if weight.dtype.is_floating]  # a count of calls is no parameter
    sizes = {weight.name.split("/")[-1].split(":")[0]: math.prod(weight.shape) for weight in numbers}
    parameters = sum(size for name, size in sizes.items() if not name.startswith("moving_"))
    kernels = sum(size for name, size in sizes.items() if name.endswith("kernel"))
    if not kernels:
        return Size(parameters, 0)
    # A transposed convolution computes from each input pixel what the others compute for each output pixel.
    transposed = math.prod(layer.output.shape[1:3]) > math.prod(layer.input.shape[1:3])
    positions = math.prod((layer.input if transposed else layer.output).shape[1:3])
    return Size(parameters, kernels * positions)


def model_size(model: keras.Model) -> Size:
    """A training graph, boundary head included (float, from `build.build`)."""
    parts = [layer_size(layer) for layer in model.layers]
    return Size(sum(part.parameters for part in parts), sum(part.multiply_adds for part in parts))


def inference_size(model: keras.Model) -> Size:
    """The same without the boundary head, if there is one; no deployed file has it."""
    return model_size(model) - sum((layer_size(one) for one in _boundary_head(model)), Size(0, 0))


def _boundary_head(model: keras.Model) -> list[keras.layers.Layer]:
    return [layer for layer in model.layers if layer.name == BOUNDARY_HEAD]


def table(settings: config.Model) -> str:
    """Both sizes of a network to read, with the convention."""
    model = build(settings)
    rows = [("inference", inference_size(model))]
    if _boundary_head(model):
        rows.append(("with the boundary head", model_size(model)))
    title = f"{settings.network}, {settings.input_height}×{settings.input_width}"
    if settings.network in config.OF_MOBILENET:
        title += f", width {settings.width:g}"
    extras = {
        f"{settings.upsampling} up-sampling": settings.network in config.OF_MOBILENET,
        "prior": settings.prior,
        "skip at 1/2": settings.finest_skip == 2,
        "heads at 1/2": settings.head_rate == 2,
        "edge filter": settings.edge_filter,
    }
    lines = [
        ", ".join([title, *(name for name, there in extras.items() if there)]),
        f"{'':24}{'parameters':>12}{'multiply-adds':>16}",
        *(f"{name:24}{size.parameters:12,}{size.multiply_adds / 1e6:14.1f} M" for name, size in rows),
        f"({CONVENTION})",
    ]
    return "\n".join(lines)
