"""How long the experiments run, in a word."""

from typing import Any

from pnet_tf.data import pipeline

_SHORT = {"batch_size": 16, "schedule": "cosine", "warmup_steps": 50, "weight_decay": 1e-5, "clip_norm": 5.0}
_SHORT |= {"ema_decay": 0.998}
"""What a run of few epochs needs in place of the paper's schedule of 2000."""

STEPS = {"hour": 300, "night": 2700}
"""Budget → steps of each network, whatever the number of records: 4 and 36 epochs of EG1800's 1,206 photos."""

PAPER = "paper"
BUDGETS = (*STEPS, PAPER)


def settings(budget: str, records: int, batch_size: int | None = None) -> dict[str, Any]:
    """What `experiments.settled` takes.

    Args:
      budget: one of `BUDGETS`.
      records: how many an epoch draws.
      batch_size: where it is not the budget's own.
    """
    if budget == PAPER:
        return {"epochs": 2000, "batch_size": 64, "validate_every": 20}
    per_epoch = pipeline.steps_per_epoch(records, batch_size or _SHORT["batch_size"])
    epochs = -(-STEPS[budget] // per_epoch)
    return {**_SHORT, "epochs": epochs, "validate_every": -(-epochs // 4)}
