"""Settings of the schedule (paper, section 4.3)."""

import dataclasses
import re
from typing import Literal

from pnet_tf.config.checked import Checked, require

IMAGENET = "imagenet"
"""Initial encoder weights: tf.keras.applications' own, under its name for them."""


def sizes_by_epoch(text: str) -> tuple[tuple[int, int], ...]:
    """`Training.progressive_sizes` as (input height, epoch at which it ends) in order; () for "".

    Raises:
      InputError: not of that form, heights that 32 does not divide, epochs that do not rise.
    """
    pairs = re.findall(r"(\d+):(\d+)(?:,|$)", text)
    require(
        ",".join(f"{size}:{until}" for size, until in pairs) == text,
        f"progressive_sizes={text}: write height:until_epoch, such as 128:4,160:10",
    )
    found = tuple((int(size), int(until)) for size, until in pairs)
    ends = [0, *(until for _, until in found)]
    require(
        all(size >= 32 and size % 32 == 0 for size, _ in found) and ends == sorted(set(ends)),
        f"progressive_sizes={text}: heights must be multiples of 32, epochs must rise",
    )
    return found


@dataclasses.dataclass(frozen=True)
class Training(Checked):
    """The schedule (paper, section 4.3)."""

    epochs: int = 2000
    batch_size: int = 64
    learning_rate: float = 1e-3
    schedule: Literal["paper", "paper_steps", "cosine", "constant"] = "paper"
    """paper: lr·0.95^(epoch/20); paper_steps: the same every 20 epochs at once; cosine: to zero at the last step."""
    warmup_steps: int = 0
    weight_decay: float = 5e-4
    """L2 added to the gradient of every trainable parameter, as Adam's weight decay in PyTorch."""
    clip_norm: float = 0.0
    """Upper bound of the gradient's global norm; 0 leaves it alone."""
    ema_decay: float = 0.0
    """Decay per step of the averaged weights that are validated and kept; 0 keeps the weights as they are."""
    progressive_sizes: str = ""
    """Input heights at first: "128:4,160:10" is 128 until epoch 4, 160 until epoch 10, and then the network's own."""
    frozen_encoder_epochs: int = 0
    """Epochs at the start that leave the encoder, its batch norm statistics included, as it was given."""
    mixed_precision: bool = False
    """Computes in bfloat16 and keeps the weights in float32; for devices that have the arithmetic."""
    patience: int = 0
    """Validations without a better figure after which the run ends; 0 never ends it early."""
    quantize: bool = False
    """Trains the int8 twin of a finished float model (--init_weights names its directory)."""
    validate_every: int = 1
    """Epochs between validations (and checkpoints)."""
    seed: int = 0

    def check(self) -> None:
        for name in ("epochs", "batch_size", "validate_every"):
            require(getattr(self, name) >= 1, f"{name}={getattr(self, name)}: must be at least 1")
        require(self.learning_rate > 0, f"learning_rate={self.learning_rate}: must be positive")
        require(0 <= self.ema_decay < 1, f"ema_decay={self.ema_decay}: must lie in [0, 1)")
        for name in ("warmup_steps", "weight_decay", "clip_norm", "seed", "frozen_encoder_epochs", "patience"):
            require(getattr(self, name) >= 0, f"{name}={getattr(self, name)}: must not be negative")
        sizes_by_epoch(self.progressive_sizes)
        if self.quantize:
            for name in ("progressive_sizes", "frozen_encoder_epochs", "mixed_precision"):
                require(not getattr(self, name), f"{name}: not for the int8 twin, which --quantize trains")
