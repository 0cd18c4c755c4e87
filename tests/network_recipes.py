"""What every network must do on its way from records to a file: a new one's test is a line."""

import pathlib
from typing import Any

import numpy as np
import pytest

from command_line import run
from pnet_tf import evaluation, presets, store
from pnet_tf.data import records as record_files
from pnet_tf.model.predict import KerasNetwork
from pnet_tf.runtime.network import TFLiteNetwork
from pnet_tf.training import loop
from tiny_runs import Stopped, fit, stop_after

MODES = {"float32": 1e-4, "int8_ptq": 0.35}
"""Export mode → how far its probability may lie from the model's, in the mean of a photo."""


def trains_resumes_exports_and_evaluates(
    preset: str, records: tuple[str, str], folder: pathlib.Path, modes: dict[str, float] = MODES, **settings: Any
) -> None:
    """Two epochs at 64×64, once unbroken and once stopped and resumed; the files and the tools agree with the model."""
    small = {
        "input_height": 64,
        "input_width": 64,
        "epochs": 2,
        "batch_size": 4,
        "ema_decay": 0.9,
        "learning_rate": 3e-3,
    }
    experiment = presets.get(preset).replace(**{**small, **settings})
    history = fit(records, folder / "whole", experiment)
    assert history[-1]["loss"] < history[0]["loss"]
    with pytest.raises(Stopped):
        fit(records, folder / "broken", experiment, watchers=loop.Watchers(on_step=stop_after(4)))
    fit(records, folder / "broken", experiment)
    whole, broken = (np.load(folder / name / store.WEIGHTS) for name in ("whole", "broken"))
    assert all(np.array_equal(whole[name], broken[name]) for name in whole.files)

    model, loaded = store.load(folder / "whole")
    assert loaded == experiment
    network, samples = KerasNetwork(model), list(record_files.samples(record_files.find(records[1])))
    assert 0 <= evaluation.evaluate(network, samples, "letterbox")[evaluation.NETWORK_SIZE]["foreground_iou"] <= 1
    assert run("evaluate", f"--model={folder}/whole", f"--records={records[1]}") == 0
    photo = np.ascontiguousarray(samples[0][1][:64, :64])
    for mode, apart in modes.items():
        path = folder / f"{mode}.tflite"
        flags = [f"--model_dir={folder}/whole", f"--mode={mode}", f"--output={path}"]
        assert run("export", *flags, f"--calibration_records={records[0]}") == 0
        assert np.abs(TFLiteNetwork(path)(photo) - network(photo)).mean() < apart
        assert run("evaluate", f"--model={path}", f"--records={records[1]}") == 0
