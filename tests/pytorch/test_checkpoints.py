"""Checkpoints as PyTorch itself writes and reads them; the other tests do without PyTorch (`legacy_pth`)."""

import collections
import os
import re

import numpy as np
import pytest
import torch

import legacy_pth
from helpers import SHARED
from pnet_tf.model import torch_import
from pnet_tf_tools import import_weights

LAYOUT = SHARED / "weights/authors_layout"


def test_both_readers_agree():
    if not LAYOUT.is_dir():
        pytest.skip("../shared/weights is not there")
    ours, theirs = (one.read(LAYOUT / "dense_deconv.pth") for one in (legacy_pth, torch_import))
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(ours[key], value) for key, value in theirs.items())


class Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_pth_files_that_are_none(capsys, tmp_path):
    torch.save({"state_dict": {"a": Evil(tmp_path / "ran")}}, tmp_path / "evil.pth")
    torch.save(
        {"state_dict": {"a": Evil(tmp_path / "ran")}}, tmp_path / "old.pth", _use_new_zipfile_serialization=False
    )
    torch.save(torch.zeros(3), tmp_path / "tensor.pth")
    torch.save({"state_dict": {"a": torch.zeros(3), "b": "word"}}, tmp_path / "word.pth")
    torch.save({"a": torch.zeros(3)}, tmp_path / "other.pth")
    (tmp_path / "text.pth").write_text("no checkpoint")
    (tmp_path / "cut.pth").write_bytes((tmp_path / "other.pth").read_bytes()[:200])
    words = {
        "evil": "carry code",
        "old": "carry code",
        "tensor": "no state_dict",
        "word": "b are no tensors",
        "other": "stage0.0.weight missing",
        "text": "not a PyTorch checkpoint",
        "cut": "not a PyTorch checkpoint",
        "absent": "no such file",
    }
    for name, said in words.items():
        status = import_weights.main([f"--checkpoint={tmp_path}/{name}.pth", f"--output={tmp_path / 'm'}"])
        error = capsys.readouterr().err
        assert status == 1 and error.count("\n") == 1 and f"{name}.pth" in error and said in error, error
    assert not (tmp_path / "m").exists() and not (tmp_path / "ran").exists()


@pytest.mark.parametrize("python2", [False, True])
def test_numbers_beside_the_weights_and_several_gpus(tmp_path, python2):
    """The authors keep their best loss beside the weights, a NumPy number pickled by Python 2."""
    content = {"minLoss": np.float64(-0.1), "state_dict": collections.OrderedDict({"module.a": torch.arange(3.0)})}
    torch.save(content, tmp_path / "x.pth", _use_new_zipfile_serialization=False)
    if python2:
        # Its bytes are plain strings, not a call of _codecs.encode.
        call = rb"c_codecs\nencode\nq.X.\0\0\0.*?latin1q.\x86q.Rq."
        plain = b"U\x08" + np.float64(-0.1).tobytes()
        old, count = re.subn(call, lambda _: plain, (tmp_path / "x.pth").read_bytes(), flags=re.DOTALL)
        assert count == 1
        (tmp_path / "x.pth").write_bytes(old.replace(b"numpy._core", b"numpy.core"))
    state = torch_import.read(tmp_path / "x.pth")
    assert list(state) == ["a"] and np.array_equal(state["a"], [0, 1, 2])
