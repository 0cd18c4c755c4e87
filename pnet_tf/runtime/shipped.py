"""The models inside the package."""

import pathlib

from pnet_tf.errors import InputError

ASSETS = pathlib.Path(__file__).parent.parent / "assets"
DEFAULT = "portraitnet"


def path(name: str = DEFAULT) -> pathlib.Path:
    """The int8 file of a shipped model.

    Raises:
      InputError: no model of that name (those that are shipped are listed).
    """
    known = {one.name.removesuffix("-int8.tflite"): one for one in ASSETS.glob("*-int8.tflite")}
    if name not in known:
        raise InputError(f"{name}: neither a model file nor a shipped model; known are {', '.join(sorted(known))}")
    return known[name]


def find(model: str) -> str:
    """What --model names: a file's path as it is, or the int8 file of a shipped model.

    Raises:
      InputError: a word that is neither (the shipped models are listed).
    """
    is_path = model.endswith(".tflite") or pathlib.Path(model).is_file()
    return model if is_path else str(path(model))
