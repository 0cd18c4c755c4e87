"""Other people's segmenters: what they answer, and how it reaches training."""

import cv2
import numpy as np
import pytest

from helpers import write_folder
from pnet_tf import fields
from pnet_tf.data import records as record_files
from pnet_tf.errors import InputError
from pnet_tf.runtime import peer
from pnet_tf.stack import keras, tf
from pnet_tf_tools import convert, train
from tfrecords import teacher
from tiny_peers import write_network


@pytest.fixture(scope="module")
def red_share(tmp_path_factory) -> str:
    """Answers with the red channel as its probability, from pixels in 0..1."""
    path = tmp_path_factory.mktemp("peer") / "red.tflite"
    return write_network(path, keras.layers.Lambda(lambda x: x[..., :1] * 1.0)) + ":0..1"


def test_range_and_place(red_share):
    assert peer.parse("a:b/selfie.tflite:-1..1") == peer.Name("a:b/selfie.tflite", (-1.0, 1.0))
    assert peer.parse("modnet.onnx:0..255:384") == peer.Name("modnet.onnx", (0.0, 255.0), 384)
    assert peer.parse("selfie.tflite") == peer.Name("selfie.tflite")
    photo = np.zeros((32, 16, 3), np.uint8)
    photo[:16, :, 0] = 255
    answer = peer.PeerNetwork(red_share)(photo)
    assert answer.shape == (8, 8)
    assert answer[:4] == pytest.approx(1.0)
    assert answer[4:] == pytest.approx(0.0)


def test_several_classes_are_logits_of_which_the_first_is_background(tmp_path):
    path = write_network(tmp_path / "classes.tflite", keras.layers.Lambda(lambda x: x * 1.0))
    photo = np.zeros((8, 8, 3), np.uint8)
    photo[..., 0] = 255
    # Logits (1, −1, −1): 1 − e / (e + 2/e).
    expected = 1 - np.e / (np.e + 2 / np.e)
    assert peer.PeerNetwork(f"{path}:-1..1")(photo) == pytest.approx(expected, abs=1e-6)


def test_a_softmax_or_sigmoid_inside_is_noticed(tmp_path):
    """The same logits (1, −1, −1), softmaxed in the file or not; −1 alone is a logit, too."""
    photo = np.zeros((8, 8, 3), np.uint8)
    photo[..., 0] = 255
    expected = 1 - np.e / (np.e + 2 / np.e)
    path = write_network(tmp_path / "softmax.tflite", keras.layers.Softmax())
    assert peer.PeerNetwork(f"{path}:-1..1")(photo) == pytest.approx(expected, abs=1e-6)
    path = write_network(tmp_path / "logit.tflite", keras.layers.Lambda(lambda x: x[..., 1:2] * 1.0))
    assert peer.PeerNetwork(f"{path}:-1..1")(photo) == pytest.approx(1 / (1 + np.e), abs=1e-6)


@pytest.mark.parametrize("kind", [tf.uint8, tf.int8], ids=["uint8", "int8"])
def test_quantised_tensors_follow_their_scale_and_zero_point(tmp_path, kind):
    """The red channel of pixels in −1..1, plus 1 and halved, is its share of 255 again."""
    model = keras.Sequential([keras.Input((8, 8, 3), batch_size=1), keras.layers.Conv2D(1, 1)])
    model.set_weights([np.array([[[[0.5], [0], [0]]]], np.float32), np.array([0.5], np.float32)])
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([np.full((1, 8, 8, 3), end, np.float32)] for end in (-1, 1))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = kind
    (tmp_path / "red.tflite").write_bytes(converter.convert())
    photo = np.arange(0, 256, 4, np.uint8).reshape(8, 8, 1).repeat(3, 2)
    answer = peer.PeerNetwork(f"{tmp_path}/red.tflite:-1..1")(photo)
    assert answer == pytest.approx(photo[..., 0] / 255, abs=1.5 / 255)


def test_refusals(red_share, tmp_path):
    with pytest.raises(InputError, match="say what range"):
        peer.PeerNetwork(red_share.removesuffix(":0..1"))
    with pytest.raises(InputError, match="no such model file"):
        peer.PeerNetwork(str(tmp_path / "absent.tflite:0..1"))


