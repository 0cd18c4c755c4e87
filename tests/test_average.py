import numpy as np
import pytest

from helpers import sharpen_batch_norm
from pnet_tf import presets, store
from pnet_tf.stack import keras
from pnet_tf_tools import average

TINY = presets.tiny()


def save(directory, settings=TINY, seed=0):
    keras.utils.set_random_seed(seed)
    model = store.build(settings)
    sharpen_batch_norm(model, seed)
    store.save(model, settings, directory)
    return model.get_weights()


def run(*directories, output):
    return average.main([*(f"--model_dir={one}" for one in directories), f"--output={output}"])


def test_every_array_is_the_mean(tmp_path):
    made = [save(tmp_path / str(seed), seed=seed) for seed in range(2)]
    assert run(tmp_path / "0", tmp_path / "1", output=tmp_path / "mean") == 0
    model, settings = store.load(tmp_path / "mean")
    assert settings == TINY
    for mean, first, second in zip(model.get_weights(), *made, strict=True):
        assert np.allclose(mean, (first + second) / 2, atol=1e-7)


def test_a_shipped_models_name_stands_for_its_weights(tmp_path):
    name = "portraitnet-lite"
    assert run(name, name, output=tmp_path / "mean") == 0
    with np.load(store.find(name) / store.WEIGHTS) as ours, np.load(tmp_path / "mean" / store.WEIGHTS) as mean:
        assert sorted(ours.files) == sorted(mean.files)
        assert all(np.array_equal(ours[one], mean[one]) for one in ours.files)


def test_a_half_rate_model_takes_in_a_full_rate_one(tmp_path, capsys):
    half = TINY.replace(head_rate=2)
    save(tmp_path / "full")
    first = save(tmp_path / "half", half, seed=1)
    rewritten = store.build(half)
    store.initialise(rewritten, half.model, tmp_path / "full")
    assert run(tmp_path / "half", tmp_path / "full", output=tmp_path / "mean") == 0
    mean, settings = store.load(tmp_path / "mean")
    assert settings == half
    for one, other, both in zip(first, rewritten.get_weights(), mean.get_weights(), strict=True):
        assert np.allclose((one + other) / 2, both, atol=1e-6)
    capsys.readouterr()
    assert run(tmp_path / "full", tmp_path / "half", output=tmp_path / "other") == 1
    assert "name it first" in capsys.readouterr().err


@pytest.mark.parametrize(
    "change, words",
    [({"quantize": True}, "int8 twin"), ({"fusion": "concatenate"}, "another network"), ({"width": 0.5}, "another")],
)
def test_what_cannot_be_averaged_is_refused(change, words, tmp_path, capsys):
    save(tmp_path / "a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / store.CONFIG).write_text(TINY.replace(**change).to_json())
    assert run(tmp_path / "a", tmp_path / "b", output=tmp_path / "mean") == 1
    line = capsys.readouterr().err
    assert str(tmp_path / "b") in line and words in line and line.count("\n") == 1
    assert not (tmp_path / "mean").exists()


def test_one_model_or_a_directory_that_is_there_is_refused(tmp_path, capsys):
    assert run(tmp_path / "a", output=tmp_path / "mean") == 1
    assert "--model_dir" in capsys.readouterr().err
    (tmp_path / "mine.txt").touch()
    assert run(tmp_path / "a", tmp_path / "b", output=tmp_path) == 1
    assert f"--output={tmp_path}" in capsys.readouterr().err


def test_scaled_logits(tmp_path):
    save(tmp_path / "model")
    once, _ = store.load(tmp_path / "model")
    given = [f"--model_dir={tmp_path / 'model'}", f"--output={tmp_path / 'sharp'}"]
    assert average.main([*given, "--logit_scale=2"]) == 0
    twice, _ = store.load(tmp_path / "sharp")
    photo = np.random.default_rng(0).uniform(0, 255, (1, 64, 64, 3)).astype(np.float32)
    before, after = (one(photo, training=False) for one in (once, twice))
    assert np.allclose(after["mask_logits"], 2 * before["mask_logits"], atol=1e-4)
    assert np.allclose(after["boundary_logits"], before["boundary_logits"])
