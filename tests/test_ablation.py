"""Exp. 1 to 4 by their preset names, the tables and pictures that come of them, and going on."""

import importlib
import json

import cv2
import numpy as np
import pytest

import small_run
from helpers import portrait
from pnet_tf import presets, store
from pnet_tf.ablation import budgets, experiments, tables
from pnet_tf.metrics import masks

SMALL = ("--input_height=64", "--input_width=64", "--width=0.35", "--batch_size=6", "--epochs=1", "--seed=5")


RUN = (*experiments.EXPERIMENTS, "enet", "bisenet_448")


@pytest.fixture(scope="module", autouse=True)
def small_networks():
    """Tracing four networks takes longer than their two steps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "build", small_run.build)
        yield


def run(tool: str, *arguments: str) -> int:
    return importlib.import_module(f"pnet_tf_tools.{tool}").main(list(arguments))


@pytest.fixture(scope="module")
def ablation(records, tmp_path_factory):
    """All four experiments of two steps each; the first one was trained before, by its preset's name."""
    directory = tmp_path_factory.mktemp("ablation")
    given = (f"--records={records[0]}", f"--val_records={records[1]}", *SMALL)
    assert run("train", *given, "--preset=exp1_m", f"--model_dir={directory}/exp1_m") == 0
    finished = (directory / "exp1_m/checkpoints/step-2.index").stat().st_mtime_ns
    assert run("ablate", *given, f"--output_dir={directory}", f"--experiments={','.join(RUN)}") == 0
    # A second training would give the same bytes; that nothing was written tells that there was none.
    assert (directory / "exp1_m/checkpoints/step-2.index").stat().st_mtime_ns == finished
    return directory


def history(directory, name: str) -> list[dict]:
    return json.loads((directory / name / "history.json").read_text())


def test_each_experiment_trains_with_its_losses_alone(ablation):
    for name, boundary, consistency in (
        ("exp1_m", False, False),
        ("exp2_b", True, False),
        ("exp3_c", False, True),
        ("exp4_full", True, True),
    ):
        (entry,) = history(ablation, name)
        assert entry["step"] == 2  # 12 records at batch 6
        assert (entry["boundary_loss"] > 0, entry["consistency_loss"] > 0) == (boundary, consistency)
        weights = store.read_config(ablation / name).loss
        parts = (entry["mask_loss"], entry["boundary_loss"], entry["consistency_loss"])
        total = np.dot(parts, (1, weights.boundary_weight, weights.consistency_weight))
        assert entry["loss"] == pytest.approx(total, rel=1e-5)


def test_presets_are_the_papers_equations():
    """Section 4.4: λ = 0.1, γ = 2 without α, α = 2, T = 1; equation 13 with β = 0.3; all else the same."""
    experiment = {name: presets.get(name) for name in experiments.EXPERIMENTS}
    weights = [(one.loss.boundary_weight, one.loss.consistency_weight) for one in experiment.values()]
    assert weights == [(0.0, 0.0), (0.1, 0.0), (0.0, 2.0), (0.3, 2.0)]
    assert {(one.loss.focal_gamma, one.loss.temperature) for one in experiment.values()} == {(2.0, 1.0)}
    same = {one.replace(boundary_weight=0.0, consistency_weight=0.0).to_json() for one in experiment.values()}
    assert len(same) == 1


def test_tables_json_and_pictures(ablation):
    report = (ablation / "ablation.md").read_text()
    results = json.loads((ablation / "ablation.json").read_text())["results"]
    for name in experiments.EXPERIMENTS:
        figure = 100 * results[name]["test"]["network_size"]["foreground_iou"]
        (line,) = [
            one for one in report.splitlines() if tables.NAMES[name] in one and tables.LOSSES[name] + " |" in one
        ]
        assert f"| {figure:.2f} ±" in line
        assert f"± {100 * results[name]['test']['half_width']['foreground_iou']:.2f} |" in line
    assert "| 3 | " in report and "| 91.56 | 92.34 | +0.78 |" in report
    assert results["exp1_m"]["illumination"] != results["exp1_m"]["test"]
    for name in ("fig8.png", "fig9.png", "fig11.png"):
        assert name in report and cv2.imread(str(ablation / name)).std() > 10


