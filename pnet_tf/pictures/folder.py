"""Which files of a folder are pictures."""

import dataclasses
import pathlib
from collections.abc import Sequence

from pnet_tf.errors import InputError
from pnet_tf.pictures import header


@dataclasses.dataclass(frozen=True)
class Listing:
    """What a folder holds.

    Attributes:
      pictures: files whose suffix is a picture's, or one that was asked for beside, sorted.
      others: the visible files that are none, sorted.
    """

    pictures: tuple[pathlib.Path, ...]
    others: tuple[pathlib.Path, ...]


def walk(folder: pathlib.Path, recursive: bool, beside: Sequence[str] = ()) -> Listing:
    """Lists a folder, and the folders in it if asked; what is hidden, or in a hidden folder, counts nowhere.

    Args:
      folder: the folder.
      recursive: look into the folders in it.
      beside: suffixes that count as pictures', too, such as a clip's; in lower case, with their dot.

    Raises:
      InputError: no such folder, or no picture in it.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder")
    found = sorted(folder.rglob("*") if recursive else folder.iterdir())
    visible = [
        one
        for one in found
        if one.is_file() and not any(part.startswith(".") for part in one.relative_to(folder).parts)
    ]
    pictures = tuple(one for one in visible if one.suffix.lower() in (*header.SUFFIXES, *beside))
    if not pictures:
        deeper = not recursive and any(one.is_dir() for one in found)
        hint = "; --recursive looks into its folders, too" if deeper else ""
        clips = " and no clip" if beside else ""
        raise InputError(f"{folder}: holds no picture ({', '.join(header.SUFFIXES)}){clips}{hint}")
    return Listing(pictures, tuple(one for one in visible if one not in set(pictures)))
