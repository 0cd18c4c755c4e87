import dataclasses
import functools

import numpy as np
import pytest

from helpers import portrait, sharpen_batch_norm, write_records
from pnet_tf import config, fields, presets, resize, store
from pnet_tf.errors import InputError
from pnet_tf.model import deploy, prune
from pnet_tf.quantize import qat
from pnet_tf.stack import keras
from pnet_tf_tools import prune as tool
from pnet_tf_tools import train

TINY = presets.tiny()
SIZE = TINY.model.input_height, TINY.model.input_width
PHOTOS = np.stack([resize.fit_photo(portrait(seed)[0], *SIZE, "letterbox")[0] for seed in range(6)])


def network():
    """The tiny network with the hidden channels of its second block alive, 48 of them."""
    keras.utils.set_random_seed(0)
    model = store.build(TINY)
    sharpen_batch_norm(model)
    for name in ("block_1_expand_BN", "block_1_depthwise_BN"):
        beta = model.get_layer(name).beta
        beta.assign(beta + 1.0)  # away from ReLU6's zero, where a third of them would say nothing
    return model


def logits(model):
    return model(PHOTOS.astype(np.float32), training=False)[fields.MASK_LOGITS].numpy()


def hidden(model):
    return model.get_layer("block_1_expand").filters


def pruned(model, tolerance, counts=()):
    """The narrower network, its settings, and each block by its projection's name."""
    narrow, settings, blocks = prune.prune(model, TINY.model, PHOTOS, tolerance, counts)
    return narrow, settings, {block.projection: block for block in blocks}


def constant(model, channels, value):
    """Makes hidden channels of the second block say the same of every photo."""
    norm = model.get_layer("block_1_depthwise_BN")
    gamma, beta, mean, variance = norm.get_weights()
    gamma[channels], beta[channels] = 0, value
    norm.set_weights([gamma, beta, mean, variance])


@pytest.mark.parametrize("value", [-1.0, 2.0], ids=["dead", "constant"])
def test_channels_that_say_nothing_go_and_nothing_changes(value):
    model = network()
    constant(model, slice(5, 25), value)  # 28 of 48 stay alive: two groups of 16
    before = logits(model)
    narrow, settings, blocks = pruned(model, 1e-12)
    block = blocks["block_1_project"]
    assert (block.channels, block.kept) == (48, 32) and block.lost < 1e-12
    assert np.ptp(before) > 0.1
    assert np.abs(logits(narrow) - before).max() < 1e-4
    assert config.channel_counts(settings.hidden_channels) == tuple(block.kept for block in blocks.values())
    assert hidden(narrow) == narrow.get_layer("block_1_depthwise").output.shape[-1] == 32
    deployed = deploy.fold(narrow)
    assert hidden(deployed) == 32
    foreground = deployed(PHOTOS.astype(np.float32)).numpy()[..., 0]
    softmax = 1 / (1 + np.exp(before[..., 0] - before[..., 1]))
    assert np.abs(foreground - softmax).max() < 1e-4


def test_a_channel_that_others_can_stand_for_is_made_good():
    """Sixteen channels of little weight are copies of sixteen others, which take over what the copies carried."""
    model = network()
    for name in ("expand", "expand_BN", "depthwise", "depthwise_BN"):
        layer = model.get_layer(f"block_1_{name}")
        arrays = layer.get_weights()
        axis = 2 if name == "depthwise" else -1
        for array in arrays:
            view = np.moveaxis(array, axis, 0)
            view[16:32] = view[:16]
        layer.set_weights(arrays)
    projection = model.get_layer("block_1_project")
    kernel = projection.kernel.numpy()
    kernel[:, :, 16:32] *= 0.02  # still some 1e-4 of the variance
    projection.set_weights([kernel])
    before = logits(model)
    narrow, _, blocks = pruned(model, 1e-6)
    assert blocks["block_1_project"].kept == 32
    assert np.abs(logits(narrow) - before).max() < 0.01 * np.ptp(before)


def test_the_loss_is_what_the_projection_loses():
    """Measured at the first block that loses something: its input is that of the unpruned network."""
    model = network()
    names = ["expanded_conv_project", *(f"block_{index}_project" for index in range(1, 17))]

    def outputs(network):
        inner = keras.Model(network.input, [network.get_layer(f"{name}_BN").output for name in names])
        return inner(PHOTOS.astype(np.float32), training=False)

    before = outputs(model)
    narrow, _, by_name = pruned(model, 0.05)
    blocks = list(by_name.values())
    first = next(index for index, block in enumerate(blocks) if block.kept < block.channels)
    after = outputs(narrow)
    old, new = (values[first].numpy().reshape(-1, values[first].shape[-1]) for values in (before, after))
    assert blocks[first].lost == pytest.approx((new - old).var(axis=0).sum() / old.var(axis=0).sum(), rel=0.02)
    assert 0 < blocks[first].lost <= 0.05
    assert old.mean(axis=0) == pytest.approx(new.mean(axis=0), abs=1e-4 * float(np.ptp(old)))
    assert [block.projection for block in blocks] == names
    assert all(block.kept % prune.GROUP == 0 or block.kept == block.channels for block in blocks)
    assert all(block.lost <= 0.05 for block in blocks)


