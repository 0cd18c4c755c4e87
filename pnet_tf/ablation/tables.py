"""Tables 1 to 6 in the paper's form, with the paper's own figures beside; accuracies in per cent, at network size."""

from pnet_tf.ablation.costs import Costs
from pnet_tf.ablation.experiments import HALF_WIDTH, ILLUMINATION, OVER_SEEDS, TEST, Results
from pnet_tf.evaluation import NETWORK_SIZE
from pnet_tf.metrics import masks
from pnet_tf.model import summary

Sizes = dict[str, tuple[int, int]]
"""Experiment → its network's height and width, pixels."""

NAMES = {
    "exp1_m": "PortraitNet-M (Exp. 1)",
    "exp2_b": "PortraitNet-B (Exp. 2)",
    "exp3_c": "PortraitNet-C (Exp. 3)",
    "exp4_full": "PortraitNet (Exp. 4)",
    "enet": "ENet",
    "bisenet": "BiSeNet",
    "bisenet_plus": "BiSeNet+",
    "bisenet_448": "BiSeNet",
    "portraitfcn": "PortraitFCN+",
}
LOSSES = {
    "exp1_m": "mask",
    "exp2_b": "mask, boundary",
    "exp3_c": "mask, consistency",
    "exp4_full": "mask, boundary, consistency",
}

PAPER_1 = {"exp1_m": (96.32, 92.63), "exp2_b": (96.54, 93.04), "exp3_c": (96.57, 93.17), "exp4_full": (96.62, 93.43)}
"""Table 1, foreground IoU: EG1800, Supervise-Portrait."""

PAPER_2 = {
    3: (91.56, 92.34),
    5: (93.80, 94.44),
    10: (96.11, 96.55),
    20: (97.57, 97.86),
    40: (98.23, 98.44),
    80: (98.43, 98.63),
}
"""Table 2, mean edge IoU on EG1800 by σ: without boundary loss (M), with it (B)."""

PAPER_3 = {"exp1_m": (95.78, 91.51), "exp3_c": (96.24, 91.98)}
"""Table 3, foreground IoU under changed light: EG1800, Supervise-Portrait."""

PAPER_4 = {
    "portraitfcn": (95.91, 92.78),
    "enet": (96.00, 92.38),
    "bisenet_448": (95.79, 92.56),
    "bisenet": (95.25, 91.25),
    "bisenet_plus": (95.55, 91.76),
    "exp4_full": (96.62, 93.43),
}
"""Table 4, foreground IoU: EG1800, Supervise-Portrait; PortraitFCN+ at 800×600."""

PAPER_5 = {
    "portraitfcn": (62.89, 134.27),
    "enet": (0.44, 0.36),
    "bisenet_448": (9.52, 12.4),
    "bisenet": (2.38, 12.4),
    "exp4_full": (0.51, 2.1),
}
"""Table 5: FLOPs in G, parameters in M."""

PAPER_6 = {"portraitfcn": 19.04, "enet": 12.53, "bisenet_448": 5.15, "bisenet": 3.11, "exp4_full": 4.92}
"""Table 6: milliseconds on an NVIDIA 1080Ti."""

PAPER = {
    "table_1": PAPER_1,
    "table_2": PAPER_2,
    "table_3": PAPER_3,
    "table_4": PAPER_4,
    "table_5": PAPER_5,
    "table_6": PAPER_6,
}

NOT_RUN = "–"


def percent(results: Results, experiment: str, figure: str, photos: str = TEST) -> float:
    """One figure of the network's size in per cent."""
    return 100 * results[experiment][photos][NETWORK_SIZE][figure]


def _accuracy(results: Results, experiment: str, photos: str = TEST) -> str:
    """Foreground IoU with its intervals, as `95.91 ± 0.40 ± 0.12`; NOT_RUN where there is none."""
    if experiment not in results:
        return NOT_RUN
    figures = results[experiment][photos]
    widths = [100 * figures[one][masks.FOREGROUND_IOU] for one in (HALF_WIDTH, OVER_SEEDS) if one in figures]
    return " ± ".join(f"{one:.2f}" for one in (percent(results, experiment, masks.FOREGROUND_IOU, photos), *widths))


def edge_curves(results: Results) -> dict[int, tuple[float, float]]:
    """What `PAPER_2` holds, of these results."""
    return {
        sigma: tuple(percent(results, one, masks.MEAN_EDGE_IOU.format(sigma)) for one in ("exp1_m", "exp2_b"))
        for sigma in masks.EDGE_SIGMAS
    }


