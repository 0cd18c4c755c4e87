"""What a program ran, by what its kernels are for: read from the file that count.c writes.

XNNPACK's kernels have no names in the wheel, but each has instructions that no other kind needs: a convolution with
dot products SDOT, a depthwise one SMULL of bytes that SADDW gathers, an addition of quantised tensors SSUBL and SRSHL.
Code that lies together is one kernel; resizes are among the rest.
"""

import collections
import pathlib

GAP = 0x180
"""Bytes without any code that ran, after which the next kernel begins."""

_SHAPES = {  # name: (mask, value) of the words
    "sdot": ((0xBFE0FC00, 0x0E809400), (0xBFC0F400, 0x0F80E000)),
    "smull.b": ((0xBFE0FC00, 0x0E20C000),),
    "smlal.b": ((0xBFE0FC00, 0x0E208000),),
    "saddw": ((0xBF20FC00, 0x0E201000),),
    "ssubl": ((0xBF20FC00, 0x0E202000),),
    "srshl": ((0xBF20FC00, 0x0E205400),),
    "scvtf": ((0xBFBFFC00, 0x0E21D800),),
    "fmul": ((0xBFA0FC00, 0x2E20DC00), (0xBF80F400, 0x0F809000)),
    "fcvtns": ((0xBFBFFC00, 0x0E21A800),),
    "sqxtn": ((0xBF3FFC00, 0x0E214800),),
    "sqadd": ((0xBF20FC00, 0x0E200C00),),
    "load": ((0x3B400000, 0x39400000), (0x3A400000, 0x28400000), (0xBE400000, 0x0C400000), (0x3B600C00, 0x38400000)),
}
REQUANTISATION = ("scvtf", "fmul", "fcvtns", "sqxtn", "sqadd", "srshl")


def name(word: int) -> str:
    """The kind of an instruction, "other" for most."""
    return next((kind for kind, shapes in _SHAPES.items() if any(word & m == v for m, v in shapes)), "other")


def read(path: pathlib.Path) -> list[tuple[int, int, list[int]]]:
    """Address, times and words of each block, by address."""
    found = []
    for line in path.read_text().splitlines():
        address, times, *words = line.split()
        if int(times):
            found.append((int(address, 16), int(times), [int(word, 16) for word in words]))
    return sorted(found, key=lambda one: one[0])


def kernels(blocks: list[tuple[int, int, list[int]]]) -> collections.Counter:
    """Instructions by (kernel's kind, instruction's kind)."""
    found: collections.Counter = collections.Counter()
    together: collections.Counter = collections.Counter()
    end = 0
    for address, times, words in [*blocks, (1 << 62, 0, [])]:
        if address - end > GAP:
            found.update({(_purpose(together), kind): count for kind, count in together.items()})
            together.clear()
        for word in words:
            together[name(word)] += times
        end = address + 4 * len(words)
    return found


def _purpose(kinds: collections.Counter) -> str:
    if kinds["sdot"]:
        return "convolutions"
    if kinds["smull.b"] and kinds["saddw"]:
        return "depthwise convolutions"
    if kinds["ssubl"] and kinds["srshl"]:
        return "additions"
    return "rest"
