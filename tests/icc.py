"""A colour profile made from its definition: Display P3's primaries adapted to D50, sRGB's curve."""

import struct

_PRIMARIES = {
    b"rXYZ": (0.51512, 0.24120, -0.00105),
    b"gXYZ": (0.29198, 0.69225, 0.04189),
    b"bXYZ": (0.15710, 0.06657, 0.78407),
    b"wtpt": (0.96420, 1.0, 0.82491),
}
_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def _fixed(*values: float) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def display_p3() -> bytes:
    """An ICC profile, version 4, of matrix and curves (ICC.1:2010, sections 7 to 10)."""

    def words(text: str) -> bytes:
        return b"mluc" + struct.pack(">IIIHHII", 0, 1, 12, 0x656E, 0x5553, 2 * len(text), 28) + text.encode("utf-16-be")

    curve = b"para" + struct.pack(">IHH", 0, 3, 0) + _fixed(*_CURVE)
    tags = {name: b"XYZ \0\0\0\0" + _fixed(*value) for name, value in _PRIMARIES.items()}
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    tags |= {b"desc": words("Display P3"), b"cprt": words("none")}
    body, table, offset = b"", b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        content += b"\0" * (-len(content) % 4)
        table += name + struct.pack(">II", offset + len(body), len(content))
        body += content
    size = offset + len(body)
    head = struct.pack(">I4sI4s4s4s12s4s", size, b"\0" * 4, 0x04300000, b"mntr", b"RGB ", b"XYZ ", b"\0" * 12, b"acsp")
    head += b"\0" * (68 - len(head)) + _fixed(0.96420, 1.0, 0.82491)
    return head + b"\0" * (128 - len(head)) + struct.pack(">I", len(tags)) + table + body
