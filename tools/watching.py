"""What pnet-train shows of a run: a bar on a terminal, plain lines elsewhere, TensorBoard files, a last picture."""

import pathlib
import sys
import time
from typing import Any

from pnet_tf_tools import cli

_SHOWN = {
    "loss": "loss",
    "mask_loss": "mask",
    "boundary_loss": "boundary",
    "consistency_loss": "consistency",
    "distillation_loss": "distillation",
    "training_foreground_iou": "IoU",
    "pairs_per_second": "pairs/s",
}


def _short(figures: dict[str, float]) -> dict[str, str]:
    return {short: f"{figures[name]:.4g}" for name, short in _SHOWN.items() if figures[name]}


def watchers(bar: Any, board: Any) -> Any:
    """`loop.Watchers` for a tqdm bar (disabled where no terminal is) and a `summaries.Board` or None."""
    from pnet_tf.training import loop

    latest = time.monotonic()

    def on_start(done: int, total: int) -> None:
        bar.total, bar.n, bar.initial = total, done, done
        bar.refresh()
        print(f"{'resuming at' if done else 'starting,'} step {done} of {total}", flush=True)

    def on_step(done: int, figures: dict[str, float]) -> None:
        nonlocal latest
        bar.set_postfix(_short(figures), refresh=False)
        bar.update(done - bar.n)
        if bar.disable and time.monotonic() - latest > cli.LINE_SECONDS:
            latest = time.monotonic()
            shown = ", ".join(f"{name} {value}" for name, value in _short(figures).items())
            print(f"step {done} of {bar.total}: {shown}", flush=True)
        if board:
            board.on_step(done, figures)

    def on_epoch(entry: dict[str, Any]) -> None:
        scores = entry["network_size"]
        bar.write(
            f"epoch {entry['epoch']:g}: loss {entry['loss']:.4f}, validation foreground IoU "
            f"{scores['foreground_iou']:.4f}, boundary IoU {scores['boundary_iou']:.4f}, {entry['seconds']:.0f} s"
        )
        sys.stdout.flush()
        if board:
            board.on_epoch(entry)

    return loop.Watchers(on_start, on_step, on_epoch, board.on_panels if board else None)


def last_picture(history: list[dict[str, Any]], model_dir: str) -> None:
    """training.png in the model directory."""
    from pnet_tf.training import curves

    if history:
        curves.draw(history, pathlib.Path(model_dir) / curves.PICTURE)
