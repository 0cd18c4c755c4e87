"""All sections together: everything that decides what a training run computes."""

import dataclasses
import json
from typing import Any

from pnet_tf.config.checked import require
from pnet_tf.config.data import Data
from pnet_tf.config.loss import Loss
from pnet_tf.config.model import OF_MOBILENET, WITH_BOUNDARY_HEAD, Model
from pnet_tf.config.training import Training
from pnet_tf.errors import InputError


@dataclasses.dataclass(frozen=True)
class Experiment:
    """Everything that decides what a training run computes."""

    model: Model = dataclasses.field(default_factory=Model)
    data: Data = dataclasses.field(default_factory=Data)
    loss: Loss = dataclasses.field(default_factory=Loss)
    training: Training = dataclasses.field(default_factory=Training)

    def __post_init__(self) -> None:
        network, weight = self.model.network, self.loss.boundary_weight
        require(
            network in WITH_BOUNDARY_HEAD or not weight,
            f"boundary_weight={weight}: network={network} has no boundary head; use --boundary_weight=0",
        )
        require(
            network in OF_MOBILENET or not self.training.quantize,
            f"quantize: network={network} has no int8 twin; train it in float, and export it with --mode=int8_ptq",
        )
        require(
            not (self.model.edge_filter and self.training.quantize),
            "edge_filter: the int8 twin has none; train it in float, and export it with --mode=int8_ptq",
        )
        require(
            network in OF_MOBILENET or not self.training.frozen_encoder_epochs,
            f"frozen_encoder_epochs={self.training.frozen_encoder_epochs}: network={network} has no pretrained encoder",
        )

    def replace(self, **values: Any) -> "Experiment":
        """A copy with single fields changed, whichever section they live in.

        Raises:
          InputError: an unknown field (the known ones are listed) or a value that its section refuses.
        """
        owners = field_owners()
        changes: dict[str, dict[str, Any]] = {}
        for name, value in values.items():
            if name not in owners:
                raise InputError(f"unknown setting {name!r}: known are {', '.join(sorted(owners))}")
            changes.setdefault(owners[name], {})[name] = value
        sections = {name: dataclasses.replace(getattr(self, name), **change) for name, change in changes.items()}
        return dataclasses.replace(self, **sections)

    def to_json(self) -> str:
        """The experiment as indented JSON, a section an object."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"


SECTIONS = {"model": Model, "data": Data, "loss": Loss, "training": Training}


def field_owners() -> dict[str, str]:
    """Each setting's name → the section that it lives in."""
    return {field.name: section for section, kind in SECTIONS.items() for field in dataclasses.fields(kind)}
