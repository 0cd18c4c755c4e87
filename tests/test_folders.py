"""pnet-segment on what people point it at: folders, pipes, several photos, broken ones."""

import io
import pathlib
import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

from command_line import fails, run
from helpers import portrait, write_photo
from pnet_tf.pictures import reader, writer

LITE = "--model=portraitnet-lite"


def made(folder: pathlib.Path) -> list[str]:
    return sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file())


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    for index in range(3):
        write_photo(folder / f"p{index}.jpg", portrait(index)[0])
    return folder


def test_a_broken_photo_does_not_keep_the_others_back(photos, tmp_path, capsys):
    (photos / "p1.jpg").write_bytes((photos / "p1.jpg").read_bytes()[:300])
    assert run("segment", f"--input={photos}", f"--output={tmp_path}/out", LITE) == 1
    out, error = capsys.readouterr()
    assert made(tmp_path / "out") == ["p0.png", "p2.png"]
    assert "p1.jpg: unreadable or truncated" in error and "1 of 3 photos could not be done" in error
    assert "2 photos in" in out
    write_photo(photos / "p1.jpg", portrait(1)[0])
    assert "--overwrite" in fails(capsys, "segment", f"--input={photos}", f"--output={tmp_path}/out", LITE)
    before = (tmp_path / "out/p0.png").stat().st_mtime_ns
    assert run("segment", f"--input={photos}", f"--output={tmp_path}/out", LITE, "--skip_existing") == 0
    assert made(tmp_path / "out") == ["p0.png", "p1.png", "p2.png"]
    assert (tmp_path / "out/p0.png").stat().st_mtime_ns == before


def test_nothing_is_left_out_without_a_word(photos, tmp_path, capsys):
    """Formats of phones and scanners are read, hidden files are none, and what is no picture is named."""
    pytest.importorskip("pillow_heif").register_heif_opener()
    rgb = portrait(7)[0]
    for name in ("a.heic", "b.avif", "c.tiff", "d.gif"):
        Image.fromarray(rgb).save(photos / name)
    (photos / "._p0.jpg").write_bytes(b"\0\5\x16\7 what macOS leaves")
    (photos / "notes.txt").write_text("no picture")
    (photos / "sub").mkdir()
    write_photo(photos / "sub/p9.jpg", rgb)
    assert run("segment", f"--input={photos}", f"--output={tmp_path}/out", LITE) == 0
    assert made(tmp_path / "out") == ["a.png", "b.png", "c.png", "d.png", "p0.png", "p1.png", "p2.png"]
    assert "left out, neither pictures nor clips: notes.txt" in capsys.readouterr().err
    assert run("segment", f"--input={photos}", f"--output={tmp_path}/out2", LITE, "--recursive") == 0
    assert "sub/p9.png" in made(tmp_path / "out2")


def test_an_input_is_never_written_over(photos, capsys):
    Image.fromarray(portrait(1)[0]).save(photos / "cut.png")
    before = (photos / "cut.png").read_bytes()
    error = fails(capsys, "segment", f"--input={photos}", f"--output={photos}", "--overwrite", LITE)
    assert "is one of the inputs" in error and (photos / "cut.png").read_bytes() == before


def test_one_photo_into_a_folder_and_several_photos(photos, tmp_path):
    (tmp_path / "out").mkdir()
    first, second = (str(photos / f"p{index}.jpg") for index in range(2))
    assert run("segment", first, f"--output={tmp_path}/out", LITE) == 0
    assert run("segment", first, f"--input={second}", f"--output={tmp_path}/two/", LITE, "--background=blur") == 0
    assert run("segment", first, second, LITE) == 0
    assert made(tmp_path / "out") == ["p0.png"] and made(tmp_path / "two") == ["p0.jpg", "p1.jpg"]
    assert {"p0-cutout.png", "p1-cutout.png"} <= set(made(photos))


