"""A finished run as one picture."""

import pathlib
from typing import Any

from pnet_tf import evaluation, fields, files, metrics

PICTURE = "training.png"

_LOSSES = (
    fields.LOSS_TOTAL,
    fields.LOSS_MASK,
    fields.LOSS_BOUNDARY,
    fields.LOSS_CONSISTENCY,
    fields.LOSS_DISTILLATION,
)


def draw(history: list[dict[str, Any]], path: str | pathlib.Path) -> None:
    """Losses, validation IoUs and the learning rate over the epochs of a history.json, as a PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # a picture needs no window
    from matplotlib.figure import Figure

    epochs = [entry["epoch"] for entry in history]
    figure = Figure(figsize=(12, 3.6), layout="constrained")
    losses, scores, rate = figure.subplots(1, 3)
    for name in _LOSSES:
        values = [entry.get(name, 0.0) for entry in history]
        if any(values):  # a term that is switched off has no curve
            losses.plot(epochs, values, marker=".", label=name)
    losses.set(title="losses on training photos", xlabel="epoch", yscale="log")
    for size, style in ((evaluation.NETWORK_SIZE, "-"), (evaluation.PHOTO_SIZE, "--")):
        for colour, name in (("C0", metrics.FOREGROUND_IOU), ("C3", metrics.BOUNDARY_IOU)):
            values = [100 * entry[size][name] for entry in history]
            scores.plot(epochs, values, style, marker=".", color=colour, label=f"{name}, {size.replace('_', ' ')}")
    scores.set(title="validation photos, per cent", xlabel="epoch")
    rate.plot(epochs, [entry["learning_rate"] for entry in history], marker=".", color="black")
    rate.set(title="learning rate (mean since the last point)", xlabel="epoch")
    for axes in (losses, scores, rate):
        axes.grid(alpha=0.3)
    losses.legend(fontsize=8)
    scores.legend(fontsize=8)
    with files.replacing(path) as temporary:
        FigureCanvasAgg(figure).print_png(str(temporary))
