"""Clips to disk: times, sound and opacity as they were, and never half a file under the final name."""

import contextlib
import fractions
import pathlib
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import clip_files
from command_line import fails, run
from pnet_tf import video
from pnet_tf.errors import InputError
from pnet_tf.video import reader, writer

pytest.importorskip("av")
MAIN = "import sys; from pnet_tf_tools import segment; sys.exit(segment.main(sys.argv[1:]))"
LITE = "--model=portraitnet-lite"


def times(path: pathlib.Path) -> list[float]:
    with video.read(path) as clip:
        return [float(frame.pts * clip.time_base) for frame in clip]


def sound(path: pathlib.Path) -> list[bytes]:
    with video.read(path) as clip:
        return [bytes(packet) for frame in clip for packet in frame.sound]


@pytest.mark.parametrize("settings", [{}, {"times": [40 * index + 9 * (index % 4) for index in range(25)]}])
def test_times_and_sound_stay(tmp_path, settings):
    source = clip_files.write(tmp_path / "a.mp4", **settings)
    assert run("segment", str(source), f"--output={tmp_path}/out.mp4", LITE) == 0
    assert times(tmp_path / "out.mp4") == pytest.approx(times(source), abs=1e-4)
    assert sound(tmp_path / "out.mp4") == sound(source) != []
    with video.read(tmp_path / "out.mp4") as clip:
        assert (clip.width, clip.height, clip.rate) == (96, 64, 25) or settings


def test_when_stays_where_does_not_and_what_is_left_out_is_told(tmp_path, capsys):
    told = {"creation_time": "2019-12-31T23:59:59.000000Z", "location": "+48.1+011.5/"}
    source = clip_files.write(tmp_path / "a.mp4", metadata=told, second_sound=True)
    assert run("segment", str(source), f"--output={tmp_path}/out.mp4", LITE) == 0
    assert "a.mp4: left out, further tracks: audio" in capsys.readouterr().err
    with video.read(tmp_path / "out.mp4") as clip:
        assert clip.taken == told["creation_time"] and "location" not in clip._file.metadata


def test_sound_that_a_file_does_not_take_is_coded_anew_and_told(tmp_path, capsys):
    source = clip_files.write(tmp_path / "a.mp4")
    assert run("segment", str(source), f"--output={tmp_path}/out.webm", LITE) == 0
    assert "the sound is coded anew" in capsys.readouterr().err
    with video.read(tmp_path / "out.webm") as clip:
        assert clip.sound.codec_context.name == "opus" and len(list(clip)) == 25


def test_odd_sides_lose_nothing(tmp_path):
    source = clip_files.write(tmp_path / "a.mkv", frames=3, size=(63, 95), pixels="yuv444p")
    assert run("segment", str(source), f"--output={tmp_path}/out.mp4", LITE, "--background=mask") == 0
    with video.read(tmp_path / "out.mp4") as clip:
        assert (clip.width, clip.height) == (96, 64)


@pytest.mark.parametrize("suffix", [".webm", ".mov"])
def test_opacity_is_kept_where_it_can_be(tmp_path, suffix):
    rgba = np.full((64, 96, 4), 90, np.uint8)
    rgba[:, :48, 3], rgba[:, 48:, 3] = 0, 255
    with writer.Writer(tmp_path / f"a{suffix}", 96, 64, fractions.Fraction(1, 1000), opacity=True) as file:
        for index in range(5):
            file.write(rgba, 40 * index)
    with video.read(tmp_path / f"a{suffix}") as clip:
        frames = list(clip)
    assert len(frames) == 5
    assert frames[2].opacity[:, :40].max() <= 2 and frames[2].opacity[:, 56:].min() >= 253
    assert np.abs(frames[2].rgb[:, 56:].astype(int) - 90).max() <= 6


def test_frames_into_a_folder(tmp_path, capsys):
    source = clip_files.write(tmp_path / "a.mp4", frames=4)
    words = ["segment", str(source), f"--output={tmp_path}/frames/", LITE, "--background=transparent"]
    assert run(*words) == 0
    assert sorted(one.name for one in (tmp_path / "frames").iterdir()) == [
        f"00000{index}.png" for index in (1, 2, 3, 4)
    ]
    assert Image.open(tmp_path / "frames/000001.png").mode == "RGBA"
    assert "has files already" in fails(capsys, *words)


def test_a_clip_behind_a_clip_and_animations(tmp_path, capsys):
    source = clip_files.write(tmp_path / "a.mp4", frames=6, sound=None)
    behind = clip_files.write(tmp_path / "b.mp4", frames=3, sound=None)
    assert run("segment", str(source), f"--output={tmp_path}/out.mp4", LITE, f"--background={behind}") == 0
    assert len(times(tmp_path / "out.mp4")) == 6
    pictures = [Image.fromarray(clip_files.picture(index)) for index in range(3)]
    pictures[0].save(tmp_path / "c.gif", save_all=True, append_images=pictures[1:], duration=80)
    assert run("segment", str(tmp_path / "c.gif"), LITE) == 0
    assert times(tmp_path / "c-cutout.mp4") == pytest.approx([0, 0.08, 0.16])
    Image.fromarray(clip_files.picture(0)).save(tmp_path / "p.png")
    error = fails(capsys, "segment", f"{tmp_path}/p.png", f"--output={tmp_path}/p.jpg", f"--background={behind}")
    assert "is a clip, which goes behind a clip" in error


def test_one_line_for_what_cannot_be(tmp_path, capsys):
    source = str(clip_files.write(tmp_path / "a.mp4", frames=2))
    before = pathlib.Path(source).read_bytes()
    for words, said in (
        ([f"--output={tmp_path}/o.mp4", "--background=transparent"], "use .webm, .mov or a folder"),
        ([f"--output={tmp_path}/o.wmv"], "clips end with .mp4"),
        (["--output=-"], "cannot go through a pipe"),
        ([f"--output={source}", "--overwrite"], "is one of the inputs"),
        ([f"--output={tmp_path}/o.mp4", "--mirror"], "is for cameras"),
    ):
        assert said in fails(capsys, "segment", source, LITE, *words)
    assert pathlib.Path(source).read_bytes() == before and not list(tmp_path.glob("*o.*"))


def test_an_error_while_writing_leaves_nothing(tmp_path):
    with pytest.raises(InputError), writer.Writer(tmp_path / "a.mp4", 32, 32, reader.MILLISECONDS) as file:
        file.write(np.zeros((32, 32, 3), np.uint8), 0)
        raise InputError("stop")
    assert list(tmp_path.iterdir()) == []


def written(folder: pathlib.Path) -> int:
    """1 and the bytes in a folder's files; 0 without a file."""
    sizes = []
    for one in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # it got its final name meanwhile
            sizes.append(one.stat().st_size)
    return len(sizes) and 1 + sum(sizes)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_ended_at_ten_moments(tmp_path, end):
    """What has the final name is whole; after Ctrl-C nothing else is there either."""
    source = clip_files.write(tmp_path / "a.mp4", frames=80, size=(240, 320))
    for moment in range(5):
        out = tmp_path / f"{moment}/out.mp4"
        out.parent.mkdir()
        process = subprocess.Popen([sys.executable, "-c", MAIN, str(source), f"--output={out}", LITE])
        while process.poll() is None:
            if written(out.parent) > 12_000 * moment:
                process.send_signal(end)
                break
        process.wait()
        if out.exists():
            assert len(times(out)) == 80
        elif end == signal.SIGINT:
            assert list(out.parent.iterdir()) == []
