"""How files get damaged, and what stands where something else should: strategies of hypothesis."""

import copy
import json
from typing import Any

from hypothesis import strategies as st

ODD_VALUES = (
    None, True, 0, -1, 1, 0.5, -1e9, 1e300, 10**30, 2**31, "", "0", "nan", "../../x", "/etc/passwd", "a" * 5000,
    "é\u202e", "\x00", [], [[]], [1, 2, 3], ["x"], {}, {"a": 1}, float("nan"), float("inf"),
)  # fmt: skip
"""What JSON may hold in place of what was meant."""

ODD_WORDS = (
    "", " ", "0", "-1", "1", "3", "0.5", "nan", "inf", "-inf", "1e999", "999999999999", "none", "None", "true", "x",
    "é", "..", ".", "/", "/dev/null", "/dev/full", "/proc/self/mem", "nothing.jpg", "nothing-*", "a=b", "=", ",", ",,",
    ":", "1..2", "%", "{}", "*", "a" * 300, "a/" * 200, "-", "--", "\u202e", "1,2,3", "0,0", "NaN,1",
)  # fmt: skip
"""What people, or their scripts with an unset variable, type behind a flag."""


NUMBERS = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x10000)
"""Where a length or an offset stood."""


@st.composite
def damaged(draw: Any, content: bytes) -> bytes:
    """Bytes that were cut off, flipped, overwritten, put in twice, or mixed up, once to three times."""
    found = bytearray(content)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(len(found) - 1, 0)))
        length = draw(st.sampled_from((1, 4, 16, 300)))
        kind = draw(st.sampled_from(("cut", "flip", "zero", "ones", "noise", "twice", "drop", "number")))
        end = {"cut": len(found), "number": at + 4}.get(kind, at + length)
        found[at:end] = _instead(draw, kind, bytes(found[at:end]), length)
    return bytes(found)


def _instead(draw: Any, kind: str, piece: bytes, length: int) -> bytes:
    if kind == "flip":
        return bytes(one ^ 1 << draw(st.integers(0, 7)) for one in piece[:1]) + piece[1:]
    if kind == "noise":
        return draw(st.binary(min_size=length, max_size=length))
    if kind == "number":
        return draw(st.sampled_from(NUMBERS)).to_bytes(4, draw(st.sampled_from(("little", "big"))))
    return {"zero": bytes(len(piece)), "ones": b"\xff" * len(piece), "twice": piece + piece}.get(kind, b"")


def odd(draw: Any) -> Any:
    """One of ODD_VALUES, a copy that may be changed."""
    return copy.deepcopy(draw(st.sampled_from(ODD_VALUES)))


@st.composite
def odd_json(draw: Any, content: str) -> str:
    """JSON of which one or two places hold something else, or are gone."""
    document = json.loads(content)
    for _ in range(draw(st.integers(1, 2))):
        parent: Any = None
        place: Any = document
        key: Any = None
        while isinstance(place, dict | list) and place and (parent is None or draw(st.integers(0, 3))):
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            parent, key = place, draw(st.sampled_from(keys))
            place = parent[key]
        if parent is None:
            document = odd(draw)
        elif draw(st.integers(0, 4)):
            parent[key] = odd(draw)
        else:
            del parent[key]
    return json.dumps(document)