def test_a_second_input_is_refused(tmp_path):
    photo, prior = keras.Input((8, 8, 3), batch_size=1), keras.Input((8, 8, 1), batch_size=1)
    answer = keras.layers.Conv2D(1, 1, activation="sigmoid")(keras.layers.Concatenate()([photo, prior]))
    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model([photo, prior], answer))
    (tmp_path / "two.tflite").write_bytes(converter.convert())
    with pytest.raises(InputError, match=r"two\.tflite: takes 2 inputs, not one RGB photo"):
        peer.PeerNetwork(f"{tmp_path}/two.tflite:0..1")


def test_a_teachers_answers_join_the_records_and_are_learnt(red_share, tmp_path, capsys):
    photos = write_folder(tmp_path / "photos", 6)
    for split in ("train", "val"):
        command = [f"--input_dir={photos}", f"--output_dir={tmp_path / 'records'}", f"--split={split}"]
        assert convert.main([*command, "--val_fraction=0.3", f"--teacher={red_share}", "--num_shards=1"]) == 0
    taught = list(record_files.read(record_files.find(str(tmp_path / "records/*.tfrecord"))))
    assert len(taught) == 6
    for record in taught:
        red = record_files.decode_photo(record.image_bytes)[..., 0]
        expected = cv2.resize(red, (8, 8), interpolation=cv2.INTER_AREA)
        assert np.abs(record_files.decode_teacher(record.teacher_bytes).astype(int) - expected).max() <= 1

    run = [f"--val_records={tmp_path}/records/val-*", "--preset=tiny", "--epochs=1", "--batch_size=2"]
    taught = f"--records={tmp_path}/records/train-*"
    assert train.main([*run, taught, f"--model_dir={tmp_path / 'm'}", "--distillation_weight=1"]) == 0
    history = (tmp_path / "m/history.json").read_text()
    assert '"distillation_loss": 0.0' not in history
    assert "distillation_loss" in history


@pytest.mark.parametrize(("threshold", "expected"), [(0.5, [0, 0.25, 0.5, 1]), (0.75, [0, 1 / 10, 1 / 4, 1])])
def test_a_teachers_threshold_becomes_one_half(threshold, expected):
    """Odds 1/3 and 1 over odds 3 are 1/9 and 1/3; certainty stays certain."""
    assert teacher.recentred(np.array([0, 0.25, 0.5, 1]), threshold) == pytest.approx(expected)


def test_the_threshold_reaches_the_records(red_share, tmp_path):
    photos = write_folder(tmp_path / "photos", 2)
    stored = {}
    for threshold in (0.5, 0.75):
        out = tmp_path / str(threshold)
        flags = [f"--teacher={red_share}", f"--teacher_threshold={threshold}", "--num_shards=1"]
        assert convert.main([f"--input_dir={photos}", f"--output_dir={out}", *flags]) == 0
        (first, _) = record_files.read(record_files.find(f"{out}/*.tfrecord"))
        stored[threshold] = record_files.decode_teacher(first.teacher_bytes) / 255
    odds = stored[0.5] / (1 - stored[0.5]) / 3
    assert stored[0.75] == pytest.approx(odds / (1 + odds), abs=0.01)


