"""PortraitFCN+: its size to the parameter, its blocks against NumPy, and what it makes of faces."""

import numpy as np
import pytest

import forward as f
from command_line import fails
from helpers import write_photo
from network_recipes import trains_resumes_exports_and_evaluates
from pnet_tf import config, fields, store
from pnet_tf.errors import InputError
from pnet_tf.model import portraitfcn, summary
from pnet_tf.model.build import build
from pnet_tf.stack import keras
from tfrecords import sources, writer

data = pytest.importorskip("skimage.data")

CLOSE = 1e-4
SMALL = {"network": "portraitfcn", "width": 0.35, "input_height": 128, "input_width": 128}


def small() -> keras.Model:
    return build(config.Model(**SMALL))


def drawn(model: keras.Model, seed: int = 0) -> keras.Model:
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        if weight.dtype.is_floating:
            weight.assign(rng.normal(0, 0.1, weight.shape))
    return model


def test_size():
    """The paper's Table 5: 134.27 M parameters, 62.89 G."""
    size = summary.inference_size(build(config.Model(network="portraitfcn")))
    assert size.parameters == 134_273_158 and size.multiply_adds / 1e9 == pytest.approx(62.9, rel=0.01)


def astronaut() -> np.ndarray:
    """(256, 256, 3), whose face is at about (112, 60)."""
    return np.ascontiguousarray(data.astronaut()[::2, ::2])


def test_channels_as_the_face_sees_them():
    model = small()
    layer = model.get_layer("face")
    assert np.allclose(portraitfcn.positions(np.zeros((1, 90, 60, 3), np.float32)), [[30, 36, 20]])  # nobody
    crop = astronaut()[:128, 50:178]
    x, y, side = portraitfcn.positions(crop[None].astype(np.float32))[0]
    assert abs(x - 62) < 12 and abs(y - 60) < 15 and 30 < side < 70
    mask = np.zeros((portraitfcn.SIDE, portraitfcn.SIDE), np.float32)
    mask[:, 32:] = 1  # to the right of the face
    layer.mean_mask.assign(mask)
    found = layer(crop[None].astype(np.float32)).numpy()[0]
    row, column = 100, 20
    expected = ((column + 0.5 - x) / side, (row + 0.5 - y) / side)
    assert np.allclose(found[row, column, :2], expected, atol=1e-5)
    step = 2 * portraitfcn.REACH / portraitfcn.SIDE  # of the mean mask, sides of a face
    seen_x, shown = found[..., 0], found[..., 2]
    assert (shown[seen_x < -step / 2] == 0).all() and (shown[seen_x > step / 2] == 1).all()


def test_the_mean_mask_is_that_of_photos_with_faces():
    model, photo = small(), astronaut()[:128, 50:178]
    labels = np.zeros(photo.shape[:2], np.uint8)
    labels[64:] = fields.FOREGROUND
    empty = np.zeros_like(photo)
    samples = [("a", photo, labels), ("b", photo, labels), ("none", empty, labels)]
    assert portraitfcn.adapt(model, samples, "letterbox") == (3, 2)
    _, y, side = portraitfcn.positions(photo[None].astype(np.float32))[0]
    mask = model.get_layer("face").mean_mask.numpy()
    edges = (np.arange(portraitfcn.SIDE) + 0.5) * (2 * portraitfcn.REACH / portraitfcn.SIDE) - portraitfcn.REACH
    inside = (edges * side + y > 66) & (edges * side + y < 126)
    assert (mask[inside, 32] == 1).all() and (mask[edges * side + y < 62, 32] == 0).all()
    with pytest.raises(InputError, match="no face on any of 1 training photos"):
        portraitfcn.adapt(model, [("none", empty, labels)], "letterbox")


