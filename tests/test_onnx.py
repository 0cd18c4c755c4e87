"""Segmenters in ONNX files, with tiny ones made here."""

import numpy as np
import pytest

from pnet_tf.errors import InputError
from pnet_tf.runtime import peer

pytest.importorskip("onnxruntime", reason="needs onnxruntime, from the extra [onnx]")
onnx = pytest.importorskip("onnx", reason="needs onnx, which writes the files")
helper = onnx.helper


def write(path, shape: list, out: list, node, initializers=()) -> str:
    """A model of one node from `photo` to `mask`, float32."""
    ends = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, dims)
        for name, dims in (("photo", shape), ("mask", out))
    ]
    graph = helper.make_graph([node], "peer", ends[:1], ends[1:], list(initializers))
    opset = [helper.make_opsetid("", 13)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), str(path))
    return str(path)


def red(path, shape: list) -> str:
    """The red channel as probability, channels first."""
    weights = helper.make_tensor("w", onnx.TensorProto.FLOAT, [1, 3, 1, 1], [1.0, 0.0, 0.0])
    node = helper.make_node("Conv", ["photo", "w"], ["mask"])
    return write(path, shape, [shape[0], 1, *shape[2:]], node, [weights])


def test_a_network_of_free_size_gets_the_photo_in_its_proportions(tmp_path):
    """Shorter side 64: 90×200 becomes 64×142.2, rounded to 64×128, both multiples of 32."""
    network = peer.PeerNetwork(red(tmp_path / "red.onnx", ["n", 3, "h", "w"]) + ":0..1:64")
    photo = np.zeros((90, 200, 3), np.uint8)
    photo[:, 100:, 0] = 255
    assert network.size_for(90, 200) == (64, 128)
    answer = network(photo)
    assert answer.shape == (64, 128)
    assert answer[:, :63].max() < 0.01 and answer[:, 65:].min() > 0.99


def test_latency_beside_other_files(tmp_path):
    from pnet_tf.benchmark import latency

    free, fixed = red(tmp_path / "free.onnx", ["n", 3, "h", "w"]), red(tmp_path / "fixed.onnx", [1, 3, 32, 64])
    timings = latency.compare([f"{free}:0..1:64", f"{fixed}:-1..1"], [1, 2], runs=3)
    assert [(one.threads, one.runs, one.median > 0) for one in timings] == [(1, 3, True)] * 2 + [(2, 3, True)] * 2
    with pytest.raises(InputError, match=r"free\.onnx: takes any size; name the side"):
        latency.compare([f"{free}:0..1"], [1], runs=3)


def test_a_network_of_fixed_size_gets_it_stretched(tmp_path):
    path = red(tmp_path / "red.onnx", [1, 3, 32, 64])
    assert peer.PeerNetwork(f"{path}:0..1")(np.full((7, 5, 3), 51, np.uint8)) == pytest.approx(0.2)
    with pytest.raises(InputError, match="fixes its size"):
        peer.PeerNetwork(f"{path}:0..1:384")


def test_channels_last_and_classes(tmp_path):
    """Three logits a pixel in the last axis: 1, −1, −1 for pure red."""
    node = helper.make_node("Identity", ["photo"], ["mask"])
    path = write(tmp_path / "classes.onnx", [1, 8, 8, 3], [1, 8, 8, 3], node)
    photo = np.zeros((8, 8, 3), np.uint8)
    photo[..., 0] = 255
    assert peer.PeerNetwork(f"{path}:-1..1")(photo) == pytest.approx(1 - np.e / (np.e + 2 / np.e), abs=1e-6)


def test_refusals(tmp_path):
    path = red(tmp_path / "red.onnx", ["n", 3, "h", "w"])
    with pytest.raises(InputError, match="takes any size; name the shorter side"):
        peer.PeerNetwork(f"{path}:0..1")
    (tmp_path / "not.onnx").write_bytes(b"no model")
    with pytest.raises(InputError, match=r"not an \.onnx model"):
        peer.PeerNetwork(f"{tmp_path}/not.onnx:0..1:64")
    flat = write(tmp_path / "flat.onnx", [1, 10], [1, 10], helper.make_node("Identity", ["photo"], ["mask"]))
    with pytest.raises(InputError, match="not one RGB photo"):
        peer.PeerNetwork(f"{flat}:0..1")
