"""A finished run as one picture."""

import pathlib
from typing import Any

from pnet_tf import evaluation, fields, files
from pnet_tf.metrics import masks

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
    figure = Figure(figsize=(15, 3.6), layout="constrained")
    losses, foreground, boundary, rate = axes = figure.subplots(1, 4)
    for name in _LOSSES:
        values = [entry.get(name, 0.0) for entry in history]
        if any(values):  # a term that is switched off has no curve
            losses.plot(epochs, values, marker=".", label=name.replace("_", " "))
    losses.set(title="losses on training photos", yscale="log")
    for panel, name in ((foreground, masks.FOREGROUND_IOU), (boundary, masks.BOUNDARY_IOU)):
        for size, style in ((evaluation.NETWORK_SIZE, "-"), (evaluation.PHOTO_SIZE, "--")):
            values = [100 * entry[size][name] for entry in history]
            panel.plot(epochs, values, style, marker=".", color="C0", label=f"at the {size.replace('_', ' ')}")
    foreground.set(title="validation foreground IoU, per cent")
    boundary.set(title="validation Boundary IoU, per cent")
    rate.plot(epochs, [entry["learning_rate"] for entry in history], marker=".", color="black")
    rate.set(title="learning rate, mean", ylim=(0, None))
    for panel in axes:
        panel.set(xlabel="epoch")
        panel.grid(alpha=0.3)
    for panel in (losses, foreground, boundary):
        panel.legend(fontsize=8)
    with files.replacing(path) as temporary:
        FigureCanvasAgg(figure).print_png(str(temporary))
