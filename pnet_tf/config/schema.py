"""The strict way from JSON to settings, and what help texts say of each."""

import ast
import dataclasses
import inspect
import itertools
import json
import pathlib
from typing import Any, Literal, get_origin

from pnet_tf.config.checked import require
from pnet_tf.config.experiment import SECTIONS, Experiment
from pnet_tf.errors import InputError


def field_meanings() -> dict[str, str]:
    """Each setting's name → the first paragraph that stands under it in its section's file, for help texts."""
    meanings = {}
    for section in SECTIONS.values():
        (definition,) = ast.parse(inspect.getsource(section)).body
        for field, text in itertools.pairwise(definition.body):
            if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
                meanings[field.target.id] = " ".join(text.value.value.split("\n\n")[0].split())
    return meanings


def _section_from(kind: type, name: str, values: Any, origin: str) -> Any:
    known = {field.name: field for field in dataclasses.fields(kind)}
    require(isinstance(values, dict), f"{origin}: {name} must be an object with keys {', '.join(known)}")
    for key, value in values.items():
        require(key in known, f"{origin}: unknown key {name}.{key}: known are {', '.join(known)}")
        wanted = known[key].type
        if get_origin(wanted) is Literal:
            continue  # checked by the section itself
        accepted = (int, float) if wanted is float else (wanted,)
        require(
            isinstance(value, accepted) and (wanted is bool) == isinstance(value, bool),
            f"{origin}: {name}.{key}={value!r} is not of type {wanted.__name__}",
        )
    return kind(**values)


def from_json(text: str, origin: str) -> Experiment:
    """The experiment that `Experiment.to_json` wrote.

    Args:
      text: JSON; absent keys take their defaults.
      origin: the file's name, for messages.

    Raises:
      InputError: not JSON, an unknown section or key (the known ones are listed), a value of
        the wrong type or out of range.
    """
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{origin}: not JSON ({error})") from None
    require(isinstance(values, dict), f"{origin}: must be an object with keys {', '.join(SECTIONS)}")
    for name in values:
        require(name in SECTIONS, f"{origin}: unknown section {name!r}: known are {', '.join(SECTIONS)}")
    return Experiment(**{name: _section_from(SECTIONS[name], name, part, origin) for name, part in values.items()})


def read(path: pathlib.Path) -> Experiment:
    """The experiment in a file, which must be there.

    Raises:
      InputError: no text; otherwise as `from_json`.
    """
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not JSON (no text at all)") from None
    return from_json(text, str(path))