def _markdown(headings: list[str], rows: list[list[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _pair(values: tuple[float, float]) -> list[str]:
    return [*(f"{value:.2f}" for value in values), f"{values[1] - values[0]:+.2f}"]


def table_1(results: Results) -> str:
    """Foreground IoU of the four combinations of losses, as Markdown."""
    rows = [
        [NAMES[one], LOSSES[one], _accuracy(results, one), *(f"{x:.2f}" for x in paper)]
        for one, paper in PAPER_1.items()
    ]
    return _markdown(["method", "losses", "this run", "paper, EG1800", "paper, Supervise-Portrait"], rows)


def table_2(results: Results) -> str:
    """Mean edge IoU without and with the boundary loss, as Markdown."""
    if not {"exp1_m", "exp2_b"} <= results.keys():
        return "(needs exp1_m and exp2_b)"
    rows = [[str(sigma), *_pair(ours), *_pair(PAPER_2[sigma])] for sigma, ours in edge_curves(results).items()]
    headings = ["without (M)", "with (B)", "increase"]
    return _markdown(["σ", *headings, *(f"paper, {heading}" for heading in headings)], rows)


def table_3(results: Results) -> str:
    """Foreground IoU of M and C under changed light, as Markdown."""
    rows = [
        [NAMES[one], _accuracy(results, one, ILLUMINATION), *(f"{x:.2f}" for x in paper)]
        for one, paper in PAPER_3.items()
    ]
    return _markdown(["method", "this run", "paper, EG1800", "paper, Supervise-Portrait"], rows)


def table_4(results: Results, sizes: Sizes) -> str:
    """Foreground IoU of all networks, as Markdown."""
    rows = [
        [titled(one, sizes), _accuracy(results, one), *(f"{x:.2f}" for x in paper)] for one, paper in PAPER_4.items()
    ]
    return _markdown(["method", "this run", "paper, EG1800", "paper, Supervise-Portrait"], rows)


def table_5(costs: dict[str, Costs], sizes: Sizes) -> str:
    """Multiply-adds and parameters, as Markdown."""
    rows = []
    for one, (giga, mega) in PAPER_5.items():
        found = [NOT_RUN] * 3
        if one in costs:
            own = costs[one]
            found = [f"{own.multiply_adds / 1e9:.3f}", f"{own.parameters:,}", f"{own.built:,}"]
        rows.append([titled(one, sizes), *found, f"{giga:.2f}", f"{mega:.2f}"])
    headings = ["multiply-adds, G", "parameters", "with all that is built", "paper, FLOPs, G", "paper, parameters, M"]
    return _markdown(["method", *headings], rows)


def table_6(costs: dict[str, Costs], sizes: Sizes) -> str:
    """Milliseconds of a photo, as Markdown."""
    rows = []
    for one, paper in PAPER_6.items():
        found = [NOT_RUN] * 6
        if one in costs:
            own = costs[one]
            files = [times[threads] if times else None for times in (own.float32, own.int8) for threads in (1, 2)]
            found = [NOT_RUN if value is None else f"{value:.2f}" for value in (own.gpu, own.keras, *files)]
        rows.append([titled(one, sizes), *found, f"{paper:.2f}"])
    kinds = ["float32, 1 thread", "float32, 2", "int8, 1 thread", "int8, 2"]
    return _markdown(["method", "Keras, GPU", "Keras, all cores", *kinds, "paper, 1080Ti"], rows)


def titled(experiment: str, sizes: Sizes) -> str:
    """`BiSeNet 448×448`, which tells a network that is there at two sizes; without a size where it was not run."""
    return f"{NAMES[experiment]} {'×'.join(map(str, sizes[experiment]))}" if experiment in sizes else NAMES[experiment]


def report(results: Results, costs: dict[str, Costs], sizes: Sizes, about: str) -> str:
    """All six tables as one Markdown document; `about` says what ran."""
    parts = (
        "# The paper's experiments",
        about,
        "## Table 1: foreground IoU (equation 10) by loss",
        table_1(results),
        "## Table 2: mean edge IoU (equation 11) by σ in pixels",
        table_2(results),
        "## Table 3: foreground IoU, test photos in another light",
        table_3(results),
        "## Table 4: foreground IoU of all networks",
        table_4(results, sizes),
        "## Table 5: what they are made of",
        table_5(costs, sizes),
        "Without the boundary head, and with all that is built: the boundary head, and of BiSeNet the classifier that "
        f"ResNet18 brings and nobody asks. Convention: {summary.CONVENTION}.",
        "## Table 6: milliseconds of a photo, median, on this machine",
        table_6(costs, sizes),
        "± is the 95 % interval of a mean over photos, a second one that of a mean over seeds; "
        f"{NOT_RUN} was not run, or is not possible.",
    )
    return "\n\n".join(parts) + "\n"
