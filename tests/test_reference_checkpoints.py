"""Checkpoints of the authors' network: told apart, read, and refused with all that does not match."""

import sys

import numpy as np
import pytest

from pnet_tf import fields, store
from pnet_tf.errors import InputError
from pnet_tf.model import build, portraitnet, torch_import
from small_reference import lively, photos, settings, state_of

VARIANTS = [
    {"upsampling": "deconvolution"},
    {"upsampling": "depthwise", "width": 0.5},
    {"upsampling": "bilinear", "width": 0.75, "prior": True},
]


@pytest.mark.parametrize("values", VARIANTS, ids=str)
def test_the_variant_is_told_by_the_state(values):
    first = lively(**values)
    state = state_of(first)
    found = torch_import.settings_of(state, "x.pth", 64, 96)
    assert found == settings(**values)
    second = build.build(found)
    torch_import.load(second, state, "x.pth")
    for one, two in zip(first.get_weights(), second.get_weights(), strict=True):
        assert np.array_equal(one, two)


def test_without_boundary_head_the_rest_is_read():
    first, second = lively(), build.build(settings())
    head = second.get_layer(portraitnet.BOUNDARY_HEAD).get_weights()[0]
    state = state_of(first)
    del state["edge.weight"]
    torch_import.load(second, state, "x.pth")
    assert np.array_equal(second.get_layer(portraitnet.BOUNDARY_HEAD).get_weights()[0], head)
    assert np.array_equal(second.get_layer("Conv1").get_weights()[0], first.get_layer("Conv1").get_weights()[0])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pred.weight": None}, "pred.weight missing"),
        ({"stage0.0.weight": None}, "stage0.0.weight missing"),
        ({"head.weight": np.zeros(3)}, "head.weight unknown"),
        (
            {"transit1.block.1.weight": np.zeros((1, 1, 3, 3))},
            r"transit1.block.1.weight is \(1, 1, 3, 3\).*\(33, 1, 3, 3\)",
        ),
        ({"deconv2.weight": np.zeros((16, 1, 4, 4))}, "deconv2.weight is"),
        ({"stage7.conv.6.weight": np.zeros((99, 336, 1, 1))}, r"x\.pth: width=0.309.*known widths"),
        ({"stage7.conv.6.weight": np.zeros(())}, "known widths"),
        ({"pred.weight": None, "a": np.zeros(1), "edge.weight": np.zeros(2)}, "pred.weight missing; a unknown; edge"),
    ],
    ids=str,
)
def test_what_does_not_match_is_listed(change, words):
    model = lively(upsampling="deconvolution")
    before = model.get_weights()
    state = {key: value for key, value in (state_of(model) | change).items() if value is not None}
    with pytest.raises(InputError, match=words) as caught:
        found = torch_import.settings_of(state, "x.pth", 64, 96)
        torch_import.load(model if found.width == 0.35 else build.build(found), state, "x.pth")
    assert "\n" not in str(caught.value)
    assert all(np.array_equal(one, two) for one, two in zip(before, model.get_weights(), strict=True))


def import_tool(capsys, *arguments) -> tuple[int, str, str]:
    from pnet_tf_tools import import_weights

    status = import_weights.main([str(one) for one in arguments])
    return status, *capsys.readouterr()


def test_the_tool_writes_a_model_directory(monkeypatch, capsys, tmp_path):
    """Everything but the reading of .pth files, so without PyTorch."""
    model = lively(prior=True)
    state = state_of(model)
    del state["edge.weight"]
    monkeypatch.setattr(torch_import, "read", lambda path: state)
    arguments = ("--checkpoint=x.pth", f"--output={tmp_path / 'm'}", "--input_height=64", "--input_width=96")
    status, shown, error = import_tool(capsys, *arguments)
    assert (status, error) == (0, "")
    assert "no boundary head" in shown and "prior" in shown
    loaded, experiment = store.load(tmp_path / "m")
    assert experiment.model == settings(prior=True)
    raw = photos(4)
    ours, theirs = (one(raw, training=False)[fields.MASK_LOGITS].numpy() for one in (loaded, model))
    assert np.array_equal(ours, theirs)
    status, _, error = import_tool(capsys, *arguments)
    assert status == 1 and "already there" in error


def test_pytorch_missing_is_one_line(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "torch", None)
    (tmp_path / "x.pth").write_bytes(b"a checkpoint")
    status, _, error = import_tool(capsys, f"--checkpoint={tmp_path / 'x.pth'}", f"--output={tmp_path / 'm'}")
    assert status == 1 and error.count("\n") == 1 and "pip install torch" in error
    assert not (tmp_path / "m").exists()
