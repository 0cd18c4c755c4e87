"""Settings of the objective (paper, equations 1 to 9 and 13)."""

import dataclasses
from typing import Literal

from pnet_tf.config.checked import Checked, require


@dataclasses.dataclass(frozen=True)
class Loss(Checked):
    """Weights and exponents of the objective (equations 1 to 9 and 13)."""

    boundary_weight: float = 0.3
    """β of equation 13; 0 switches the term off. Table 1's ablation uses λ = 0.1."""
    boundary_views: Literal["both", "clean", "textured"] = "both"
    """Which views carry the boundary loss; the authors' code has it on A′ alone."""
    boundary_emphasis: float = 0.0
    """Extra weight, in the mask and distillation terms, of the boundary label's pixels and those within 2 pixels of
    it; 0 in the paper."""
    focal_gamma: float = 2.0
    focal_factor_gradient: bool = True
    """Whether the gradient runs through the factor (1 − p)^γ; in the authors' code it does not."""
    consistency_weight: float = 2.0
    """α of equation 13; 0 switches the term off."""
    temperature: float = 1.0
    distillation_weight: float = 0.0
    """Of the cross-entropy to the teacher's soft mask on both views; needs records made with a teacher, or
    teacher_model. Not in the paper."""
    teacher_model: str = ""
    """A shipped model or a model directory that answers for each step's clean views, in place of the records' teacher,
    which saw the photo as it was."""

    def check(self) -> None:
        weights = ("boundary_weight", "boundary_emphasis", "consistency_weight", "distillation_weight")
        for name in (*weights, "focal_gamma"):
            require(getattr(self, name) >= 0, f"{name}={getattr(self, name)}: must not be negative")
        require(self.temperature > 0, f"temperature={self.temperature}: must be positive")
        require(
            not self.teacher_model or self.distillation_weight > 0,
            f"teacher_model={self.teacher_model}: counts nothing without a distillation_weight; give it one",
        )
