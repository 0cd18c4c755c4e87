"""How files get damaged, and what stands where something else should: strategies of hypothesis."""

import json
from typing import Any

from hypothesis import strategies as st

ODD_VALUES = (
    None, True, 0, -1, 1, 0.5, -1e9, 1e300, 10**30, 2**31, "", "0", "nan", "../../x", "/etc/passwd", "a" * 5000,
    "é\u202e", "\x00", [], [[]], [1, 2, 3], ["x"], {}, {"a": 1}, float("nan"), float("inf"),
)  # fmt: skip
"""What JSON may hold in place of what was meant."""

ODD_WORDS = (
    "", " ", "0", "-1", "1", "3", "0.5", "nan", "inf", "-inf", "1e999", "999999999999", "none", "None", "true", "x", "é",
    "..", ".", "/", "/dev/null", "/dev/full", "/proc/self/mem", "nothing.jpg", "nothing-*", "a=b", "=", ",", ",,", ":", "1..2",
    "%", "{}", "*", "a" * 300, "a/" * 200, "-", "--", "\u202e", "1,2,3", "0,0", "NaN,1",
)  # fmt: skip
"""What people, or their scripts with an unset variable, type behind a flag."""


@st.composite
def damaged(draw: Any, content: bytes) -> bytes:
    """Bytes that were cut off, flipped, overwritten, put in twice, or mixed up, once to three times."""
    found = bytearray(content)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(len(found) - 1, 0)))
        length = draw(st.sampled_from((1, 4, 16, 300)))
        kind = draw(st.sampled_from(("cut", "flip", "zero", "ones", "noise", "twice", "drop", "tail", "number")))
        if kind == "cut":
            del found[at:]
        elif kind == "flip" and found:
            found[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "zero":
            found[at : at + length] = bytes(len(found[at : at + length]))
        elif kind == "ones":
            found[at : at + length] = b"\xff" * len(found[at : at + length])
        elif kind == "noise":
            found[at : at + length] = draw(st.binary(min_size=length, max_size=length))
        elif kind == "twice":
            found[at:at] = found[at : at + length]
        elif kind == "drop":
            del found[at : at + length]
        elif kind == "tail":
            found += draw(st.binary(min_size=1, max_size=64))
        elif kind == "number":
            number = draw(st.sampled_from((0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x10000, len(found))))
            found[at : at + 4] = number.to_bytes(4, draw(st.sampled_from(("little", "big"))))
    return bytes(found)


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
            document = draw(st.sampled_from(ODD_VALUES))
        elif draw(st.integers(0, 4)):
            parent[key] = draw(st.sampled_from(ODD_VALUES))
        else:
            del parent[key]
    return json.dumps(document)
