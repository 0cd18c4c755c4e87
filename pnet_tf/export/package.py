"""A converter's bytes → the file that people get: short names, metadata, labels behind it."""

import collections
import io
import zipfile

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from pnet_tf.export import metadata
from pnet_tf.model import deploy
from pnet_tf.quantize import qat

IDENTIFIER = b"TFL3"
METADATA_ENTRY = "TFLITE_METADATA"
_SCOPES = (f"{deploy.DEPLOYED}/", qat.PREFIX)


class _AligningBuilder(flatbuffers.Builder):
    """Heeds the schema's `force_align: 16` for buffers, which FlatBuffers' Python does not."""

    def CreateNumpyVector(self, x: np.ndarray) -> int:
        if x.dtype == np.uint8:
            self.Prep(16, x.nbytes)
        return super().CreateNumpyVector(x)


def _shorten_names(model: schema.ModelT) -> None:
    """Names each tensor after its layer and operator alone, and both ends as the signature does.

    The converter strings together the names of all that it fused, 33 kB of them.
    """
    (graph,) = model.subgraphs
    seen = collections.Counter()
    # Activations first, so that it is the constants that get a number where two names are equal.
    for tensor in sorted(graph.tensors, key=lambda one: model.buffers[one.buffer].data is not None):
        name = tensor.name.decode().split(";")[0]
        for scope in _SCOPES:
            name = name.removeprefix(scope)
        tensor.name = f"{name}_{seen[name]}" if seen[name] else name
        seen[name] += 1
    for signature in model.signatureDefs:
        for end in signature.inputs + signature.outputs:
            graph.tensors[end.tensorIndex].name = end.name


def _add_metadata(model: schema.ModelT, content: bytes) -> None:
    buffer, entry = schema.BufferT(), schema.MetadataT()
    buffer.data = np.frombuffer(content, np.uint8)
    entry.name, entry.buffer = METADATA_ENTRY, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata.append(entry)


def _append_file(content: bytes, name: str, text: str) -> bytes:
    """Adds an associated file: clients read the .tflite as a zip archive with something in front."""
    whole = io.BytesIO(content)
    with zipfile.ZipFile(whole, "a") as archive:
        member = zipfile.ZipInfo(name)  # of 1980, stored: the same bytes on every day
        member.create_system = 3  # and on every system
        archive.writestr(member, text)
    return whole.getvalue()


def package(content: bytes, about: metadata.About) -> bytes:
    """Completes a converted model; the same bytes for the same input.

    Args:
      content: what TensorFlow's converter returned, with one subgraph and a signature.
      about: the words for its metadata.

    Returns:
      The .tflite file, with the labels appended as a zip archive.
    """
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    _shorten_names(model)
    _add_metadata(model, metadata.metadata(about))
    builder = _AligningBuilder(len(content))
    builder.Finish(model.Pack(builder), IDENTIFIER)
    return _append_file(bytes(builder.Output()), metadata.LABELS_FILE, "\n".join(metadata.LABELS))
