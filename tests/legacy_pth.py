"""PyTorch's old file format without PyTorch: a second reader, so that the authors' file is tested everywhere.

Four pickles (magic number, protocol, machine, content), a pickle of storage keys, then each storage: its length as
int64 and its numbers. Names in the pickles become inert tuples; nothing is ever called but this file's own functions.
"""

import collections
import io
import pathlib
import pickle

import numpy as np

DTYPES = {"FloatStorage": np.float32, "LongStorage": np.int64}


class _Inert(pickle.Unpickler):
    """Tensors come out as (key, dtype, offset, size, stride), all else that is no plain value as None."""

    def find_class(self, module, name):
        if name == "OrderedDict":
            return collections.OrderedDict
        if name.startswith("_rebuild_tensor"):
            return lambda storage, offset, size, stride, *_: (*storage, offset, size, stride)
        return DTYPES.get(name, lambda *_: None)

    def persistent_load(self, pid):
        _, dtype, key, *_ = pid
        return key, dtype


def read(path: pathlib.Path) -> dict[str, np.ndarray]:
    """The tensors of `state_dict` as float32."""
    stream = io.BytesIO(path.read_bytes())
    *_, content, keys = (_Inert(stream, encoding="latin1").load() for _ in range(5))
    tensors = content["state_dict"]
    dtypes = {key: dtype for key, dtype, *_ in tensors.values()} | {
        one[0]: one[1] for one in content.values() if isinstance(one, tuple)
    }
    storages = {}
    for key in keys:
        (length,) = np.frombuffer(stream.read(8), np.int64)
        dtype = np.dtype(dtypes.get(key, np.float32))
        storages[key] = np.frombuffer(stream.read(length * dtype.itemsize), dtype)
    state = {}
    for name, (key, dtype, offset, size, stride) in tensors.items():
        strides = [one * np.dtype(dtype).itemsize for one in stride]
        state[name] = np.lib.stride_tricks.as_strided(storages[key][offset:], size, strides).astype(np.float32)
    return state
