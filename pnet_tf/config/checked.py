"""What every section of the settings shares: it is checked when it is made."""

import dataclasses
from typing import Literal, get_args, get_origin

from pnet_tf.errors import InputError


def require(condition: bool, message: str) -> None:
    """Raises InputError with the message unless the condition holds."""
    if not condition:
        raise InputError(message)


class Checked:
    """Rejects a value outside a field's Literal type, for every section alike."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            if get_origin(field.type) is Literal:
                value, allowed = getattr(self, field.name), get_args(field.type)
                require(value in allowed, f"{field.name}={value!r}: known values are {', '.join(map(str, allowed))}")
        self.check()

    def check(self) -> None:
        """Raises InputError where values are of the right type and yet make no sense."""
