"""How long the experiments run, in a word."""

from typing import Any

_SHORT = {"batch_size": 16, "schedule": "cosine", "warmup_steps": 50, "weight_decay": 1e-5, "clip_norm": 5.0}
_SHORT |= {"ema_decay": 0.998}
"""What a run of few epochs needs in place of the paper's schedule of 2000."""

BUDGETS: dict[str, dict[str, Any]] = {
    "hour": {**_SHORT, "epochs": 4, "validate_every": 4},
    "night": {**_SHORT, "epochs": 36, "validate_every": 9},
    "paper": {"epochs": 2000, "batch_size": 64, "validate_every": 20},
}
"""Budget → settings, see `experiments.settled`. What they cost on two cores is not measured yet."""
