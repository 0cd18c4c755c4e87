"""What a run leaves on disk and shows, and one line for what ends it."""

import dataclasses
import json

import cv2
import numpy as np
import pytest

from pnet_tf import presets, store
from pnet_tf.data import records as record_files
from pnet_tf.errors import InputError
from pnet_tf.export import calibration
from pnet_tf.model import portraitnet
from pnet_tf.model.predict import KerasNetwork
from pnet_tf.stack import keras, tf
from pnet_tf.training import loop, summaries
from pnet_tf_tools import train
from processes import Process
from tiny_runs import fit, tiny


def test_what_is_on_disk_after_training(trained):
    model, experiment = store.load(trained)
    assert experiment == presets.get("tiny")
    history = json.loads((trained / "history.json").read_text())
    assert [entry["step"] for entry in history] == [3, 6]  # 12 records at batch 4, two epochs
    assert {"loss", "mask_loss", "boundary_loss", "consistency_loss", "network_size", "photo_size"} <= set(history[0])
    assert sorted(path.name for path in (trained / "checkpoints").glob("*.index")) == ["step-3.index", "step-6.index"]
    assert KerasNetwork(model)(np.zeros((64, 64, 3), np.uint8)).shape == (64, 64)


def test_what_a_run_shows(trained):
    """The demo's pictures and boards: there, readable, and with every part of the objective."""
    assert cv2.imread(str(trained / "training.png")).shape[1] > 800
    run = json.loads((trained / "run.json").read_text())
    assert run["command"].startswith("pnet-train ") and "--preset=tiny" in run["command"]
    tags, pictures = set(), []
    for path in (trained / "logs").glob("events.*"):
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            for value in event.summary.value:
                tags.add(value.tag)
                if value.tag == "views_labels_predictions":
                    pictures.append(tf.io.decode_png(value.tensor.string_val[2]).shape)
    names = ("loss", "mask_loss", "boundary_loss", "consistency_loss", "learning_rate", "input_wait")
    assert {f"training/{name}" for name in names} <= tags
    assert {"validation_network_size/foreground_iou", "validation_photo_size/boundary_iou"} <= tags
    assert len(pictures) == 2 and pictures[0][0] > 4 * 64  # two validations, four rows of 64 pixels


def test_mixed_precision_keeps_float32_weights(small_network, records, tmp_path):
    fit(records, tmp_path / "m", tiny(epochs=1, mixed_precision=True))
    model, _ = store.load(tmp_path / "m")
    assert {one.dtype for one in model.weights} == {tf.float32}
    assert keras.mixed_precision.global_policy().name == "float32"


def test_batch_larger_than_the_set(records, tmp_path):
    with pytest.raises(InputError, match=r"batch_size=64.*12 records"):
        fit(records, tmp_path / "model", tiny(batch_size=64))


def test_an_empty_validation_set(records, tmp_path):
    with tf.io.TFRecordWriter(str(tmp_path / "empty.tfrecord")):
        pass
    with pytest.raises(InputError, match="record files are empty"):
        fit((records[0], str(tmp_path / "empty.tfrecord")), tmp_path / "m", tiny())


def test_a_loss_that_is_not_finite_names_the_records(small_network, records, tmp_path):
    def poison(model):
        model.get_layer(portraitnet.MASK_HEAD).bias.assign([np.nan, 0.0])

    with pytest.raises(InputError, match=r"step 1: the loss is not finite.*p0\d\d, p0"):
        fit(records, tmp_path / "model", tiny(), initialise=poison)


@pytest.mark.parametrize(
    ("split", "spoilt", "what"),
    [
        ("train", "image_bytes", "photo"),
        ("train", "mask_bytes", "mask"),
        ("train", "teacher_bytes", "teacher"),
        ("val", "image_bytes", "photo"),
        ("val", "mask_bytes", "mask"),
    ],
)
def test_a_record_that_cannot_be_decoded_is_named(small_network, records, tmp_path, split, spoilt, what):
    """As records that another program wrote may be."""
    whole = list(record_files.read(record_files.find(records[split == "val"])))
    whole[0] = dataclasses.replace(whole[0], **{spoilt: b"no picture"})
    path = str(tmp_path / "by_hand.tfrecord")
    with tf.io.TFRecordWriter(path) as writer:
        for one in whole:
            writer.write(record_files.serialize(one))
    files = [path if name == split else record_files.find(records[name == "val"])[0] for name in ("train", "val")]
    with pytest.raises(InputError) as caught:
        fit(files, tmp_path / "m", tiny())
    line = f"record {whole[0].id}: its {what} cannot be decoded; convert the photos again with pnet-convert"
    assert str(caught.value) == line
    if spoilt == "image_bytes":
        with pytest.raises(InputError) as caught:
            calibration.photos([path], tiny())
        assert str(caught.value) == line


def test_a_device_without_memory_is_one_line(small_network, monkeypatch, records, tmp_path, capsys):
    def full(*_):
        def step(batch):
            raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")

        return step

    monkeypatch.setattr(loop, "make_step", full)
    flags = [f"--records={records[0]}", f"--val_records={records[1]}", f"--model_dir={tmp_path}/model"]
    assert train.main([*flags, "--preset=tiny", "--notensorboard"]) == 1
    error = capsys.readouterr().err
    assert "error: the device has too little memory" in error and "Traceback" not in error


@pytest.mark.parametrize(("limit", "place"), [(500, "config.json"), (3000, "weights.npz")])
def test_a_full_disk_is_one_line(records, tmp_path, limit, place):
    on = [f"--records={records[0]}", f"--val_records={records[1]}", f"--model_dir={tmp_path}/m"]
    process = Process("train", [*on, "--preset=tiny", "--epochs=1"], {"FILE_LIMIT": str(limit)}, "full_disk")
    _, errors = process.communicate()
    assert process.returncode == 1
    assert errors.count("\n") == 1 and f"{tmp_path}/m/{place}" in errors and "cannot be written" in errors
    assert not list((tmp_path / "m").glob("checkpoints/*.index"))


def test_a_board_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "m").write_text("a file where the folder should be")
    with pytest.raises(InputError, match="logs: cannot be written"):
        summaries.Board(tmp_path / "m").on_step(1, {"loss": 1.0})