def test_encoder_and_decoder():
    """VGG16 of 8 channels from the padded picture, and FCN-8s' scores behind."""
    inputs = keras.Input((32, 64, 6))
    pooled = portraitfcn.encode(inputs, 0.01)
    deep = portraitfcn._relu(pooled[4], 8, 7, "fc1", "valid")
    score = keras.layers.Conv2D(2, 1, name="score_32")(deep)
    model = drawn(keras.Model(inputs, portraitfcn.decode(score, pooled[3], pooled[2], 32, 64)))
    picture = np.random.default_rng(1).normal(size=(32, 64, 6))
    w = {layer.name: [np.asarray(one, np.float64) for one in layer.get_weights()] for layer in model.layers}
    x, made = np.pad(picture, ((99, 99), (99, 99), (0, 0))), []
    for block, (_, count) in enumerate(portraitfcn.VGG16, 1):
        for index in range(1, count + 1):
            x = f.relu(f.conv(x, *w[f"block{block}_conv{index}"], pad=1))
        height, width = (-(-size // 2) for size in x.shape[:2])  # rounded up
        odd = [(0, size % 2) for size in x.shape[:2]]
        x = np.pad(x, (*odd, (0, 0)), constant_values=-np.inf).reshape(height, 2, width, 2, -1).max((1, 3))
        made.append(x)
    x = f.conv(f.relu(f.conv(x, *w["fc1"])), *w["score_32"])
    for name, skip, offset in (("32", 3, 5), ("16", 2, 9)):
        x = painted(x, w[f"up_{name}"][0], 2)
        scores = f.conv(made[skip], *w[f"score_{32 // 2 if name == '32' else 8}"])
        x = x + scores[offset : offset + x.shape[0], offset : offset + x.shape[1]]
    expected = painted(x, w["mask_head"][0], 8)[31 : 31 + 32, 31 : 31 + 64]
    found = model(picture[None].astype(np.float32)).numpy()[0]
    assert np.abs(found - expected).max() < CLOSE * max(1, np.abs(expected).max())


def painted(x: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    """A deconvolution without padding."""
    size = kernel.shape[0]
    out = np.zeros((stride * (x.shape[0] - 1) + size, stride * (x.shape[1] - 1) + size, kernel.shape[2]))
    for row in range(x.shape[0]):
        for column in range(x.shape[1]):
            out[stride * row : stride * row + size, stride * column : stride * column + size] += kernel @ x[row, column]
    return out


def test_vgg16s_weights(monkeypatch):
    """The first three channels meet R, G, B scaled by 0.017 instead of B, G, R; fc1 is a 7×7 convolution there."""
    monkeypatch.setattr(portraitfcn, "VGG16", ((4, 1), (4, 1), (4, 1), (4, 1), (4, 1)))
    monkeypatch.setattr(portraitfcn, "WIDE", 8)
    monkeypatch.setattr(portraitfcn, "_narrow", lambda channels, width: channels)
    model = build(config.Model(**{**SMALL, "width": 1.0}))
    rng = np.random.default_rng(0)
    theirs = {f"block{i}_conv1": [rng.normal(size=(3, 3, 3 if i == 1 else 4, 4)), np.full(4, i)] for i in range(1, 6)}
    theirs |= {"fc1": [rng.normal(size=(7 * 7 * 4, 8)), np.zeros(8)], "fc2": [rng.normal(size=(8, 8)), np.ones(8)]}

    class Theirs:
        def __init__(self, weights):
            assert weights == config.IMAGENET

        def get_layer(self, name):
            self.name = name
            return self

        def get_weights(self):
            return theirs[self.name]

    monkeypatch.setattr(keras.applications, "VGG16", Theirs)
    fresh = model.get_layer("block1_conv1").kernel.numpy()[:, :, 3:]
    portraitfcn.load_imagenet(model)
    kernel = model.get_layer("block1_conv1").kernel.numpy()
    assert np.allclose(kernel[:, :, :3] * 0.017, theirs["block1_conv1"][0][:, :, ::-1], atol=1e-5)
    assert np.array_equal(kernel[:, :, 3:], fresh)
    assert np.allclose(model.get_layer("fc1").kernel.numpy().ravel(), theirs["fc1"][0].ravel())
    monkeypatch.setattr(portraitfcn, "WIDE", 9)
    with pytest.raises(InputError, match="--width=1 alone"):
        portraitfcn.load_imagenet(model)


@pytest.fixture(scope="module")
def faces(tmp_path_factory) -> tuple[str, str]:
    """Records of the astronaut, cut in several ways."""
    folder, photo = tmp_path_factory.mktemp("faces"), astronaut()
    for index in range(8):
        crop = photo[: 200 + 4 * index, 20 + 3 * index : 200]
        labels = np.zeros(crop.shape[:2], np.uint8)
        labels[40:, 40:140] = 255
        split = "train" if index < 6 else "val"
        write_photo(folder / split / f"Images/a{index}.jpg", crop)
        write_photo(folder / split / f"Labels/a{index}.png", labels)
    for split in ("train", "val"):
        writer.convert(sources.folder(folder / split, sources.Options()), folder / "records", split, shards=1)
    return str(folder / "records/train-*"), str(folder / "records/val-*")


def test_the_road(faces, tmp_path):
    """All but a file, which TFLite has no operator for."""
    settings = {"width": 0.35, "batch_size": 2, "input_height": 128, "input_width": 128, "learning_rate": 1e-3}
    trains_resumes_exports_and_evaluates("portraitfcn", faces, tmp_path, {}, **settings)
    assert store.load(tmp_path / "whole")[0].get_layer("face").mean_mask.numpy().max() > 0.3


def test_no_file_and_no_faces(records, capsys, tmp_path):
    model = small()
    store.save(model, config.Experiment().replace(**SMALL, boundary_weight=0.0), tmp_path / "m")
    flags = ["--mode=float32", f"--model_dir={tmp_path}/m", f"--output={tmp_path}/m.tflite"]
    assert "looks for a face in the photo" in fails(capsys, "export", *flags)
    training = [f"--records={records[0]}", f"--val_records={records[1]}", f"--model_dir={tmp_path}/n"]
    line = fails(capsys, "train", "--preset=portraitfcn", "--width=0.35", "--batch_size=4", *training)
    assert "no face on any of 12 training photos" in line
