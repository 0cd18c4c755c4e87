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
    found = ASSETS / f"{name}-int8.tflite"
    if not found.is_file():
        known = ", ".join(sorted(one.name.removesuffix("-int8.tflite") for one in ASSETS.glob("*-int8.tflite")))
        raise InputError(f"{name}: neither a file nor a shipped model; known are {known}")
    return found


def find(model: str) -> str:
    """What --model names: a path as it is, or the int8 file of a shipped model.

    Raises:
      InputError: a word that is neither (the shipped models are listed).
    """
    is_path = ".tflite" in model or pathlib.Path(model).exists()
    return model if is_path else str(path(model))


def directory(name: str) -> pathlib.Path | None:
    """The model directory (float weights) of a shipped model, None where there is no such name."""
    found = ASSETS / name
    return found if (found / "weights.npz").is_file() else None
