import numpy as np
import pytest

import small_run
from helpers import portrait, sharpen_batch_norm
from pnet_tf import config, fields, presets, resize, store
from pnet_tf.errors import InputError
from pnet_tf.stack import keras, tf
from pnet_tf.training import teacher
from pnet_tf_tools import train

TINY = presets.tiny()


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory):
    """A network of 64×64 with random weights."""
    keras.utils.set_random_seed(0)
    model = store.build(TINY)
    sharpen_batch_norm(model)
    directory = tmp_path_factory.mktemp("teacher")
    store.save(model, TINY, directory)
    return directory


def probability(directory, photos, *size):
    """The training graph's softmax, which has batch norm apart."""
    model, _ = store.load(directory, *size)
    return tf.nn.softmax(model(photos.astype(np.float32), training=False)[fields.MASK_LOGITS]).numpy()[..., 1]


def test_it_answers_as_the_model_does_for_photo_and_mirror_image(model_dir):
    photos = np.stack([resize.fit_photo(portrait(seed)[0], 64, 64, "letterbox")[0] for seed in range(2)])
    straight, mirrored = probability(model_dir, photos), probability(model_dir, photos[:, :, ::-1])
    assert np.abs(straight - mirrored[:, :, ::-1]).max() > 0.1
    answers = teacher.load(str(model_dir), 64, 64)(tf.constant(photos)).numpy()
    assert answers == pytest.approx(255 * (straight + mirrored[:, :, ::-1]) / 2, abs=0.51)


def test_a_smaller_view_is_enlarged_to_its_height_and_kept_in_shape(model_dir):
    """A 16×32 view of one colour is 64×128 of it; the answer comes back at 16×32, as bilinear has it."""
    grey = np.full((1, 64, 128, 3), 90, np.uint8)
    large = probability(model_dir, grey, 64, 128)[0]
    large = (large + large[:, ::-1]) / 2
    answers = teacher.load(str(model_dir), 16, 32)(tf.constant(grey[:, :16, :32])).numpy()
    assert answers.shape == (1, 16, 32)
    # Four to one, centres aligned: output (i, j) is the mean of the pixels 4i + 1, 4i + 2 and 4j + 1, 4j + 2.
    rows = (large[1::4] + large[2::4]) / 2
    assert answers[0] == pytest.approx(255 * (rows[:, 1::4] + rows[:, 2::4]) / 2, abs=0.51)


def test_an_int8_twin_is_refused(model_dir, tmp_path):
    settings = TINY.replace(quantize=True)
    (tmp_path / store.CONFIG).write_text(settings.to_json())
    (tmp_path / store.WEIGHTS).touch()
    with pytest.raises(InputError, match=r"teacher_model=.*int8 twin"):
        teacher.load(str(tmp_path), 64, 64)


def test_training_asks_the_teacher_and_the_records_need_none(records, tmp_path, monkeypatch):
    asked = []

    def load(*arguments):
        return lambda views: asked.append(arguments) or tf.zeros(tf.shape(views)[:3], tf.uint8)

    monkeypatch.setattr(store, "build", small_run.build)
    monkeypatch.setattr(teacher, "load", load)
    command = [f"--records={records[0]}", f"--val_records={records[1]}", "--preset=tiny", "--epochs=1"]
    command += [f"--model_dir={tmp_path / 'm'}", "--distillation_weight=1", "--teacher_model=somebody"]
    assert train.main(command) == 0
    assert set(asked) == {("somebody", 64, 64)}


def test_a_teacher_of_no_weight_is_refused():
    with pytest.raises(InputError, match="teacher_model=somebody: counts nothing without a distillation_weight"):
        config.Loss(teacher_model="somebody")


def test_no_such_teacher_is_one_line_and_nothing_is_written(records, tmp_path, capsys):
    command = [f"--records={records[0]}", f"--val_records={records[1]}", "--preset=tiny", "--distillation_weight=1"]
    assert train.main([*command, "--teacher_model=portrait-net", f"--model_dir={tmp_path / 'm'}"]) == 1
    assert "teacher_model=portrait-net: neither a shipped model" in capsys.readouterr().err
    assert not (tmp_path / "m" / store.CONFIG).exists()
