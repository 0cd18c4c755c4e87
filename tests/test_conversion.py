"""Conversions as processes: killed at any moment, and on Apache Beam."""

import json
import pathlib
import shutil
import signal

import pytest

from helpers import write_folder
from pnet_tf.errors import InputError
from processes import Process, finish
from tfrecords import beam_runner, manifest, sources, writer


def start(*arguments: str) -> Process:
    return Process("convert", ["--num_shards=4", *arguments])


def contents(directory: pathlib.Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.glob("*.tfrecord")}


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory) -> tuple[pathlib.Path, pathlib.Path]:
    """300 photos, and what an unbroken conversion makes of them."""
    base = tmp_path_factory.mktemp("kill")
    photos = write_folder(base / "photos", 300)
    finish(start(f"--input_dir={photos}", f"--output_dir={base}/whole"))
    return photos, base / "whole"


def killed_when(arguments: list[str], condition) -> bool:
    """Starts a conversion and kills it -9 as soon as `condition` holds; False if it was too quick."""
    process = start(*arguments)
    while process.poll() is None:
        if condition():
            process.kill()
            break
    process.communicate()
    return process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("moment", ["first shard begun", "third shard begun", "shards moving", "manifest due"])
def test_killed_and_run_again_gives_the_same_bytes(unbroken, tmp_path, moment):
    photos, whole = unbroken
    out = tmp_path / "out"
    arguments = [f"--input_dir={photos}", f"--output_dir={out}"]
    partial = out / ".train-partial"
    condition = {
        "first shard begun": lambda: (partial / "train-00000-of-00004.tfrecord").exists(),
        "third shard begun": lambda: (partial / "train-00002-of-00004.tfrecord").exists(),
        "shards moving": lambda: (out / "train-00000-of-00004.tfrecord").exists(),
        "manifest due": lambda: (out / "train-00003-of-00004.tfrecord").exists(),
    }[moment]
    killed = killed_when(arguments, condition)
    assert killed or moment in ("shards moving", "manifest due")  # the last two last microseconds
    for name, content in contents(out).items():  # whatever has its final name is complete
        assert content == (whole / name).read_bytes()
    if not (out / manifest.MANIFEST).exists():  # otherwise the kill came too late
        finish(start(*arguments))
        assert not partial.exists()
    assert contents(out) == contents(whole)
    entries = [json.loads((one / manifest.MANIFEST).read_text())["splits"]["train"] for one in (out, whole)]
    assert {**entries[0], "command": ""} == {**entries[1], "command": ""}


def test_killed_while_moving_and_once_more_before_that_gives_the_same_bytes(unbroken, tmp_path):
    photos, whole = unbroken
    out, partial = tmp_path / "out", tmp_path / "out/.train-partial"
    arguments = [f"--input_dir={photos}", f"--output_dir={out}"]
    first, *_ = names = sorted(contents(whole))
    partial.mkdir(parents=True)
    shutil.copy(whole / first, out)
    (partial / writer.MOVING).write_text("\n".join(names))
    assert killed_when(arguments, (partial / first).exists)
    finish(start(*arguments))
    assert contents(out) == contents(whole) and not partial.exists()


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path):
    photos = write_folder(tmp_path / "photos", 60)
    arguments = [f"--input_dir={photos}", f"--output_dir={tmp_path}/out", "--num_shards=1"]
    process = Process("convert", arguments, {"FILE_LIMIT": "20000"}, "full_disk")
    _, errors = process.communicate()
    assert process.returncode == 1
    assert errors.count("\n") == 1 and f"{tmp_path}/out: cannot be written" in errors
    assert not (tmp_path / "out").exists()


def test_beam_gives_the_local_runners_files(tmp_path):
    pytest.importorskip("apache_beam")
    items = sources.folder(write_folder(tmp_path / "photos", 10), sources.Options())
    local = writer.convert(items, tmp_path / "local", "train", shards=3)
    beam = writer.convert(
        items, tmp_path / "beam", "train", shards=3, runner=lambda *plan: beam_runner.run(*plan, beam_args=[])
    )
    assert contents(tmp_path / "beam") == contents(tmp_path / "local")
    assert beam == local


def test_beam_reports_a_bad_photo_in_one_line(tmp_path):
    pytest.importorskip("apache_beam")
    photos = write_folder(tmp_path / "photos", 4)
    (photos / "Images/p002.jpg").write_bytes(b"no photo")
    items = sources.folder(photos, sources.Options())
    with pytest.raises(InputError, match=r"p002\.jpg: unreadable") as caught:
        writer.convert(items, tmp_path / "out", "train", runner=lambda *plan: beam_runner.run(*plan, beam_args=[]))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()
