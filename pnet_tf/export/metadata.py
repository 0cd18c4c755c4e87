"""What a .tflite file says about itself to MediaPipe Tasks, Android Studio and other clients.

The public schema (TensorFlow's and MediaPipe's `metadata_schema.fbs`, and MediaPipe's
`image_segmenter_metadata_schema.fbs`) is small enough to be a table here: a field's place in a
table's list is its slot in the FlatBuffer. Only the tables that a segmenter needs are listed.
"""

import dataclasses

import flatbuffers
import numpy as np

import pnet_tf

FILE_IDENTIFIER = b"M001"
LABELS_FILE = "labels.txt"
LABELS = ("person",)
"""One a channel of the output."""

_PARSER_VERSION = "1.5.0"  # the first schema with custom_metadata, the newest field used here
_SEGMENTER_IDENTIFIER = b"V001"
# Values of the schema's enumerations and unions.
_IMAGE_PROPERTIES, _NORMALIZATION_OPTIONS = np.uint8(2), np.uint8(1)
_RGB, _GRAYSCALE = np.int8(1), np.int8(2)
_TENSOR_AXIS_LABELS = np.int8(2)
_ACTIVATION_NONE = np.int8(0)  # the sigmoid is inside the network

_FIELDS = {
    "ModelMetadata": "name description version subgraph_metadata author license associated_files min_parser_version",
    "SubGraphMetadata": "name description input_tensor_metadata output_tensor_metadata associated_files "
    "input_process_units output_process_units input_tensor_groups output_tensor_groups custom_metadata",
    "TensorMetadata": "name description dimension_names content process_units stats associated_files",
    "Content": "content_properties_type content_properties range",
    "ImageProperties": "color_space default_size",
    "ValueRange": "min max",
    "ProcessUnit": "options_type options",
    "NormalizationOptions": "mean std",
    "Stats": "max min",
    "AssociatedFile": "name description type locale version",
    "CustomMetadata": "name data",
    "ImageSegmenterOptions": "activation min_parser_version",
}


@dataclasses.dataclass(frozen=True)
class About:
    """The words in a file that depend on whose model it is."""

    author: str = "pnet_tf"
    licence: str = "Software: Apache-2.0. Weights: the terms of the photos that they were trained on."
    name: str = "PortraitNet"
    description: str = (
        "Cuts a person out of a portrait: raw RGB 0..255 in, normalisation inside; foreground probability out."
    )
    version: str = pnet_tf.__version__


@dataclasses.dataclass(frozen=True)
class _Table:
    kind: str
    values: dict


def _table(kind: str, **values) -> _Table:
    unknown = set(values) - set(_FIELDS[kind].split())
    assert not unknown, f"{kind} has no {unknown}"
    return _Table(kind, values)


def _place(builder: flatbuffers.Builder, value: str | bytes | np.ndarray | list | _Table) -> int:
    """Writes what does not fit into a slot, children first, and returns its offset."""
    if isinstance(value, str):
        return builder.CreateString(value)
    if isinstance(value, bytes):
        builder.Prep(16, len(value))  # CustomMetadata.data has force_align: 16
        return builder.CreateByteVector(value)
    if isinstance(value, np.ndarray):
        return builder.CreateNumpyVector(value)
    if isinstance(value, list):
        offsets = [_place(builder, one) for one in value]
        builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            builder.PrependUOffsetTRelative(offset)
        return builder.EndVector()
    names = _FIELDS[value.kind].split()
    placed = {name: one if isinstance(one, np.number) else _place(builder, one) for name, one in value.values.items()}
    builder.StartObject(len(names))
    for name, one in placed.items():
        _fill_slot(builder, names.index(name), one)
    return builder.EndObject()


def _fill_slot(builder: flatbuffers.Builder, slot: int, value: int | np.number) -> None:
    match value:
        case np.uint8():
            builder.PrependUint8Slot(slot, int(value), 0)
        case np.int8():
            builder.PrependInt8Slot(slot, int(value), 0)
        case np.int32():
            builder.PrependInt32Slot(slot, int(value), 0)
        case _:
            builder.PrependUOffsetTRelativeSlot(slot, value, 0)


def _packed(table: _Table, identifier: bytes) -> bytes:
    builder = flatbuffers.Builder()
    builder.Finish(_place(builder, table), identifier)
    return bytes(builder.Output())


def _floats(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def _image(color_space: np.int8, **others) -> _Table:
    properties = _table("ImageProperties", color_space=color_space)
    return _table("Content", content_properties_type=_IMAGE_PROPERTIES, content_properties=properties, **others)


def _input() -> _Table:
    # MediaPipe computes (pixel − mean) / std for float32 inputs: this hands the raw pixel over.
    options = _table("NormalizationOptions", mean=_floats(0), std=_floats(1))
    return _table(
        "TensorMetadata",
        name="image",
        description="Raw RGB, 0..255.",
        content=_image(_RGB),
        process_units=[_table("ProcessUnit", options_type=_NORMALIZATION_OPTIONS, options=options)],
        stats=_table("Stats", max=_floats(255), min=_floats(0)),
    )


def _output() -> _Table:
    labels = _table(
        "AssociatedFile", name=LABELS_FILE, description="A label for each channel.", type=_TENSOR_AXIS_LABELS
    )
    height_and_width = _table("ValueRange", min=np.int32(1), max=np.int32(2))
    return _table(
        "TensorMetadata",
        name="foreground",
        description="Probability that the pixel is foreground; person above 0.5.",
        content=_image(_GRAYSCALE, range=height_and_width),
        stats=_table("Stats", max=_floats(1), min=_floats(0)),
        associated_files=[labels],
    )


def metadata(about: About) -> bytes:
    """The FlatBuffer that the model's metadata entry TFLITE_METADATA holds; the same bytes for the same words."""
    segmenter = _packed(_table("ImageSegmenterOptions", activation=_ACTIVATION_NONE), _SEGMENTER_IDENTIFIER)
    subgraph = _table(
        "SubGraphMetadata",
        input_tensor_metadata=[_input()],
        output_tensor_metadata=[_output()],
        custom_metadata=[_table("CustomMetadata", name="SEGMENTER_METADATA", data=segmenter)],
    )
    model = _table(
        "ModelMetadata",
        name=about.name,
        description=about.description,
        version=about.version,
        subgraph_metadata=[subgraph],
        author=about.author,
        license=about.licence,
        min_parser_version=_PARSER_VERSION,
    )
    return _packed(model, FILE_IDENTIFIER)
