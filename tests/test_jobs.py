"""From what a command line names to what is made: nothing is lost, nothing written over, one line says why not."""

import pathlib
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import clip_files
from command_line import fails, run
from helpers import portrait, write_photo
from pnet_tf.errors import InputError
from pnet_tf.runtime.backdrop import backdrop
from pnet_tf.video import reader, writer
from pnet_tf_tools import jobs

LITE = "--model=portraitnet-lite"
SUFFIXES = jobs.Suffixes(".png", ".mp4")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> pathlib.Path:
    """me.jpg, me.png and other.jpg in the working directory."""
    monkeypatch.chdir(tmp_path)
    write_photo(tmp_path / "me.jpg", portrait(0)[0])
    write_photo(tmp_path / "other.jpg", portrait(1)[0])
    Image.fromarray(portrait(2)[0]).save(tmp_path / "me.png")
    return tmp_path


def outputs(inputs: list[str], output: str | None, **options) -> list[str]:
    options = {"recursive": False} | options
    return [str(job.output) for job in jobs.plan(inputs, output, SUFFIXES, **options)]


def test_photos_of_one_name_keep_apart(folder):
    assert outputs(["."], "out") == ["out/me.jpg.png", "out/me.png.png", "out/other.png"]
    assert outputs(["me.jpg", "me.png"], None) == ["me.jpg-cutout.png", "me.png-cutout.png"]
    assert outputs(["me.jpg", "other.jpg", "./me.jpg"], "out") == ["out/me.png", "out/other.png"]
    assert outputs(["me.jpg", "./me.jpg"], "out.png") == ["out.png"]
    (folder / "a").mkdir()
    write_photo(folder / "a/me.jpg", portrait(3)[0])
    with pytest.raises(InputError, match=r"me\.jpg, a/me\.jpg would all become this"):
        outputs(["me.jpg", "a/me.jpg"], "out")


def test_a_folder_of_photos_and_clips(folder, capsys):
    clip_files.write(folder / "talk.mov", frames=2)
    (folder / "notes.txt").write_text("neither")
    assert outputs(["."], "out/")[2:] == ["out/other.png", "out/talk.mp4"]
    assert "neither pictures nor clips: notes.txt" in capsys.readouterr().err
    (folder / "out").mkdir()
    write_photo(folder / "out/other.png", portrait(3)[0])
    assert outputs(["."], "out", recursive=True)[-1] == "out/talk.mp4"
    assert "left out, in --output=out already: out/other.png" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["me.jpg", "new.png"], "new.png: no such file; a picture that is to be made is named by --output=new.png"),
        (["me.jpg", "--output=new"], "new/ makes a folder"),
        (["me.jpg", "--output="], "--output=: is empty"),
        (["me.jpg", "--output=window"], "is for cameras"),
        (["me.jpg", "--output=virtual-camera"], "is for cameras"),
        ([".", "--output=all.png"], "is one file's name, and . is a folder"),
        (["me.jpg", "--output=b.png", "--model="], "--model=: is empty"),
        (["me.jpg", "--output=b.png", "--background="], "--background=: neither"),
        (["me.jpg", "--output=b.png", "--background=nosuch.jpg"], "--background=nosuch.jpg: no such file"),
        (["me.jpg", "--output=b.png", "--background=#12"], "neither a colour #rrggbb"),
        (["me.jpg", "--output=other.jpg", "--background=other.jpg", "--overwrite"], "what this command reads"),
    ],
)
def test_one_line_and_nothing_made(folder, capsys, words, line):
    before = {one.name: one.read_bytes() for one in folder.iterdir()}
    assert line in fails(capsys, "segment", *words)
    assert {one.name: one.read_bytes() for one in folder.iterdir()} == before


def test_words_for_one_and_for_several(folder, capsys):
    (folder / "me.png").unlink()
    assert run("segment", ".", "--output=out", LITE) == 0
    assert "2 photos in out" in capsys.readouterr().out
    (folder / "other.jpg").write_bytes(b"none")
    assert run("segment", "me.jpg", "other.jpg", "--output=two", LITE) == 1
    told, errors = capsys.readouterr()
    assert "1 photo in two" in told and "1 of 2 photos could not be done" in errors and "mask" not in errors
    assert run("segment", "me.jpg", "--output=two/", "--skip_existing", LITE) == 0
    assert "everything is there already" in capsys.readouterr().out


def test_frames_have_their_folder_when_all_are_made(tmp_path):
    picture = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(KeyError), writer.Folder(tmp_path / "new") as out:
        out.write(picture, 0)
        raise KeyError
    assert not (tmp_path / "new").exists()
    for count in (3, 2):
        with writer.Folder(tmp_path / "frames") as out:
            for index in range(count):
                out.write(picture, index)
        assert (
            sorted(one.name for one in (tmp_path / "frames").iterdir()) == [f"{i:06d}.png" for i in (1, 2, 3)][:count]
        )


def test_a_clip_that_is_asked_to_end_leaves_nothing(tmp_path):
    clip_files.write(tmp_path / "a.mp4", frames=500, size=(240, 320), sound=None)
    main = "import sys; from pnet_tf_tools import segment; sys.exit(segment.main(sys.argv[1:]))"
    words = [f"{tmp_path}/a.mp4", f"--output={tmp_path}/b.mp4", LITE]
    process = subprocess.Popen([sys.executable, "-c", main, *words])
    while not list(tmp_path.glob(".b.*")) and process.poll() is None:
        pass
    process.terminate()
    process.wait(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert [one.name for one in tmp_path.iterdir()] == ["a.mp4"]


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_sound_that_goes_back_in_time_is_left_out_and_told(tmp_path, capsys, monkeypatch, suffix):
    source = clip_files.write(tmp_path / "a.mp4")
    begun = reader.read

    def shuffled(path):
        clip = begun(path)
        frames = list(clip)
        clip.__class__ = type("Shuffled", (clip.__class__,), {"__iter__": lambda self: iter(frames)})
        packets = [packet for frame in frames for packet in frame.sound]
        packets[5].dts = packets[5].pts = packets[2].dts
        return clip

    monkeypatch.setattr(reader, "read", shuffled)
    assert run("segment", str(source), f"--output={tmp_path}/b{suffix}", LITE) == 0
    assert "1 damaged pieces of sound are left out" in capsys.readouterr().err
    monkeypatch.undo()
    with reader.read(tmp_path / f"b{suffix}") as clip:
        assert len(list(clip)) == 25


def test_backdrops(folder):
    for value in ("#000102", (0, 1, 2), [0, 1, 2], np.array([0, 1, 2]), np.array([0, 1, 2], np.uint8)):
        assert backdrop(value).tolist() == [0, 1, 2] and backdrop(value).dtype == np.uint8
    assert backdrop("me.png").shape == backdrop(folder / "me.png").shape == (96, 72, 3)
    for value in ("beach", "#12", "nosuch.jpg", (0, 1), (0, 1, 256), np.zeros((4, 4)), None, 3, (0.5, 0.5, 0.5)):
        with pytest.raises(InputError, match="background"):
            backdrop(value)


def test_the_terminal_gets_no_picture(folder, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert "--output=-: is the terminal" in fails(capsys, "segment", "me.jpg", "--output=-")
