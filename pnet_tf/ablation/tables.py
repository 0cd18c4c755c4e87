"""Tables 1 to 3 in the paper's form, with the paper's own figures beside. Per cent, at the network's size."""

from pnet_tf.ablation.experiments import ILLUMINATION, TEST, Results
from pnet_tf.evaluation import NETWORK_SIZE
from pnet_tf.metrics import masks

NAMES = {
    "exp1_m": "PortraitNet-M (Exp. 1)",
    "exp2_b": "PortraitNet-B (Exp. 2)",
    "exp3_c": "PortraitNet-C (Exp. 3)",
    "exp4_full": "PortraitNet (Exp. 4)",
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

PAPER = {"table_1": PAPER_1, "table_2": PAPER_2, "table_3": PAPER_3}


def percent(results: Results, experiment: str, figure: str, photos: str = TEST) -> float:
    """One figure of the network's size in per cent."""
    return 100 * results[experiment][photos][NETWORK_SIZE][figure]


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
        [NAMES[one], LOSSES[one], f"{percent(results, one, masks.FOREGROUND_IOU):.2f}", *(f"{x:.2f}" for x in paper)]
        for one, paper in PAPER_1.items()
    ]
    return _markdown(["method", "losses", "this run", "paper, EG1800", "paper, Supervise-Portrait"], rows)


def table_2(results: Results) -> str:
    """Mean edge IoU without and with the boundary loss, as Markdown."""
    rows = [[str(sigma), *_pair(ours), *_pair(PAPER_2[sigma])] for sigma, ours in edge_curves(results).items()]
    headings = ["without (M)", "with (B)", "increase"]
    return _markdown(["σ", *headings, *(f"paper, {heading}" for heading in headings)], rows)


def table_3(results: Results) -> str:
    """Foreground IoU of M and C under changed light, as Markdown."""
    rows = [
        [NAMES[one], f"{percent(results, one, masks.FOREGROUND_IOU, ILLUMINATION):.2f}", *(f"{x:.2f}" for x in paper)]
        for one, paper in PAPER_3.items()
    ]
    return _markdown(["method", "this run", "paper, EG1800", "paper, Supervise-Portrait"], rows)


def report(results: Results, about: str) -> str:
    """All three tables as one Markdown document; `about` says what ran."""
    parts = (
        "# The paper's experiments",
        about,
        "## Table 1: foreground IoU (equation 10) by loss",
        table_1(results),
        "## Table 2: mean edge IoU (equation 11) by σ in pixels",
        table_2(results),
        "## Table 3: foreground IoU, test photos in another light",
        table_3(results),
    )
    return "\n\n".join(parts) + "\n"