def test_a_teacher_draws_the_masks_of_unlabelled_photos(red_share, tmp_path):
    """Its probability rises from left to right, 0.3 in column 38 of 128 and 0.6 in column 77, or 38 of 64."""
    (tmp_path / "photos").mkdir()
    ramp = np.zeros((64, 128, 3), np.uint8)
    ramp[..., 2] = np.linspace(0, 255, 128)
    cv2.imwrite(str(tmp_path / "photos/ramp.png"), ramp)
    cases = ((0.3, 128, 38, False), (0.6, 128, 77, False), (0.6, 64, 38, False), (0.6, 128, 77, True))
    for threshold, width, column, mirrored in cases:
        out = tmp_path / f"{threshold} {width} {mirrored}"
        teacher = [f"--teacher={red_share}", f"--teacher_threshold={threshold}", f"--teacher_mirrored={mirrored}"]
        flags = ["--source=unlabelled", *teacher, f"--max_side={width}", "--num_shards=1"]
        assert convert.main([f"--input_dir={tmp_path / 'photos'}", f"--output_dir={out}", *flags]) == 0
        (record,) = record_files.read(record_files.find(f"{out}/*.tfrecord"))
        labels = record_files.decode_mask(record.mask_bytes)
        assert record.source == "unlabelled" and labels.shape == (width // 2, width)
        assert (labels[:, : column - 1] == fields.BACKGROUND).all()
        assert (labels[:, column + 2 :] == fields.FOREGROUND).all()
        soft = cv2.resize(record_files.decode_teacher(record.teacher_bytes), (width, width // 2))
        assert ((soft > 127) == (labels == fields.FOREGROUND)).mean() > 0.95


def test_a_mirrored_teacher_answers_for_both_sides(tmp_path):
    """A teacher that believes in the left half alone, 1 there and 0 elsewhere, says one half everywhere."""
    left = np.repeat([1.0, 0.0], 4).astype(np.float32).reshape(1, 1, 8, 1)
    model = write_network(tmp_path / "left.tflite", keras.layers.Lambda(lambda x: x[..., :1] * 0.0 + left)) + ":0..1"
    photos = write_folder(tmp_path / "photos", 1)
    for flag, expected in (("--noteacher_mirrored", [255, 0]), ("--teacher_mirrored", [128, 128])):
        out = tmp_path / flag
        assert convert.main([f"--input_dir={photos}", f"--output_dir={out}", f"--teacher={model}", flag]) == 0
        (record,) = record_files.read(record_files.find(f"{out}/*.tfrecord"))
        assert (record_files.decode_teacher(record.teacher_bytes)[:, ::4] == expected).all()


def test_several_teachers_answer_with_their_mean(red_share, tmp_path):
    """Red and blue, 0.8 and 0.4, with thresholds of 0.5 and 0.4: the mean of 0.8 and 0.5."""
    blue = write_network(tmp_path / "blue.tflite", keras.layers.Lambda(lambda x: x[..., 2:] * 1.0)) + ":0..1"
    both = teacher.Teacher((red_share, blue), (0.5, 0.4))
    answer = both(np.full((40, 30, 3), (204, 0, 102), np.uint8))
    assert answer.shape == (40, 30)
    assert answer == pytest.approx(0.65, abs=1e-3)


def test_the_first_says_who_is_there_and_the_second_where_the_edge_runs():
    """Diagonal 500, band 10 px: on the contour the second weighs 0.8, 5 px away 0.4, from 10 px on nothing."""
    who, where = np.zeros((300, 400), np.float32), np.ones((300, 400), np.float32)
    who[:, 200:] = 1
    fused = teacher.fused(who, where)
    assert fused[150, 199] == pytest.approx(0.8 * 0.95, abs=0.02)
    assert fused[150, 195] == pytest.approx(0.8 * 0.55, abs=0.02)
    assert (fused[:, :189] == 0).all() and (fused[:, 200:] == 1).all()
    assert (teacher.fused(np.zeros_like(who), where) == 0).all()  # nobody is there


def test_a_floor_makes_faint_ghosts_nothing():
    assert teacher.ramped(np.array([0.05, 0.1, 0.3, 0.5, 0.9]), 0.1) == pytest.approx([0, 0, 0.25, 0.5, 1])


@pytest.mark.parametrize("flag", ["--teacher_threshold=0.6", "--teacher_mirrored", "--source=unlabelled"])
def test_what_needs_a_teacher_says_so_in_one_line(tmp_path, capsys, flag):
    assert convert.main([f"--input_dir={tmp_path}", f"--output_dir={tmp_path / 'out'}", flag]) == 1
    assert f"{flag.partition('=0')[0]}: needs --teacher" in capsys.readouterr().err


def test_distillation_without_a_teacher_is_one_line(records, tmp_path, capsys):
    command = [f"--records={records[0]}", f"--val_records={records[1]}", f"--model_dir={tmp_path / 'm'}"]
    assert train.main([*command, "--preset=tiny", "--distillation_weight=1"]) == 1
    assert "have no teacher" in capsys.readouterr().err
