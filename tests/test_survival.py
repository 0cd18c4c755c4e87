"""Training as processes: killed at any moment, and shared out over workers."""

import json
import pathlib
import signal
import socket

import numpy as np
import pytest

from pnet_tf.stack import tf
from processes import Process, finish

EPOCHS = 8
STEPS = 3 * EPOCHS  # 12 records at batch 4


def start(records, directory, *options: str, **environment: str) -> Process:
    settings = ["--preset=tiny", f"--epochs={EPOCHS}", "--input_height=32", "--input_width=32", "--ema_decay=0.9"]
    places = [f"--records={records[0]}", f"--val_records={records[1]}", f"--model_dir={directory}"]
    return Process("train", [*places, *settings, "--notensorboard", *options], environment, "small_run")


def states(directory: pathlib.Path) -> dict[str, np.ndarray]:
    """Every number of the last checkpoint: network, average, optimiser, step."""
    reader = tf.train.load_checkpoint(str(directory / f"checkpoints/step-{STEPS}"))
    names = reader.get_variable_to_shape_map()
    return {one: reader.get_tensor(one) for one in names if "OBJECT_GRAPH" not in one and "save_counter" not in one}


def assert_same_end(one: pathlib.Path, other: pathlib.Path) -> None:
    ends = states(one), states(other)
    assert ends[0].keys() == ends[1].keys()
    assert len(ends[0]) > 20
    for name, value in ends[0].items():
        assert np.array_equal(value, ends[1][name]), name
    with np.load(one / "weights.npz") as mine, np.load(other / "weights.npz") as theirs:
        assert all(np.array_equal(mine[name], theirs[name]) for name in mine.files)


@pytest.fixture(scope="module")
def unbroken(records, tmp_path_factory) -> pathlib.Path:
    directory = tmp_path_factory.mktemp("survival") / "whole"
    finish(start(records, directory))
    return directory


def test_killed_at_ten_random_moments_ends_as_an_unbroken_run(records, unbroken, tmp_path):
    rng = np.random.default_rng(0)
    for _ in range(10):
        process = start(records, tmp_path / "broken")
        for _ in range(int(rng.integers(0, 6))):  # lines: the start, steps, epochs
            process.stdout.readline()
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    finish(start(records, tmp_path / "broken"))
    assert_same_end(tmp_path / "broken", unbroken)


def test_killed_within_a_checkpoint_ends_as_an_unbroken_run(records, tmp_path):
    heavy = {"BALLAST": "4"}
    finish(start(records, tmp_path / "whole", **heavy))
    for step in (3, 12):
        process = start(records, tmp_path / "broken", **heavy)
        folder = tmp_path / "broken/checkpoints"
        for line in process.stdout:  # the last step before the checkpoint
            if line.startswith(f"step {step} "):
                break
        while process.poll() is None:
            if list(folder.glob(f"step-{step}?*")) and not (folder / f"step-{step}.index").exists():
                process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    finish(start(records, tmp_path / "broken", **heavy))
    assert_same_end(tmp_path / "broken", tmp_path / "whole")


def workers(records, directory) -> list[Process]:
    """Two workers over the loopback device."""
    with socket.socket() as one, socket.socket() as two:
        for free in (one, two):
            free.bind(("127.0.0.1", 0))
        hosts = [f"127.0.0.1:{free.getsockname()[1]}" for free in (one, two)]
    clusters = [{"cluster": {"worker": hosts}, "task": {"type": "worker", "index": index}} for index in range(2)]
    options = ("--strategy=multiworker", "--learning_rate=1e-3")
    return [start(records, directory, *options, TF_CONFIG=json.dumps(one)) for one in clusters]


def curve(directory: pathlib.Path) -> list[float]:
    return [entry["loss"] for entry in json.loads((directory / "history.json").read_text())]


def test_two_workers_learn_as_one(records, unbroken, tmp_path):
    for process in workers(records, tmp_path / "two"):
        finish(process)
    assert curve(tmp_path / "two") == pytest.approx(curve(unbroken), abs=1e-4)


def test_a_worker_that_dies_ends_the_other_and_the_run_resumes(records, unbroken, tmp_path):
    chief, other = workers(records, tmp_path / "two")
    for line in chief.stdout:
        if line.startswith("step 5 "):
            break
    other.kill()
    _, errors = chief.communicate()
    other.communicate()
    assert chief.returncode == 1
    assert errors.startswith("error: another worker has ended") and errors.count("\n") == 1
    for process in workers(records, tmp_path / "two"):
        finish(process)
    assert curve(tmp_path / "two") == pytest.approx(curve(unbroken), abs=1e-4)


def test_two_devices_of_one_machine_learn_as_one(records, unbroken, tmp_path):
    finish(start(records, tmp_path / "mirrored", "--strategy=mirrored", LOGICAL_CPUS="2"))
    assert curve(tmp_path / "mirrored") == pytest.approx(curve(unbroken), abs=1e-4)
