"""Conversions as processes: killed at any moment, and on Apache Beam."""

import json
import pathlib
import shutil
import signal
import subprocess
import sys

import pytest

from helpers import write_folder
from pnet_tf.errors import InputError
from tfrecords import beam_runner, sources, writer

COMMAND = [sys.executable, "-m", "pnet_tf_tools.convert", "--num_shards=4"]


def contents(directory: pathlib.Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.glob("*.tfrecord")}


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory) -> tuple[pathlib.Path, pathlib.Path]:
    """300 photos, and what an unbroken conversion makes of them."""
    base = tmp_path_factory.mktemp("kill")
    photos = write_folder(base / "photos", 300)
    subprocess.run([*COMMAND, f"--input_dir={photos}", f"--output_dir={base}/whole"], check=True)
    return photos, base / "whole"


def killed_when(arguments: list[str], condition) -> bool:
    """Starts a conversion and kills it -9 as soon as `condition` holds; False if it was too quick."""
    process = subprocess.Popen([*COMMAND, *arguments])
    while process.poll() is None:
        if condition():
            process.send_signal(signal.SIGKILL)
            break
    return process.wait() == -signal.SIGKILL


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
    if not (out / writer.MANIFEST).exists():  # otherwise the kill came too late
        subprocess.run([*COMMAND, *arguments], check=True)
        assert not partial.exists()
    assert contents(out) == contents(whole)
    entries = [json.loads((one / writer.MANIFEST).read_text())["splits"]["train"] for one in (out, whole)]
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
    subprocess.run([*COMMAND, *arguments], check=True)
    assert contents(out) == contents(whole) and not partial.exists()


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path):
    """A limit on file size stands in for the full disk; SIGXFSZ ignored, the write fails as it would there."""
    photos = write_folder(tmp_path / "photos", 60)
    script = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "from pnet_tf_tools import convert; from tfrecords import writer;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000));"
        f"sys.exit(convert.main(['--input_dir={photos}', '--output_dir={tmp_path}/out', '--num_shards=1']))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and f"{tmp_path}/out: cannot be written" in done.stderr
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