def test_the_competitors_tables(ablation):
    """Sizes as the paper has them, at its sizes; what did not run has a dash."""
    report = (ablation / "ablation.md").read_text()
    found = json.loads((ablation / "ablation.json").read_text())
    tables_456 = report[report.index("## Table 4") :]
    assert "| BiSeNet 128×128 | " in tables_456 and "| PortraitNet (Exp. 4) 64×64 | " in tables_456
    assert "| BiSeNet | – | 95.25 | 91.25 |" in tables_456 and "| BiSeNet+ | – | 95.55 | 91.76 |" in tables_456
    assert "| 355,542 | 355,542 | 0.44 | 0.36 |" in tables_456
    assert "| 11,896,664 | 12,409,670 | 9.52 | 12.40 |" in tables_456
    for name in RUN:
        costs = found["costs"][name]
        assert costs["gpu"] is None and costs["keras"] > 0 and set(costs["float32"]) == set(costs["int8"]) == {"1", "2"}
        for mode in ("float32", "int8_ptq"):
            assert (ablation / name / f"{mode}.tflite").is_file()


def test_the_hardest_photos_are_so_in_the_mean():
    scores = {"one": {"a": 0.9, "b": 0.5, "c": 0.7}, "two": {"a": 0.2, "b": 0.7, "c": 0.9}}
    assert experiments.hardest(scores, 2) == ["a", "b"]


def test_settings_that_a_competitor_has_not_are_portraitnets():
    given = {"width": 0.5, "finest_skip": 2, "epochs": 3, "input_height": 96, "frozen_encoder_epochs": 1}
    assert experiments.settled("exp1_m", given).model.width == 0.5
    enet = experiments.settled("enet", given)
    assert (enet.model.width, enet.model.input_height, enet.training.epochs) == (1.0, 96, 3)
    twice = experiments.settled("bisenet_448", {})
    assert (twice.model.input_height, twice.model.input_width, twice.model.network) == (448, 448, "bisenet")


@pytest.mark.parametrize(
    ("records", "epochs"), [(1206, {"hour": 4, "night": 36, "paper": 2000}), (46, {"hour": 150, "night": 1350})]
)
def test_a_budget_is_the_same_number_of_steps_on_any_records(records, epochs):
    """75 and 2 whole batches of 16 an epoch."""
    for name, expected in epochs.items():
        settings = budgets.settings(name, records)
        found = experiments.settled("bisenet_plus", settings).training
        assert found.epochs == expected
    assert budgets.settings("hour", 1206, batch_size=32)["epochs"] == 9


def test_experiments_that_cannot_be(capsys, records, tmp_path):
    given = (f"--records={records[0]}", f"--val_records={records[1]}", f"--output_dir={tmp_path}", *SMALL)
    for words, line in (("enet,unet", "--experiments=unet: known are exp1_m"), ("exp2_b", "exp2_b starts from exp1_m")):
        assert run("ablate", *given, f"--experiments={words}") == 1
        assert line in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_the_papers_tables_agree_with_its_own_increases():
    """Section 4.4.1 and Table 2 state the gains of the boundary loss, too."""
    increases = [round(with_loss - without, 2) for without, with_loss in tables.PAPER_2.values()]
    assert increases == [0.78, 0.64, 0.44, 0.29, 0.21, 0.20]
    gains = [round(b - m, 2) for m, b in zip(tables.PAPER_1["exp1_m"], tables.PAPER_1["exp2_b"], strict=True)]
    assert gains == [0.22, 0.41]
    for name, (eg1800, supervise) in tables.PAPER_1.items():
        assert f"{eg1800:.2f}" in presets.PRESETS[name].__doc__ and f"{supervise:.2f}" in presets.PRESETS[name].__doc__


def test_portraitnet_b_starts_from_portraitnet_m(monkeypatch, tmp_path):
    """And the others from what the caller says, the competitors that the authors trained afresh from nothing."""
    firsts, loaded = {}, []
    monkeypatch.setattr(experiments.loop, "fit", lambda *given, command: firsts.update({given[2].name: given[4]}))
    monkeypatch.setattr(experiments.weights, "load", lambda model, path: loaded.append(path))
    asked = []
    start = lambda model, settings: asked.append((model, settings.network))  # noqa: E731
    experiments.train(experiments.KNOWN, None, {}, tmp_path, {}, initialise=start, watch=lambda _: None)
    for name, first in firsts.items():
        first(name)
    ours = [(one, "portraitnet") for one in ("exp1_m", "exp3_c", "exp4_full")]
    assert asked == [*ours, ("portraitfcn", "portraitfcn")]
    assert loaded == [tmp_path / "exp1_m/weights.npz"]


