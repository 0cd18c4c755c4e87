"""What is in an exported file beside the network, read without the code that wrote it."""

import io
import pathlib
import zipfile

import cv2
import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from helpers import sharpen_batch_norm
from pnet_tf import config, store
from pnet_tf.export import convert, metadata, package
from pnet_tf.model import deploy, portraitnet
from pnet_tf.runtime.network import TFLiteNetwork
from pnet_tf.runtime.segmenter import Segmenter

DEMO = pathlib.Path(__file__).resolve().parents[1] / "tools/demo"
SMALL = config.Model(input_height=64, input_width=96, width=0.35)
ABOUT = metadata.About(author="Ada", licence="CC0-1.0")


@pytest.fixture(scope="module")
def model():
    model = portraitnet.build(SMALL)
    sharpen_batch_norm(model)
    return model


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    return list(np.random.default_rng(0).integers(0, 256, (4, 64, 96, 3)).astype(np.uint8))


@pytest.fixture(scope="module")
def converted(model) -> bytes:
    """The converter's own bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(package, "package", lambda content, about: content)
        return convert.convert(model, "float32")


@pytest.fixture(scope="module")
def packaged(converted) -> bytes:
    return package.package(converted, ABOUT)


class Table:
    """A FlatBuffer's table by slot numbers, which the schema's field order gives."""

    def __init__(self, table: flatbuffers.table.Table):
        self.table = table

    @classmethod
    def root(cls, content: bytes) -> "Table":
        start = flatbuffers.encode.Get(flatbuffers.packer.uoffset, content, 0)
        return cls(flatbuffers.table.Table(content, start))

    def _at(self, slot: int) -> int:
        offset = self.table.Offset(4 + 2 * slot)
        assert offset, f"slot {slot} is empty"
        return self.table.Pos + offset

    def has(self, slot: int) -> bool:
        return self.table.Offset(4 + 2 * slot) != 0

    def text(self, slot: int) -> str:
        return self.table.String(self._at(slot)).decode()

    def byte(self, slot: int) -> int:
        return self.table.Bytes[self._at(slot)]

    def integer(self, slot: int) -> int:
        return int.from_bytes(self.table.Bytes[self._at(slot) :][:4], "little")

    def child(self, slot: int) -> "Table":
        return Table(flatbuffers.table.Table(self.table.Bytes, self.table.Indirect(self._at(slot))))

    def array(self, slot: int, dtype: type) -> np.ndarray:
        relative = self._at(slot) - self.table.Pos
        start, count = self.table.Vector(relative), self.table.VectorLen(relative)
        return np.frombuffer(self.table.Bytes, dtype, count, start)

    def only(self, slot: int) -> "Table":
        """The one table of a vector of tables."""
        relative = self._at(slot) - self.table.Pos
        assert self.table.VectorLen(relative) == 1
        return Table(flatbuffers.table.Table(self.table.Bytes, self.table.Indirect(self.table.Vector(relative))))


def unpacked(content: bytes) -> schema.ModelT:
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))


def entry(content: bytes) -> bytes:
    model = unpacked(content)
    (found,) = [one for one in model.metadata if one.name == b"TFLITE_METADATA"]
    return bytes(model.buffers[found.buffer].data)


def test_metadata_after_the_public_schema(packaged):
    content = entry(packaged)
    assert content[4:8] == b"M001"
    model = Table.root(content)
    assert [model.text(slot) for slot in (0, 4, 5, 7)] == ["PortraitNet", "Ada", "CC0-1.0", "1.5.0"]
    assert model.text(1) and model.text(2)  # description, version
    graph = model.only(3)

    image = graph.only(2)
    assert image.text(0) == "image"
    assert (image.child(3).byte(0), image.child(3).child(1).byte(0)) == (2, 1)  # ImageProperties, RGB
    unit = image.only(4)
    assert unit.byte(0) == 1  # NormalizationOptions
    assert [unit.child(1).array(slot, np.float32).tolist() for slot in (0, 1)] == [[0.0], [1.0]]  # mean, std
    assert [image.child(5).array(slot, np.float32).tolist() for slot in (0, 1)] == [[255.0], [0.0]]  # max, min

    mask = graph.only(3)
    assert mask.text(0) == "foreground"
    assert (mask.child(3).byte(0), mask.child(3).child(1).byte(0)) == (2, 2)  # ImageProperties, GRAYSCALE
    assert [mask.child(3).child(2).integer(slot) for slot in (0, 1)] == [1, 2]  # axes: height and width
    assert [mask.child(5).array(slot, np.float32).tolist() for slot in (0, 1)] == [[1.0], [0.0]]
    labels = mask.only(6)
    assert (labels.text(0), labels.byte(2)) == ("labels.txt", 2)  # TENSOR_AXIS_LABELS

    custom = graph.only(9)
    options = custom.array(1, np.uint8).tobytes()
    assert (custom.text(0), options[4:8]) == ("SEGMENTER_METADATA", b"V001")
    assert not Table.root(options).has(0)  # activation: absent is NONE


def test_labels_are_a_zip_behind_the_model(packaged):
    with zipfile.ZipFile(io.BytesIO(packaged)) as archive:
        assert archive.read("labels.txt") == b"person"
        (label,) = archive.infolist()
    assert label.compress_type == zipfile.ZIP_STORED  # MediaPipe maps it into memory as it is
    assert label.date_time == (1980, 1, 1, 0, 0, 0)


def test_packaging_changes_no_answer(converted, packaged, images):
    before, after = TFLiteNetwork(converted), TFLiteNetwork(packaged)
    for image in images:
        assert np.array_equal(before(image), after(image))


def test_names_are_those_of_the_layers(model, packaged):
    network = TFLiteNetwork(packaged)
    names = [one["name"] for one in network.interpreter.get_tensor_details()]
    assert len(set(names)) == len(names)
    layers = {layer.name for layer in deploy.fold(model).layers}
    ours = [name for name in names if not name.startswith("arith.constant")]  # the converter's: sizes, biases of zero
    assert {name.split("/")[0] for name in ours} <= layers and ";" not in "".join(names)
    assert len(ours) > 200
    (image,), (mask,) = network.interpreter.get_input_details(), network.interpreter.get_output_details()
    assert (image["name"], mask["name"]) == ("image", "foreground")


def test_buffers_start_where_the_schema_asks(packaged):
    """`force_align: 16`."""
    model = schema.Model.GetRootAs(packaged, 0)
    buffers = [model.Buffers(index) for index in range(model.BuffersLength())]
    starts = [one._tab.Vector(one._tab.Offset(4)) for one in buffers if one.DataLength()]
    assert len(starts) > 100 and not [start for start in starts if start % 16]


def test_same_model_same_bytes(model, packaged):
    again = portraitnet.build(SMALL)
    again.set_weights(model.get_weights())
    assert convert.convert(again, "float32", about=ABOUT) == packaged


@pytest.mark.parametrize("size", [(160, 288), (288, 160)], ids=["landscape", "portrait"])
def test_other_shapes_segment_as_well(size):
    """Trained at 224×224; IoU against the astronaut's mask, where a shipped file had 0.75."""
    photo = pytest.importorskip("skimage.data").astronaut()
    expected = cv2.imread(str(DEMO / "astronaut_mask.png"), cv2.IMREAD_GRAYSCALE) > 127
    model, _ = store.load(store.find("portraitnet"), *size)
    network = TFLiteNetwork(convert.convert(model, "float32"))
    assert (network.height, network.width) == size
    found = Segmenter(network)(photo) > 0.5
    assert (found & expected).sum() / (found | expected).sum() > 0.7
