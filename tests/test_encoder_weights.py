"""The encoder's first weights, of a file and of Keras' ImageNet network: computing the same in ours."""

import h5py
import numpy as np
import pytest

from helpers import sharpen_batch_norm
from pnet_tf import config
from pnet_tf.errors import InputError
from pnet_tf.model import build, weights
from pnet_tf.stack import keras
from small_reference import lively, photos, settings


def test_encoder_of_an_npz_passes_the_first_expansion(tmp_path):
    """Weights of epsilon 1e-5 arrive as they are, and the block that they lack lets everything through."""
    values = {"width": 1.0}
    first, second = lively(**values), build.build(settings(**values))
    arrays = {
        name: variable.numpy()
        for name, variable in weights.encoder_variables(first).items()
        if not name.startswith("expanded_conv_expand")
    }
    np.savez(tmp_path / "encoder.npz", **arrays)
    weights.load_encoder(second, tmp_path / "encoder.npz")
    norms = [name for name in arrays if name.endswith("gamma")]
    assert all(np.allclose(weights.named_variables(second)[name], arrays[name], rtol=1e-6) for name in norms)
    raw = photos()
    before, after = (
        keras.Model(second.input, second.get_layer(name).output)(raw, training=False).numpy()
        for name in ("Conv1_relu", "expanded_conv_expand_relu")
    )
    assert np.abs(before - after).max() < 1e-5 and before.max() > 0.1


def keras_network(monkeypatch) -> keras.Model:
    """tf.keras.applications' network with made-up weights, which it then claims to have downloaded."""
    network = keras.applications.MobileNetV2((64, 96, 3), include_top=False, weights=None)
    sharpen_batch_norm(network)
    monkeypatch.setattr(weights, "keras", FakeKeras(network))
    return network


class FakeKeras:
    def __init__(self, network):
        self.applications = self
        self.network = network

    def MobileNetV2(self, *_, **options):
        assert options["weights"] == "imagenet"
        if self.network is None:
            raise Exception("URL fetch failure on https://storage.example: None -- no route")
        return self.network


def test_imagenet_weights_of_keras_compute_the_same(monkeypatch):
    """Input scale −1..1 against mean and 0.017: the same features, away from the padded row and column."""
    model = build.build(config.Model(input_height=64, input_width=96))
    network = keras_network(monkeypatch)
    weights.load_imagenet(model, 1.0)
    raw = photos()
    theirs = keras.Model(network.input, network.get_layer("block_2_add").output)(raw / 127.5 - 1, training=False)
    ours = keras.Model(model.input, model.get_layer("block_2_add").output)(raw, training=False)
    assert np.abs(ours - theirs)[:, :-3, :-3].max() < 1e-4 * np.abs(theirs).max()


def test_imagenet_epsilon_in_the_reference(monkeypatch):
    """gamma·(x − mean)/sqrt(variance + 1e-3), in a layer of epsilon 1e-5."""
    model = build.build(settings(width=1.0))
    network = keras_network(monkeypatch)
    weights.load_imagenet(model, 1.0)
    x = np.random.default_rng(0).normal(size=(1, 2, 2, 32)).astype(np.float32)
    ours, theirs = (one.get_layer("expanded_conv_depthwise_BN")(x, training=False) for one in (model, network))
    assert np.abs(ours - theirs).max() < 1e-5


def test_imagenet_without_a_network_is_one_line(monkeypatch, records, capsys, tmp_path):
    from pnet_tf_tools import train

    monkeypatch.setattr(weights, "keras", FakeKeras(None))
    flags = (f"--records={records[0]}", f"--val_records={records[1]}", f"--model_dir={tmp_path / 'm'}")
    assert train.main([*flags, "--preset=tiny", "--init_weights=imagenet"]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "could not download" in error and "no route" in error
    assert not (tmp_path / "m/config.json").exists()


@pytest.mark.parametrize("whole", [False, True])
def test_an_h5_file_of_keras_is_the_same_as_its_download(monkeypatch, tmp_path, whole):
    """Weights alone, and a whole model with its optimiser; written by Keras itself."""
    network = keras_network(monkeypatch)
    (network.save if whole else network.save_weights)(tmp_path / "w.h5", save_format="h5")
    models = [build.build(config.Model(input_height=64, input_width=96)) for _ in range(2)]
    weights.load_imagenet(models[0], 1.0)
    weights.load_keras_file(models[1], tmp_path / "w.h5")
    downloaded, read = (weights.encoder_variables(model) for model in models)
    assert all(np.array_equal(read[name].numpy(), value.numpy()) for name, value in downloaded.items())


def test_h5_files_that_are_none(tmp_path):
    model = build.build(config.Model(input_height=64, input_width=64, width=0.35))
    (tmp_path / "text.h5").write_text("none")
    with h5py.File(tmp_path / "keras3.h5", "w") as file:  # layers/conv2d/vars/0, without names
        file["layers/conv2d/vars/0"] = np.zeros(3)
    keras.Sequential([keras.layers.Dense(2, input_shape=(3,))]).save_weights(tmp_path / "other.h5", save_format="h5")
    for name, words in (("text", "no .h5 file"), ("keras3", "no .h5 file"), ("other", "holds no MobileNetV2")):
        with pytest.raises(InputError, match=rf"{name}\.h5: {words}"):
            weights.load_keras_file(model, tmp_path / f"{name}.h5")
    wide = keras.applications.MobileNetV2((64, 64, 3), alpha=0.5, include_top=False, weights=None)
    wide.save_weights(tmp_path / "wide.h5", save_format="h5")
    with pytest.raises(InputError, match="weights of another network"):
        weights.load_keras_file(model, tmp_path / "wide.h5")
