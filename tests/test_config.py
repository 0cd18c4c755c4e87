import json

import pytest

from pnet_tf import config, presets
from pnet_tf.errors import InputError


@pytest.mark.parametrize("name", presets.PRESETS)
def test_json_round_trip(name):
    experiment = presets.get(name)
    assert config.from_json(experiment.to_json(), "here") == experiment


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", ["c.json", "not JSON"]),
        ("[]", ["c.json", "model, data, loss, training"]),
        ('{"nodel": {}}', ["nodel", "model, data, loss, training"]),
        ('{"model": {"widht": 1.0}}', ["model.widht", "input_height", "width"]),
        ('{"model": {"width": "wide"}}', ["model.width", "float"]),
        ('{"training": {"epochs": true}}', ["training.epochs", "int"]),
        ('{"training": {"quantize": 1}}', ["training.quantize", "bool"]),
        ('{"data": {"augment": "much"}}', ["augment", "paper", "none"]),
    ],
)
def test_bad_json_is_named(text, words):
    with pytest.raises(InputError) as caught:
        config.from_json(text, "c.json")
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"input_width": 100}, ["input_width=100", "96 and 128"]),
        ({"width": 0.6}, ["0.6", "0.35"]),
        ({"temperature": 0.0}, ["temperature"]),
        ({"batch_size": 0}, ["batch_size"]),
        ({"finest_skip": 8}, ["finest_skip=8", "2, 4"]),
        ({"head_rate": 3}, ["head_rate=3", "1, 2"]),
        ({"network": "reference", "finest_skip": 2}, ["finest_skip", "portraitnet"]),
        ({"network": "reference", "head_rate": 2}, ["head_rate", "portraitnet"]),
        ({"deformation_strength": 1.5}, ["deformation_strength=1.5"]),
        ({"augment": "authors", "deformation_strength": 0.5}, ["augment=paper alone"]),
        ({"augment": "authors", "stretch_share": 0.25}, ["stretch_share=0.25", "augment=authors"]),
        ({"boundary_emphasis": -1.0}, ["boundary_emphasis=-1.0"]),
        ({"hidden_channels": "16,96"}, ["hidden_channels=16,96", "17 numbers"]),
        ({"hidden_channels": ",".join(["16"] * 16 + ["0"])}, ["hidden_channels", "17 numbers"]),
        ({"network": "reference", "hidden_channels": ",".join(["16"] * 17)}, ["hidden_channels", "portraitnet"]),
        ({"no_such": 1}, ["no_such", "learning_rate"]),
    ],
)
def test_bad_values_are_named(values, words):
    with pytest.raises(InputError) as caught:
        config.Experiment().replace(**values)
    assert all(word in str(caught.value) for word in words)


def test_replace_reaches_every_section():
    changed = config.Experiment().replace(width=0.5, augment="none", temperature=2.0, epochs=7)
    assert (changed.model.width, changed.data.augment, changed.loss.temperature, changed.training.epochs) == (
        0.5,
        "none",
        2.0,
        7,
    )


def test_flag_names_are_unique_over_sections():
    sections = json.loads(config.Experiment().to_json()).values()
    assert len(config.field_owners()) == sum(len(section) for section in sections)


def test_paper_preset_is_the_papers_setting():
    """Sections 4.2, 4.3 and equation 13, read off the paper."""
    paper = presets.get("paper")
    assert (paper.training.epochs, paper.training.batch_size, paper.training.learning_rate) == (2000, 64, 1e-3)
    assert (paper.training.weight_decay, paper.training.schedule) == (5e-4, "paper")
    assert (paper.loss.consistency_weight, paper.loss.boundary_weight) == (2.0, 0.3)
    assert (paper.loss.focal_gamma, paper.loss.temperature) == (2.0, 1.0)
    assert (paper.model.input_height, paper.model.input_width, paper.model.upsampling) == (224, 224, "deconvolution")


def test_ablation_presets_are_table_1():
    """Which losses each experiment has: (boundary weight, consistency weight)."""
    weights = {name: presets.get(name).loss for name in ("exp1_m", "exp2_b", "exp3_c", "exp4_full")}
    assert {name: (loss.boundary_weight, loss.consistency_weight) for name, loss in weights.items()} == {
        "exp1_m": (0, 0),
        "exp2_b": (0.1, 0),
        "exp3_c": (0, 2),
        "exp4_full": (0.3, 2),
    }


def test_unknown_preset_lists_the_known():
    with pytest.raises(InputError, match="hour"):
        presets.get("day")


def test_every_setting_says_what_it_means():
    meanings = config.field_meanings()
    assert meanings["patience"].startswith("Validations without a better figure")
    assert "128:4,160:10" in meanings["progressive_sizes"]