def test_several_seeds_give_their_mean_and_its_interval():
    stats = pytest.importorskip("scipy.stats")
    runs = [0.91, 0.95, 0.93]
    parts = [{"network_size": {masks.FOREGROUND_IOU: one}, "half_width": {masks.FOREGROUND_IOU: 0.01}} for one in runs]
    figures = [{"enet": {"test": part}} for part in parts]
    found = experiments.over_seeds(figures)
    low, high = stats.t.interval(0.95, len(runs) - 1, np.mean(runs), stats.sem(runs))
    width = found["enet"]["test"][experiments.OVER_SEEDS][masks.FOREGROUND_IOU]
    assert width == pytest.approx((high - low) / 2, rel=1e-4)
    assert found["enet"]["test"]["network_size"][masks.FOREGROUND_IOU] == pytest.approx(0.93)
    assert tables.table_4(found, {"enet": (64, 64)}).splitlines()[3].startswith("| ENet 64×64 | 93.00 ± 1.00 ± 4.97 |")
    assert experiments.over_seeds(figures[:1]) == figures[0]


@pytest.mark.parametrize("seeds", ["0,0", "a", "1.5", "0,-1"])
def test_seeds_that_cannot_be(capsys, records, tmp_path, seeds):
    given = (f"--records={records[0]}", f"--val_records={records[1]}", f"--output_dir={tmp_path}", *SMALL[:-1])
    assert run("ablate", *given, f"--seeds={seeds}") == 1
    assert f"--seeds={seeds}: different whole numbers" in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_everything_runs_once_for_each_seed(records, tmp_path):
    given = (f"--records={records[0]}", f"--val_records={records[1]}", f"--output_dir={tmp_path}", *SMALL[:-1])
    assert run("ablate", *given, "--seeds=3,4", "--experiments=enet") == 0
    assert [store.read_config(tmp_path / one).training.seed for one in ("enet", "seed-4/enet")] == [3, 4]
    assert (tmp_path / "ablation.md").read_text().count(" ± ") == 2  # in Table 4 alone


def test_fig_8_shows_the_weights_of_equation_12():
    from pnet_tf.ablation import figures

    empty = ("empty", np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64), np.uint8))
    samples = [empty, *((f"p{seed}", *portrait(seed)) for seed in range(4))]
    figure = figures.weight_masks(samples, 64, 64, "letterbox")
    rows, columns = 3, 2 + len(masks.EDGE_SIGMAS)
    assert len(figure.axes) == rows * columns
    _, mask, *weights = [axis.images[0].get_array() for axis in figure.axes[:columns]]
    assert mask.shape == (64, 48)  # 96×72 in 64×64, without the letterbox's border
    for weight in weights:
        assert ((weight > 0) == mask).all()
    shares = [float(weight.sum() / mask.sum()) for weight in weights]
    assert shares == sorted(shares) and shares[-1] > 0.98  # σ = 80 weighs a small person evenly


def test_fig_9_draws_both_models_and_the_paper():
    from pnet_tf.ablation import figures

    one = {name: dict.fromkeys(masks.DEFINITIONS, value) for name, value in (("exp1_m", 0.5), ("exp2_b", 0.75))}
    level, increase = figures.edge_curves({name: {"test": {"network_size": part}} for name, part in one.items()}).axes
    assert [set(line.get_ydata()) for line in level.lines[:2]] == [{50.0}, {75.0}]
    assert level.lines[3].get_ydata().tolist() == [92.34, 94.44, 96.55, 97.86, 98.44, 98.63]
    assert set(increase.lines[0].get_ydata()) == {25.0}


def test_losses_are_not_up_to_the_caller(capsys, records, tmp_path):
    given = (f"--records={records[0]}", f"--val_records={records[1]}", f"--output_dir={tmp_path}", *SMALL)
    assert run("ablate", *given, "--boundary_weight=0.5") == 1
    assert "boundary_weight" in capsys.readouterr().err
    assert run("ablate", *given, "--init_weights=nothing") == 1
    assert "--init_weights=nothing" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
