"""Fig. 8, the weight masks of mean edge IoU, Fig. 9, its curves without and with the boundary loss, and Fig. 11."""

import io
import itertools
from collections.abc import Iterable

import cv2
import numpy as np
from matplotlib.figure import Figure

from pnet_tf import evaluation, fields, grid, resize, worst
from pnet_tf.ablation import tables
from pnet_tf.ablation.experiments import Results
from pnet_tf.metrics import masks
from pnet_tf.runtime.segmenter import Network, ask

PHOTOS = 3
HARD_HEIGHT = 200
"""Of a picture in Fig. 11, pixels."""

MASK_ONLY, WITH_BOUNDARY = "#D55E00", "#0072B2"
"""Okabe and Ito's vermillion and blue, which colour-blind people tell apart."""


def to_png(figure: Figure) -> bytes:
    """A figure as the content of a PNG file."""
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=120)
    return content.getvalue()


def _at_network_size(
    sample: evaluation.Sample, height: int, width: int, mode: str
) -> tuple[np.ndarray, np.ndarray, tuple[slice, slice]]:
    _, rgb, labels = sample
    fitted, at = resize.fit_photo(rgb, height, width, mode)
    inner = (slice(at.top, at.top + at.inner_height), slice(at.left, at.left + at.inner_width))
    return fitted, resize.fit_mask(labels, height, width, mode) == fields.FOREGROUND, inner


def weight_masks(samples: Iterable[evaluation.Sample], height: int, width: int, mode: str) -> Figure:
    """Fig. 8: photo, segmentation, and the weight mask (equation 12) of every σ of Table 2.

    Args:
      samples: id, photo and labels; the first three that have a boundary are shown.
      height, width: the network's size, in whose pixels σ is.
      mode: "letterbox" or "stretch"; the letterbox's border is not shown.
    """
    placed = (_at_network_size(sample, height, width, mode) for sample in samples)
    shown = list(itertools.islice((one for one in placed if one[1].any() and not one[1].all()), PHOTOS))
    columns = 2 + len(masks.EDGE_SIGMAS)
    aspect = max((one[0][one[2]].shape[0] / one[0][one[2]].shape[1] for one in shown), default=1.0)
    figure = Figure(figsize=(1.5 * columns, 1.5 * aspect * max(1, len(shown)) + 0.4), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0, hspace=0)
    axes = figure.subplots(max(1, len(shown)), columns, squeeze=False)
    for line, (rgb, foreground, inner) in zip(axes, shown, strict=False):
        distance = masks.boundary_distance(foreground)
        line[0].imshow(rgb[inner])
        line[1].imshow(foreground[inner], cmap="gray", vmin=0, vmax=1)
        for axis, sigma in zip(line[2:], masks.EDGE_SIGMAS, strict=True):
            axis.imshow(masks.edge_weight(distance, sigma)[inner], cmap="inferno", vmin=0, vmax=1)
    titles = ("photo", "segmentation", *(f"σ = {sigma} px" for sigma in masks.EDGE_SIGMAS))
    for axis, title in zip(axes[0], titles, strict=True):
        axis.set_title(title, fontsize=10)
    for axis in axes.flat:
        axis.set_axis_off()
    return figure


def edge_curves(results: Results) -> Figure:
    """Fig. 9: mean edge IoU over σ of PortraitNet-M and -B, and what the boundary loss adds; the paper's dashed."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    level, increase = figure.subplots(1, 2)
    for source, curves, style in (("this run", tables.edge_curves(results), "o-"), ("paper", tables.PAPER_2, "s--")):
        sigmas, pairs = list(curves), np.array(list(curves.values()))
        for column, (name, colour) in enumerate((("M", MASK_ONLY), ("B", WITH_BOUNDARY))):
            label = f"PortraitNet-{name}, {source}"
            level.plot(sigmas, pairs[:, column], style, color=colour, markersize=4, label=label)
        increase.plot(sigmas, pairs[:, 1] - pairs[:, 0], style, color="black", markersize=4, label=source)
    level.set_ylabel("mean edge IoU, %")
    level.set_title("without (M) and with the boundary loss (B)", fontsize=11)
    increase.axhline(0, color="grey", linewidth=0.8)
    increase.set_ylabel("B − M, percentage points")
    increase.set_title("what the boundary loss adds", fontsize=11)
    for axis in (level, increase):
        axis.set_xscale("log")
        axis.set_xticks(masks.EDGE_SIGMAS, [str(sigma) for sigma in masks.EDGE_SIGMAS])
        axis.minorticks_off()
        axis.set_xlabel("σ, pixels")
        axis.grid(alpha=0.3)
        axis.legend(fontsize=9)
    return figure


def hard_photos(samples: Iterable[evaluation.Sample], networks: dict[str, Network], mode: str) -> np.ndarray:
    """Fig. 11: photos and what each network makes of them, (h, w, 3) uint8 RGB.

    Args:
      samples: few; a photo a row.
      networks: by the name that stands above their column.
      mode: "letterbox" or "stretch".
    """
    rows = []
    for _, rgb, labels in samples:
        predicted = []
        for network in networks.values():
            probability, at = ask(network, rgb, mode)
            predicted.append(resize.unfit(probability, at) > evaluation.THRESHOLD)
        masked = [labels == fields.FOREGROUND, *predicted]
        size = (round(rgb.shape[1] * HARD_HEIGHT / rgb.shape[0]), HARD_HEIGHT)
        shown = [rgb, *(worst.on_backdrop(rgb, mask) for mask in masked)]
        rows.append([cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in shown])
    names = ("photo", "label", *networks)
    return grid.draw([[(name, grid.BLACK)] for name in names], rows)
