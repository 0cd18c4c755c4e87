"""What changes in the course of a run: the input size, and whether the encoder learns."""

import dataclasses
import itertools

from pnet_tf import config
from pnet_tf.errors import InputError


@dataclasses.dataclass(frozen=True)
class Phase:
    """Steps `start` to `end` (exclusive) at one input size, the encoder learning or not."""

    start: int
    end: int
    height: int
    width: int
    encoder_frozen: bool


def plan(experiment: config.Experiment, steps_per_epoch: int) -> list[Phase]:
    """The phases of a run in order; one phase where nothing changes.

    Raises:
      InputError: progressive sizes to the very end, or a height whose width 32 does not divide.
    """
    model, training = experiment.model, experiment.training
    progressive = config.sizes_by_epoch(training.progressive_sizes)
    if progressive and progressive[-1][1] >= training.epochs:
        raise InputError(
            f"progressive_sizes={training.progressive_sizes}: with {training.epochs} epochs none is left at full size"
        )
    sizes = [*progressive, (model.input_height, training.epochs)]
    borders = {0, training.epochs, training.frozen_encoder_epochs, *(until for _, until in sizes)}
    epochs = sorted(border for border in borders if border <= training.epochs)
    phases = []
    for first, last in itertools.pairwise(epochs):
        height = next(size for size, until in sizes if first < until)
        width, rest = divmod(height * model.input_width, model.input_height)
        if rest or width % 32:
            raise InputError(
                f"progressive_sizes={training.progressive_sizes}: height {height} gives no width that 32 divides "
                f"beside {model.input_height}×{model.input_width}"
            )
        frozen = first < training.frozen_encoder_epochs
        phases.append(Phase(first * steps_per_epoch, last * steps_per_epoch, height, width, frozen))
    return phases
