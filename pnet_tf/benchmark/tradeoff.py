"""Latency against IoU as a picture: further left is faster, further up is better."""

import dataclasses
import itertools
import pathlib
from collections.abc import Iterable

import numpy as np

from pnet_tf import files
from pnet_tf.errors import InputError

try:
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # a picture needs no window
    from matplotlib.figure import Figure
    from matplotlib.text import Annotation
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter
    from matplotlib.transforms import Bbox
except ImportError:
    raise InputError("the picture needs matplotlib, which the runtime leaves out: pip install matplotlib") from None

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's, which colour-blind people tell apart."""

_INK, _FAINT = "#333333", "#999999"
_MARKER = 15  # points across
_MARGIN = 3  # pixels between a label and what is beside it
_PLACES = [
    (x * reach, y * reach, across, up)
    for reach in (1.0, 2.2, 3.6)
    for x, y, across, up in (
        (13, 0, "left", "center"),
        (-13, 0, "right", "center"),
        (0, 13, "center", "bottom"),
        (0, -13, "center", "top"),
        (10, 10, "left", "bottom"),
        (10, -10, "left", "top"),
        (-10, 10, "right", "bottom"),
        (-10, -10, "right", "top"),
    )
]
"""Where a label may stand, in points from its marker, the best first."""


@dataclasses.dataclass(frozen=True)
class Model:
    """One model of the picture.

    Attributes:
      name: stands beside its first point.
      bytes: file size.
      milliseconds: number of threads → median latency.
      scores: title of a panel → per cent; the same titles for every model.
    """

    name: str
    bytes: int
    milliseconds: dict[int, float]
    scores: dict[str, float]


def draw(models: list[Model], path: str | pathlib.Path) -> None:
    """Writes the picture as a PNG: a panel for each score, a colour for each model, a point for each thread count.

    Raises:
      InputError: the file cannot be written.
    """
    titles = list(models[0].scores)
    figure = Figure(figsize=(5.6 * len(titles), 5), layout="constrained", dpi=150)
    canvas = FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(titles), squeeze=False)[0]
    for axes, title in zip(panels, titles, strict=True):
        _panel(axes, models, title)
    canvas.draw()  # settles the layout, so that labels can be measured
    for axes, title in zip(panels, titles, strict=True):
        _label(axes, models, title)
    with files.replacing(path) as temporary:
        canvas.print_png(str(temporary))


def _panel(axes: Axes, models: list[Model], title: str) -> None:
    for model, colour in zip(models, itertools.cycle(COLOURS)):
        score, times = model.scores[title], model.milliseconds
        axes.plot(list(times.values()), [score] * len(times), color=colour, linewidth=2, alpha=0.35, zorder=2)
        for layer, (threads, milliseconds) in enumerate(times.items(), 3):  # where two meet, one number is seen
            axes.plot(milliseconds, score, "o", color=colour, markersize=_MARKER, mec="white", mew=1.5, zorder=layer)
            axes.annotate(
                str(threads), (milliseconds, score), color="white", fontsize=8, weight="bold", ha="center",
                va="center_baseline", zorder=layer,
            )  # fmt: skip
    every = [time for model in models for time in model.milliseconds.values()]
    scores = [model.scores[title] for model in models]
    spare = max(0.25 * (max(scores) - min(scores)), 0.5)
    axes.set(xscale="log", xlim=(min(every) / 1.7, max(every) * 1.7), ylim=(min(scores) - spare, max(scores) + spare))
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_title(f"{title}, %", loc="left", color=_INK, fontsize=12, weight="bold")
    axes.set_xlabel("median latency, ms; number of threads in the circle", color=_INK)
    axes.tick_params(which="both", color=_FAINT, labelcolor=_INK)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_FAINT)
    axes.annotate(
        "faster and better", (0.03, 0.97), (0.13, 0.89), "axes fraction", color=_FAINT, fontsize=9,
        arrowprops={"arrowstyle": "->", "color": _FAINT},
    )  # fmt: skip


def _label(axes: Axes, models: list[Model], title: str) -> None:
    """Puts each model's name where it covers neither a marker nor another name."""
    side = _MARKER / 72 * axes.figure.dpi
    points = [(time, model.scores[title]) for model in models for time in model.milliseconds.values()]
    taken = [Bbox.from_bounds(x - side / 2, y - side / 2, side, side) for x, y in axes.transData.transform(points)]
    taken += [text.get_window_extent() for text in axes.texts if text.get_text() == "faster and better"]
    for model, colour in zip(models, itertools.cycle(COLOURS)):
        point = (next(iter(model.milliseconds.values())), model.scores[title])
        text = axes.annotate(
            f"{model.name}\n{model.bytes / 1e6:.1f} MB", point, (0, 0), textcoords="offset points", color=colour,
            fontsize=9, linespacing=1.2, zorder=99,
        )  # fmt: skip
        best = min(_PLACES, key=lambda place, text=text: _covered(_put(text, place), taken, axes.bbox))
        taken.append(_put(text, best))


def _put(text: Annotation, place: tuple[float, float, str, str]) -> Bbox:
    x, y, across, up = place
    text.set_position((x, y))
    text.set(ha=across, va=up)
    return text.get_window_extent().padded(_MARGIN)


def _covered(box: Bbox, taken: Iterable[Bbox], inside: Bbox) -> float:
    """Pixels² of other things under the box, and of the box outside of the panel; 0 for a good place."""

    def shared(other: Bbox) -> float:
        common = Bbox.intersection(box, other)
        return common.width * common.height if common else 0.0

    outside = box.width * box.height - shared(inside)
    return float(np.sum([shared(one) for one in taken]) + outside)