def test_a_block_that_adds_nothing_keeps_one_group():
    model = network()
    projection = model.get_layer("block_2_project")
    projection.set_weights([np.zeros_like(projection.kernel)])
    before = logits(model)
    narrow, _, blocks = pruned(model, 0.0)
    assert blocks["block_2_project"] == prune.Block("block_2_project", 48, 16, 0.0)
    assert np.abs(logits(narrow) - before).max() < 1e-5


@functools.cache
def own_counts():
    return [projection.kernel.shape[2] for _, _, projection in prune.inverted_residuals(network())]


def test_prescribed_numbers_stay():
    counts = [5, *own_counts()[1:]]
    narrow, settings, blocks = pruned(network(), 0.0, counts)
    assert [block.kept for block in blocks.values()] == counts
    assert narrow.get_layer("Conv1").filters == 5
    assert settings.hidden_channels == ",".join(map(str, counts))
    assert blocks["expanded_conv_project"].lost > 0


def test_all_channels_are_the_network_itself():
    model = network()
    before = logits(model)
    narrow, _, blocks = pruned(model, 0.0, own_counts())
    assert all(block.lost == 0 for block in blocks.values())
    assert np.array_equal(logits(narrow), before)


def test_more_channels_than_there_are_is_an_error():
    with pytest.raises(InputError, match=r"block_1_project has 48 channels, 49 cannot stay"):
        pruned(network(), 0.0, [16, 49, *own_counts()[2:]])


def test_the_reference_is_refused():
    with pytest.raises(InputError, match="network=reference"):
        prune.prune(network(), presets.authors().model, PHOTOS, 0.1)


def test_the_int8_twin_of_a_pruned_network_is_as_narrow():
    model = network()
    constant(model, slice(5, 25), -1.0)
    narrow, settings, _ = pruned(model, 1e-12)
    experiment = dataclasses.replace(TINY, model=settings).replace(quantize=True)
    shapes = [array.shape for array in qat.quantize(narrow).get_weights()]
    assert shapes == [array.shape for array in store.build(experiment).get_weights()]
    assert shapes != [array.shape for array in qat.quantize(network()).get_weights()]


def test_training_goes_on_from_a_pruned_model(tmp_path):
    records, _ = write_records(tmp_path / "records")
    narrow, settings, _ = pruned(network(), 0.0, [5, *own_counts()[1:]])
    store.save(narrow, dataclasses.replace(TINY, model=settings), tmp_path / "pruned")
    flags = ["--preset=tiny", f"--init_weights={tmp_path}/pruned", "--notensorboard"]
    flags += [f"--records={records}", f"--val_records={records}", f"--model_dir={tmp_path}/on", "--epochs=1"]
    assert train.main(flags) == 0
    trained, experiment = store.load(tmp_path / "on")
    assert experiment.model == settings and trained.get_layer("Conv1").filters == 5


def test_the_tool_writes_a_model_directory(tmp_path, capsys):
    records, _ = write_records(tmp_path / "records")
    model = network()
    constant(model, slice(5, 25), -1.0)
    store.save(model, TINY, tmp_path / "model")
    flags = [f"--model_dir={tmp_path}/model", f"--records={records}", f"--output={tmp_path}/pruned"]
    (tmp_path / "pruned").mkdir()  # empty: nobody's
    assert tool.main([*flags, "--tolerance=1e-9"]) == 0
    assert "block_1_project" in capsys.readouterr().out
    narrow, experiment = store.load(tmp_path / "pruned")
    assert experiment.training == TINY.training and hidden(narrow) == 32
    smaller = [f"--output={tmp_path}/smaller", "--tolerance=1", "--input_width=32"]
    assert tool.main([*flags, *smaller]) == 0
    narrow, experiment = store.load(tmp_path / "smaller")
    assert (experiment.model.input_height, experiment.model.input_width) == (SIZE[0], 32)
    assert hidden(narrow) == prune.GROUP
    assert tool.main([*flags, "--hidden_channels=16,48"]) == 1
    assert f"--output={tmp_path}/pruned: already there" in capsys.readouterr().err
    flags[-1] = f"--output={tmp_path}/other"
    assert tool.main([*flags, "--hidden_channels=16,48"]) == 1
    assert "hidden_channels=16,48: write 17 numbers" in capsys.readouterr().err and not (tmp_path / "other").exists()


def test_an_int8_twin_is_refused(tmp_path, capsys):
    settings = TINY.replace(quantize=True)
    store.save(store.build(settings), settings, tmp_path / "twin")
    flags = [f"--model_dir={tmp_path}/twin", "--records=none", f"--output={tmp_path}/pruned"]
    assert tool.main(flags) == 1
    assert "int8 twin" in capsys.readouterr().err
    assert not (tmp_path / "pruned").exists()