def test_through_a_pipe(photos):
    code = "import sys; from pnet_tf_tools import segment; sys.exit(segment.main(sys.argv[1:]))"
    content = (photos / "p0.jpg").read_bytes()
    done = subprocess.run([sys.executable, "-c", code, "-", "--output=-", LITE], input=content, capture_output=True)
    assert done.returncode == 0 and done.stderr == b""
    assert Image.open(io.BytesIO(done.stdout)).mode == "RGBA"
    done = subprocess.run([sys.executable, "-c", code, "-", "--output=-", LITE], input=b"none", capture_output=True)
    assert done.returncode == 1 and done.stderr.startswith(b"error: standard input: unreadable") and not done.stdout


@pytest.mark.skipif(not pathlib.Path("/proc/self/status").exists(), reason="the peak is read from Linux's /proc")
def test_48_megapixels_take_bounded_memory(tmp_path):
    """Photo, opacity and picture at once are 340 MB; the process may have 700 at its peak."""
    write_photo(tmp_path / "large.jpg", cv2.resize(portrait(0)[0], (8000, 6000)))
    code = (
        "import re, sys; from pnet_tf_tools import segment; segment.main(sys.argv[1:]);"
        "print(re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1])"
    )
    words = [str(tmp_path / "large.jpg"), f"--output={tmp_path}/out.jpg", "--background=blur", LITE]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    assert (tmp_path / "out.jpg").exists() and int(done.stdout.split()[-1]) < 700 * 1024


def test_version(capsys):
    assert run("segment", "--version") == 0
    assert capsys.readouterr().out.startswith("pnet_tf 0.")


def test_date_and_resolution_stay(photos, tmp_path):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2019:12:31 23:59:59"
    exif[0x8825] = {1: "N"}  # a place, which a picture to be shown around does not tell
    Image.fromarray(portrait(0)[0]).save(photos / "p0.jpg", exif=exif, dpi=(300, 300))
    for name in ("cut.png", "cut.jpg", "cut.webp"):
        background = "--background=blur" if name == "cut.jpg" else "--background=transparent"
        assert run("segment", str(photos / "p0.jpg"), f"--output={tmp_path}/{name}", LITE, background) == 0
        found = reader.read(tmp_path / name)
        assert found.taken == "2019:12:31 23:59:59"
        assert found.dpi is None if name == "cut.webp" else found.dpi == pytest.approx((300, 300), abs=0.1)
        assert not Image.open(tmp_path / name).getexif().get_ifd(0x8825)


def test_a_picture_that_is_cut_out_already_stays_so(photos, tmp_path):
    rgba = np.dstack([portrait(0)[0], np.full((96, 72), 255, np.uint8)])
    rgba[:30] = (255, 0, 0, 0)  # red, hidden
    Image.fromarray(rgba).save(photos / "cut.png")
    assert run("segment", str(photos / "cut.png"), f"--output={tmp_path}/again.png", LITE) == 0
    assert (np.asarray(Image.open(tmp_path / "again.png"))[:30, :, 3] == 0).all()
    assert run("segment", str(photos / "cut.png"), f"--output={tmp_path}/white.png", LITE, "--background=#ffffff") == 0
    assert (np.asarray(Image.open(tmp_path / "white.png"))[:30] == 255).all()


def test_pictures_round_trip(tmp_path):
    rgba = np.random.default_rng(0).integers(0, 256, (5, 4, 4)).astype(np.uint8)
    writer.write(tmp_path / "new/a.png", rgba[..., :3])
    assert np.array_equal(reader.read(tmp_path / "new/a.png").rgb, rgba[..., :3])
    assert b"sRGB" in (tmp_path / "new/a.png").read_bytes()
    for name in ("a.jpg", "a.gif"):
        with pytest.raises(ValueError, match=name):
            writer.write(tmp_path / name, rgba)
    assert made(tmp_path) == ["new/a.png"]
