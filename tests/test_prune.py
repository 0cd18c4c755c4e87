import numpy as np
import pytest

from helpers import portrait, sharpen_batch_norm, write_records
from pnet_tf import fields, presets, resize, store
from pnet_tf.model import deploy, prune
from pnet_tf.stack import keras
from pnet_tf_tools import prune as tool

TINY = presets.tiny()
SIZE = TINY.model.input_height, TINY.model.input_width
PHOTOS = np.stack([resize.fit_photo(portrait(seed)[0], *SIZE, "letterbox")[0] for seed in range(6)])


def network():
    """The tiny network with the hidden channels of its second block alive, 48 of them."""
    model = store.build(TINY)
    sharpen_batch_norm(model)
    return model


def logits(model):
    return model(PHOTOS.astype(np.float32), training=False)[fields.MASK_LOGITS].numpy()


def hidden(model, graph=None):
    return (graph or model).get_layer("block_1_expand").filters


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
    block = {one.projection: one for one in prune.prune(model, PHOTOS, 1e-12)}["block_1_project"]
    assert (block.channels, block.kept) == (48, 32) and block.lost < 1e-12
    assert np.ptp(before) > 0.1
    assert np.abs(logits(model) - before).max() < 1e-4
    assert hidden(model) == 48
    deployed = deploy.fold(model)
    assert hidden(model, deployed) == deployed.get_layer("block_1_depthwise").output.shape[-1] == 32
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
    block = {one.projection: one for one in prune.prune(model, PHOTOS, 1e-6)}["block_1_project"]
    assert block.kept == 32
    assert np.abs(logits(model) - before).max() < 0.01 * np.ptp(before)


def test_the_loss_is_what_the_projection_loses():
    """Measured at the first block that loses something: its input is that of the unpruned network."""
    model = network()
    names = ["expanded_conv_project", *(f"block_{index}_project" for index in range(1, 17))]
    outputs = keras.Model(model.input, [model.get_layer(f"{name}_BN").output for name in names])
    before = outputs(PHOTOS.astype(np.float32), training=False)
    blocks = prune.prune(model, PHOTOS, 0.05)
    first = next(index for index, block in enumerate(blocks) if block.kept < block.channels)
    after = outputs(PHOTOS.astype(np.float32), training=False)
    old, new = (values[first].numpy().reshape(-1, values[first].shape[-1]) for values in (before, after))
    assert blocks[first].lost == pytest.approx((new - old).var(axis=0).sum() / old.var(axis=0).sum(), rel=0.02)
    assert 0 < blocks[first].lost <= 0.05
    assert old.mean(axis=0) == pytest.approx(new.mean(axis=0), abs=1e-4 * float(np.ptp(old)))
    assert [block.projection for block in blocks] == names
    assert all(block.kept % prune.GROUP == 0 or block.kept == block.channels for block in blocks)
    assert all(block.lost <= 0.05 for block in blocks)


def test_a_block_that_adds_nothing_still_folds():
    model = network()
    projection = model.get_layer("block_2_project")
    projection.set_weights([np.zeros_like(projection.kernel)])
    deployed = deploy.fold(model)
    assert deployed.get_layer("block_2_expand").filters == 1
    softmax = 1 / (1 + np.exp(-np.diff(logits(model))[..., 0]))
    assert np.abs(deployed(PHOTOS.astype(np.float32)).numpy()[..., 0] - softmax).max() < 1e-5


def test_the_int8_twin_keeps_every_channel():
    model = network()
    constant(model, slice(5, 25), -1.0)
    prune.prune(model, PHOTOS, 1e-12)
    assert hidden(model, deploy.fold(model, with_boundary=True)) == 48


def test_the_tool_writes_a_model_directory(tmp_path, capsys):
    records, _ = write_records(tmp_path / "records")
    model = network()
    constant(model, slice(5, 25), -1.0)
    store.save(model, TINY, tmp_path / "model")
    flags = [f"--model_dir={tmp_path}/model", f"--records={records}", f"--output={tmp_path}/pruned"]
    assert tool.main([*flags, "--tolerance=1e-9"]) == 0
    assert "block_1_project" in capsys.readouterr().out
    pruned, settings = store.load(tmp_path / "pruned")
    assert settings == TINY and hidden(model, deploy.fold(pruned)) == 32
    assert tool.main(flags) == 1
    assert f"--output={tmp_path}/pruned: already there" in capsys.readouterr().err


def test_an_int8_twin_is_refused(tmp_path, capsys):
    settings = TINY.replace(quantize=True)
    store.save(store.build(settings), settings, tmp_path / "twin")
    flags = [f"--model_dir={tmp_path}/twin", "--records=none", f"--output={tmp_path}/pruned"]
    assert tool.main(flags) == 1
    assert "int8 twin" in capsys.readouterr().err
    assert not (tmp_path / "pruned").exists()
