"""A .tflite file's tables, read, found and written, for tests that spoil one."""

import flatbuffers
from ai_edge_litert import schema_py_generated as schema


def parsed(content: bytes) -> tuple[schema.ModelT, schema.SubGraphT]:
    """A file's tables, to change, and its only graph."""
    file = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    return file, file.subgraphs[0]


def packed(file: schema.ModelT) -> bytes:
    builder = flatbuffers.Builder()
    builder.Finish(file.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def maker(graph: schema.SubGraphT, name: bytes) -> schema.OperatorT:
    """The operator whose output has this name."""
    return next(one for one in graph.operators if graph.tensors[one.outputs[0]].name == name)
