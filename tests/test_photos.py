"""Every odd photo: read right, or refused in one line."""

import cv2
import numpy as np
import pytest
from PIL import Image

from helpers import portrait, write_photo
from pnet_tf.errors import InputError
from pnet_tf.pictures import header, reader


def test_bytes_are_kept_as_they_came(tmp_path):
    write_photo(tmp_path / "a.jpg", portrait(0)[0])
    taken = reader.read(tmp_path / "a.jpg")
    assert taken.content == (tmp_path / "a.jpg").read_bytes()


def test_grey_photos_become_three_equal_channels(tmp_path):
    cv2.imwrite(str(tmp_path / "grey.jpg"), portrait(0)[0][..., 0])
    taken = reader.read(tmp_path / "grey.jpg")
    assert taken.rgb.shape == (96, 72, 3) and np.ptp(taken.rgb, axis=-1).max() == 0
    assert taken.content == (tmp_path / "grey.jpg").read_bytes()


@pytest.mark.parametrize("orientation", range(2, 9))
def test_exif_rotated_photos_are_stored_upright(tmp_path, orientation):
    """Pillow writes the tag; the picture itself says which way up it is: its brightest corner is top left."""
    upright = np.zeros((40, 60, 3), np.uint8)
    upright[:20, :30] = 255
    turn = {  # how a camera stores what should be seen as `upright`
        2: lambda p: p[:, ::-1],
        3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1],
        5: lambda p: p.transpose(1, 0, 2),
        6: lambda p: np.rot90(p, 1),
        7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
        8: lambda p: np.rot90(p, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(turn(upright))).save(tmp_path / "a.jpg", quality=98, exif=exif)
    taken = reader.read(tmp_path / "a.jpg")
    assert taken.rgb.shape == (40, 60, 3)
    assert taken.rgb[5:15, 5:25].min() > 240 and taken.rgb[25:, 35:].max() < 15
    stored = cv2.imdecode(np.frombuffer(taken.content, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    assert np.array_equal(stored, taken.rgb)


def test_sixteen_bit_photos_are_stored_with_eight(tmp_path):
    cv2.imwrite(str(tmp_path / "deep.png"), np.full((8, 8, 3), 0x8000, np.uint16))
    taken = reader.read(tmp_path / "deep.png")
    assert taken.rgb.dtype == np.uint8 and abs(int(taken.rgb[0, 0, 0]) - 0x80) <= 1
    assert header.read(taken.content).bits == 8


@pytest.mark.parametrize("suffix", [".bmp", ".webp"])
def test_other_formats_are_encoded_anew(tmp_path, suffix):
    cv2.imwrite(str(tmp_path / f"a{suffix}"), np.full((32, 32, 3), 99, np.uint8))
    taken = reader.read(tmp_path / f"a{suffix}")
    assert taken.content[:2] == b"\xff\xd8" and abs(int(taken.rgb.mean()) - 99) <= 2


def test_opaque_alpha_is_dropped_and_transparency_refused(tmp_path):
    picture = np.full((8, 8, 4), 255, np.uint8)
    cv2.imwrite(str(tmp_path / "opaque.png"), picture)
    assert reader.read(tmp_path / "opaque.png").rgb.shape == (8, 8, 3)
    picture[0, 0, 3] = 10
    cv2.imwrite(str(tmp_path / "glass.png"), picture)
    with pytest.raises(InputError, match=r"glass\.png: partly transparent"):
        reader.read(tmp_path / "glass.png")


def test_odd_files_are_refused(tmp_path):
    Image.new("RGBA", (8, 8), (9, 9, 9, 50)).save(tmp_path / "glass.webp")
    Image.new("RGB", (8, 8)).save(tmp_path / "tiff.jpg", format="TIFF")
    Image.new("P", (8, 8)).save(tmp_path / "film.png", format="GIF")
    shade = Image.new("L", (8, 8))
    shade.save(tmp_path / "shade.png", transparency=0)
    for name, words in (
        ("glass.webp", "transparent"),
        ("tiff.jpg", "unreadable"),
        ("film.png", "unreadable"),
        ("shade.png", "transparent"),
    ):
        with pytest.raises(InputError, match=words):
            reader.read(tmp_path / name)


def test_padding_between_jpeg_segments_is_skipped(tmp_path):
    content = cv2.imencode(".jpg", portrait(0)[0])[1].tobytes()
    (tmp_path / "a.jpg").write_bytes(content[:2] + b"\xff\xff" + content[2:])
    assert reader.read(tmp_path / "a.jpg").rgb.shape == (96, 72, 3)


def test_cmyk_animated_and_huge_photos_are_refused(tmp_path):
    Image.new("CMYK", (8, 8)).save(tmp_path / "print.jpg")
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "film.png", save_all=True, append_images=frames[1:])
    frames[0].save(tmp_path / "film.webp", save_all=True, append_images=frames[1:])
    Image.new("1", (20000, 6000)).save(tmp_path / "huge.png")
    for name, words in (
        ("print.jpg", "CMYK"),
        ("film.png", "animated"),
        ("film.webp", "animated"),
        ("huge.png", "20000×6000 is over 100 megapixels"),
    ):
        with pytest.raises(InputError, match=words):
            reader.read(tmp_path / name)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
@pytest.mark.parametrize("keep", [0.0, 0.1, 0.5, 0.95])
def test_truncated_photos_are_refused(tmp_path, suffix, keep):
    path = tmp_path / f"a{suffix}"
    write_photo(path, np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(InputError, match=r"unreadable or truncated"):
        reader.read(path)


def test_a_thumbnails_end_does_not_make_a_truncated_photo_whole(tmp_path):
    thumbnail = cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
    whole = cv2.imencode(".jpg", portrait(0)[0])[1].tobytes()
    segment = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    (tmp_path / "a.jpg").write_bytes(whole[:2] + segment + whole[2:])
    reader.read(tmp_path / "a.jpg")
    (tmp_path / "a.jpg").write_bytes((whole[:2] + segment + whole[2:])[:-100])
    with pytest.raises(InputError, match="truncated"):
        reader.read(tmp_path / "a.jpg")
