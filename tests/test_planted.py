"""Two thousand files with forty planted faults of sixteen kinds: each is named, by file and reason."""

import io
import json
import pathlib

import cv2
import numpy as np
import pytest
from PIL import Image
from test_bombs import BOMB
from test_check import SHAPE, moved, scene

from command_line import run

COUNT = 1000
"""Photos, and as many masks."""


def coded(rgb: np.ndarray, kind: str, **options) -> bytes:
    target = io.BytesIO()
    Image.fromarray(rgb).save(target, kind, **options)
    return target.getvalue()


def odd_sizes(labels: np.ndarray) -> np.ndarray:
    return cv2.resize(labels, (50, 70), interpolation=cv2.INTER_NEAREST)


# Name: (how many, what is said, what becomes of a photo and its labels; bytes are written as they are).
REFUSED = {
    "cut off": (3, "truncated", lambda rgb, labels: (coded(rgb, "jpeg")[:-900], labels)),
    "empty": (3, "an empty file", lambda rgb, labels: (b"", labels)),
    "text": (2, "unreadable", lambda rgb, labels: (b"to be uploaded\n" * 40, labels)),
    "transparent": (2, "transparent", lambda rgb, labels: (coded(np.dstack([rgb, 255 * labels]), "png"), labels)),
    "bomb": (2, "megapixels", lambda rgb, labels: (BOMB, labels)),
    "moving": (2, "animated", lambda rgb, labels: (
        coded(rgb, "gif", save_all=True, append_images=[Image.fromarray(rgb[::-1])]), labels)),
    "other size": (3, "50×70", lambda rgb, labels: (rgb, odd_sizes(labels))),
    "other values": (3, "values", lambda rgb, labels: (rgb, labels * 7 + np.eye(*SHAPE, dtype=np.uint8))),
    "cut-off mask": (2, "truncated", lambda rgb, labels: (rgb, cv2.imencode(".png", labels)[1].tobytes()[:-30])),
    "no mask": (3, "has no mask", lambda rgb, labels: (rgb, None)),
    "no photo": (3, "has no photo", lambda rgb, labels: (None, labels)),
}  # fmt: skip
ODD = {
    "nobody": (3, "nobody in the mask", lambda rgb, labels: (rgb, 0 * labels)),
    "inverted": (2, "looks inverted", lambda rgb, labels: (rgb, framed(labels))),
    "shifted": (3, "looks shifted", lambda rgb, labels: (rgb, moved(labels, 9, -8))),
    "flat": (2, "shows nothing", lambda rgb, labels: (0 * rgb + labels.sum(dtype=int) % 250, labels)),
}  # fmt: skip
TWICE = 2


def framed(labels: np.ndarray) -> np.ndarray:
    """Somebody in the middle, and everything else is foreground."""
    inverted = np.ones_like(labels)
    inverted[40:200, 40:140] = 0
    return inverted


def stored(path: pathlib.Path, content: bytes | np.ndarray | None) -> None:
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else cv2.imencode(path.suffix, content[..., ::-1])[1])


@pytest.fixture(scope="module")
def planted(tmp_path_factory) -> tuple[pathlib.Path, dict[str, str]]:
    """The folder, and what is wrong with whom: id → words."""
    folder = tmp_path_factory.mktemp("planted")
    (folder / "Images").mkdir()
    (folder / "Labels").mkdir()
    names = iter(np.random.default_rng(0).permutation(COUNT))
    faults = {}
    for kind, (count, _, change) in {**REFUSED, **ODD}.items():
        for _ in range(count):
            faults[int(next(names))] = kind, change
    for seed in range(COUNT):
        photo, mask = scene(seed)
        if seed in faults:
            photo, mask = faults[seed][1](photo, mask)
        suffix = ".gif" if seed in faults and faults[seed][0] == "moving" else ".jpg"
        stored(folder / f"Images/p{seed:04d}{suffix}", photo)
        stored(folder / f"Labels/p{seed:04d}.png", mask[..., None] if isinstance(mask, np.ndarray) else mask)
    for first in [int(next(names)) for _ in range(TWICE)]:
        photo, mask = scene(first)
        smaller = (SHAPE[1] * 3 // 4, SHAPE[0] * 3 // 4)
        stored(folder / f"Images/p{first:04d}-again.jpg", cv2.resize(photo, smaller, interpolation=cv2.INTER_AREA))
        again = cv2.resize(mask, smaller, interpolation=cv2.INTER_NEAREST)
        stored(folder / f"Labels/p{first:04d}-again.png", again[..., None])
        faults[first] = "twice", None
    assert len(faults) == 40
    return folder, {f"p{seed:04d}": kind for seed, (kind, _) in faults.items()}


def test_conversion_refuses_and_names_them_all(planted, tmp_path, capsys):
    folder, faults = planted
    assert run("convert", f"--input_dir={folder}", f"--output_dir={tmp_path}/records", "--split=all") == 1
    *lines, last = capsys.readouterr().err.strip().splitlines()
    refused = {name: kind for name, kind in faults.items() if kind in REFUSED}
    assert last.startswith(f"error: {len(refused)} of ") and "--skip_damaged" in last
    assert len(lines) == len(refused)
    for name, kind in refused.items():
        (line,) = [one for one in lines if name in one]
        assert REFUSED[kind][1] in line, (kind, line)
    assert not (tmp_path / "records").exists()


def test_nothing_but_damage_is_named_with_the_flag_too(tmp_path, capsys):
    for place, suffix in (("Images", "jpg"), ("Labels", "png")):
        (tmp_path / place).mkdir()
        for name in "ab":
            (tmp_path / place / f"{name}.{suffix}").touch()
    given = [f"--input_dir={tmp_path}", f"--output_dir={tmp_path}/records", "--split=all", "--skip_damaged"]
    assert run("convert", *given) == 1
    *lines, last = capsys.readouterr().err.splitlines()
    assert sorted(pathlib.Path(one.split(":")[0]).name for one in lines) == ["a.jpg", "b.jpg"]
    assert last == "error: 2 of 2 photos cannot be taken, named above; mend them"
    assert not (tmp_path / "records").exists()


def test_the_rest_is_converted_and_what_looks_odd_is_told(planted, tmp_path, capsys):
    folder, faults = planted
    flags = [f"--input_dir={folder}", f"--output_dir={tmp_path}/records", "--split=all"]
    assert run("convert", *flags, "--skip_damaged") == 0
    told = capsys.readouterr()
    refused = {name for name, kind in faults.items() if kind in REFUSED}
    manifest = json.loads((tmp_path / "records/manifest.json").read_text())["splits"]["all"]
    assert set(manifest["left_out"]) == refused
    assert manifest["records"] == COUNT + TWICE - len(refused)
    assert f"{len(refused)} of {COUNT + TWICE} photos left out" in told.err

    assert run("check", f"--records={tmp_path}/records/all-*", f"--json={tmp_path}/found.json") == 0
    found = json.loads((tmp_path / "found.json").read_text())
    odd = {one["id"]: ", ".join(one["findings"]) for one in found["photos"] if one["findings"]}
    assert set(odd) == {name for name, kind in faults.items() if kind in ODD}
    for name, findings in odd.items():
        assert ODD[faults[name]][1] in findings
        assert name in told.out
    twice = {name for name, kind in faults.items() if kind == "twice"}
    assert {tuple(sorted(one["ids"])) for one in found["twice"]} == {(name, f"{name}-again") for name in twice}
    assert all(f"{name}-again" in told.out for name in twice)
