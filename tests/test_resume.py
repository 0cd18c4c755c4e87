"""A run started again: from which checkpoint it goes on, to the same weights, and what it is not mixed with."""

import pathlib
import shutil

import numpy as np
import pytest

from pnet_tf import presets
from pnet_tf.errors import InputError
from pnet_tf.stack import tf
from pnet_tf.training import loop
from tiny_runs import Stopped, fit, stop_after, tiny


def test_a_finished_run_goes_on_to_nothing(records, trained, tmp_path):
    directory = shutil.copytree(trained, tmp_path / "finished")
    assert len(fit(records, directory, presets.get("tiny"))) == 2
    assert (directory / "weights.npz").read_bytes() == (trained / "weights.npz").read_bytes()


def test_resumed_run_equals_an_unbroken_one(small_network, records, tmp_path):
    """Stopped in the middle of the second epoch and started again: the same weights to the bit."""
    experiment = tiny(epochs=3, ema_decay=0.9)
    fit(records, tmp_path / "whole", experiment)

    with pytest.raises(Stopped):
        fit(records, tmp_path / "broken", experiment, watchers=loop.Watchers(on_step=stop_after(5)))
    fit(records, tmp_path / "broken", experiment)
    for name in ("step-9.index", "step-9.data-00000-of-00001"):
        assert (tmp_path / "broken/checkpoints" / name).exists()
    states = [tf.train.load_checkpoint(str(tmp_path / run / "checkpoints/step-9")) for run in ("whole", "broken")]
    names = [name for name in states[0].get_variable_to_shape_map() if "save_counter" not in name]
    numeric = [name for name in names if "CHECKPOINTABLE_OBJECT_GRAPH" not in name]
    assert len(numeric) > 20
    for name in numeric:
        assert np.array_equal(states[0].get_tensor(name), states[1].get_tensor(name)), name


def test_a_damaged_newest_checkpoint_is_named_and_the_one_before_used(records, trained, tmp_path):
    directory = tmp_path / "damaged"
    shutil.copytree(trained, directory)
    (directory / "checkpoints/step-6.data-00000-of-00001").write_bytes(b"cut off")
    started, notes = [], []
    watchers = loop.Watchers(on_start=lambda done, _: started.append(done), on_note=notes.append)
    fit(records, directory, presets.get("tiny"), watchers=watchers)
    assert started == [3]
    assert len(notes) == 1 and "step-6" in notes[0]


def test_a_newest_checkpoint_whose_files_are_gone(small_network, records, tmp_path):
    experiment = tiny(epochs=2)
    fit(records, tmp_path / "m", experiment)
    for path in (tmp_path / "m/checkpoints").glob("step-6*"):
        path.unlink()
    started = []
    fit(records, tmp_path / "m", experiment, watchers=loop.Watchers(on_start=lambda done, _: started.append(done)))
    assert started == [3]


def test_a_kill_within_the_first_save_does_not_cost_the_first_weights(records, tmp_path):
    """The folder and a part of a checkpoint are there, no whole one: the run starts from --init_weights again."""
    (tmp_path / "model/checkpoints").mkdir(parents=True)
    (tmp_path / "model/checkpoints/step-3.data-00000-of-00001.tempstate1").write_bytes(b"cut off")
    (tmp_path / "model/checkpoints/step-3.index").write_bytes(b"whole, but not yet listed")

    class Called(Exception):
        pass

    def initialise(_):
        raise Called

    with pytest.raises(Called):
        fit(records, tmp_path / "model", tiny(), initialise=initialise)


def test_a_model_without_checkpoint_is_not_trained_over(records, trained, tmp_path):
    """An imported or copied model; a run whose checkpoints somebody removed."""
    for kept in (("config.json", "weights.npz"), ("config.json", "weights.npz", "run.json", "history.json")):
        directory = tmp_path / str(len(kept))
        directory.mkdir()
        for name in kept:
            shutil.copy(trained / name, directory)
        with pytest.raises(InputError, match="holds a model and no checkpoint"):
            fit(records, directory, presets.get("tiny"))
        assert (directory / "weights.npz").read_bytes() == (trained / "weights.npz").read_bytes()


@pytest.mark.parametrize("name", ["history.json", "run.json"])
def test_a_broken_file_of_the_run_is_named(records, trained, tmp_path, name):
    directory = shutil.copytree(trained, tmp_path / "broken")
    (directory / name).write_text("{")
    with pytest.raises(InputError, match=f"{name}: not what pnet-train wrote"):
        fit(records, directory, presets.get("tiny"))


def test_other_settings_in_the_same_directory_are_listed(records, trained):
    with pytest.raises(InputError, match=r"learning_rate was 0\.001, is 0\.01"):
        fit(records, trained, tiny(learning_rate=0.01))


def test_other_records_in_the_same_directory_are_refused(records, trained):
    with pytest.raises(InputError, match="other training records; other validation records"):
        fit(records[::-1], trained, presets.get("tiny"))


def test_more_epochs_name_the_way_on(records, trained):
    with pytest.raises(InputError, match=r"epochs was 2, is 3.*--init_weights=.* if it is to begin where this one is"):
        fit(records, trained, tiny(epochs=3))


def test_records_are_the_same_in_a_folder_of_another_name(records, trained, tmp_path):
    directory = shutil.copytree(trained, tmp_path / "moved")
    folder = shutil.copytree(pathlib.Path(records[0]).parent, tmp_path / "renamed")
    elsewhere = [str(folder / pathlib.Path(pattern).name) for pattern in records]
    assert len(fit(elsewhere, directory, presets.get("tiny"))) == 2
    (folder / "manifest.json").unlink()  # which would notice what follows first
    first = sorted(folder.glob("train-*.tfrecord"))[0]
    first.write_bytes(first.read_bytes() + b"more")
    with pytest.raises(InputError, match="other training records"):
        fit(elsewhere, directory, presets.get("tiny"))


def test_a_directory_of_another_architecture(records, trained):
    with pytest.raises(InputError, match=r"width was 0\.35, is 0\.5; fusion was add, is concatenate"):
        fit(records, trained, tiny(width=0.5, fusion="concatenate"))
