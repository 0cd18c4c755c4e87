"""The models inside the package."""

import pathlib

from pnet_tf.errors import InputError

ASSETS = pathlib.Path(__file__).parent.parent / "assets"
DEFAULT = "portraitnet"


def names() -> list[str]:
    """The shipped models, by name."""
    return sorted(one.name.removesuffix("-int8.tflite") for one in ASSETS.glob("*-int8.tflite"))


def path(name: str = DEFAULT) -> pathlib.Path:
    """The int8 file of a shipped model.

    Raises:
      InputError: no model of that name (those that are shipped are listed).
    """
    if name not in names():
        raise InputError(f"{name}: neither a model file nor a shipped model; known are {', '.join(names())}")
    return ASSETS / f"{name}-int8.tflite"


def find(model: str) -> str:
    """What --model names: a file's path as it is, or the int8 file of a shipped model.

    Raises:
      InputError: a word that is neither (the shipped models are listed).
    """
    if not model:
        raise InputError(f"--model=: is empty; a .tflite file, or one of {', '.join(names())}")
    is_path = model.endswith(".tflite") or pathlib.Path(model).is_file()
    return model if is_path else str(path(model))
