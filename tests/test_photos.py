"""Every odd photo: read right, or refused in one line."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

import icc
from command_line import run
from helpers import portrait, write_folder, write_photo
from pnet_tf.data import records
from pnet_tf.errors import InputError
from pnet_tf.pictures import reader


def test_bytes_are_kept_as_they_came(tmp_path):
    write_photo(tmp_path / "a.jpg", portrait(0)[0])
    taken = reader.read(tmp_path / "a.jpg")
    assert taken.content == (tmp_path / "a.jpg").read_bytes()


def test_grey_photos_become_three_equal_channels(tmp_path):
    cv2.imwrite(str(tmp_path / "grey.jpg"), portrait(0)[0][..., 0])
    taken = reader.read(tmp_path / "grey.jpg")
    assert taken.rgb.shape == (96, 72, 3) and np.ptp(taken.rgb, axis=-1).max() == 0
    assert taken.content == (tmp_path / "grey.jpg").read_bytes()


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".avif"])
@pytest.mark.parametrize("orientation", range(2, 9))
def test_exif_rotated_photos_are_read_upright(tmp_path, orientation, suffix):
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
    Image.fromarray(np.ascontiguousarray(turn(upright))).save(tmp_path / f"a{suffix}", quality=98, exif=exif)
    taken = reader.read(tmp_path / f"a{suffix}")
    assert taken.rgb.shape == (40, 60, 3) and taken.content is None
    assert taken.rgb[5:15, 5:25].min() > 235 and taken.rgb[25:, 35:].max() < 20


def test_sixteen_bits_become_eight(tmp_path):
    cv2.imwrite(str(tmp_path / "deep.png"), np.full((8, 8, 3), 0x8000, np.uint16))
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((8, 8), 0x8000, np.uint16))
    cv2.imwrite(str(tmp_path / "deep.tif"), np.full((8, 8), 0x8000, np.uint16))
    for name in ("deep.png", "grey.png", "deep.tif"):
        taken = reader.read(tmp_path / name)
        assert taken.rgb.dtype == np.uint8 and abs(int(taken.rgb[0, 0, 0]) - 0x80) <= 1 and taken.content is None


@pytest.mark.parametrize("suffix", [".bmp", ".webp", ".tif", ".gif", ".avif", ".heic"])
def test_other_formats_are_read(tmp_path, suffix):
    if suffix == ".heic":
        pytest.importorskip("pillow_heif").register_heif_opener()
    Image.new("RGB", (32, 32), (99, 99, 99)).save(tmp_path / f"a{suffix}")
    taken = reader.read(tmp_path / f"a{suffix}")
    assert taken.content is None and taken.rgb.shape == (32, 32, 3) and abs(int(taken.rgb.mean()) - 99) <= 2


def test_the_files_own_opacity_is_read(tmp_path):
    picture = np.full((8, 8, 4), 255, np.uint8)
    cv2.imwrite(str(tmp_path / "opaque.png"), picture)
    assert reader.read(tmp_path / "opaque.png").opacity is None
    picture[0, 0, 3] = 10
    cv2.imwrite(str(tmp_path / "glass.png"), picture)
    opacity = reader.read(tmp_path / "glass.png").opacity
    assert opacity[0, 0] == 10 and (opacity.ravel()[1:] == 255).all()
    Image.new("RGBA", (8, 8), (9, 9, 9, 50)).save(tmp_path / "glass.webp")
    assert (reader.read(tmp_path / "glass.webp").opacity == 50).all()
    Image.new("L", (8, 8)).save(tmp_path / "shade.png", transparency=0)
    assert (reader.read(tmp_path / "shade.png").opacity == 0).all()
    Image.new("P", (8, 8)).save(tmp_path / "shade.gif", transparency=0)
    assert (reader.read(tmp_path / "shade.gif").opacity == 0).all()


def test_a_profile_is_applied(tmp_path):
    """A muted red of Display P3 is a stronger one in sRGB."""
    picture = Image.new("RGB", (8, 8), (128, 64, 64))
    picture.save(tmp_path / "p3.png", icc_profile=icc.display_p3())
    taken = reader.read(tmp_path / "p3.png")
    # Linear P3 (0.2159, 0.0513, 0.0513) times the matrix from P3 to sRGB of CSS Color 4, encoded again.
    assert taken.rgb[0, 0].astype(int) == pytest.approx([138, 59, 62], abs=1)
    assert taken.content is None
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture.save(tmp_path / "srgb.png", icc_profile=srgb)
    taken = reader.read(tmp_path / "srgb.png")
    assert taken.rgb[0, 0].tolist() == [128, 64, 64] and taken.content is not None


def test_records_have_the_colours_that_the_profile_says(tmp_path):
    write_folder(tmp_path, 1)
    Image.new("RGB", (72, 96), (128, 64, 64)).save(tmp_path / "Images/p000.jpg", icc_profile=icc.display_p3())
    assert run("convert", f"--input_dir={tmp_path}", f"--output_dir={tmp_path}/out", "--num_shards=1") == 0
    _, rgb, _ = next(records.samples([str(tmp_path / "out/train-00000-of-00001.tfrecord")]))
    assert rgb[60, 45].astype(int) == pytest.approx([138, 59, 62], abs=3)  # as JPEG keeps it


def test_date_and_resolution_are_read(tmp_path):
    exif = Image.Exif()
    exif[0x0132] = "2020:01:02 03:04:05"
    exif.get_ifd(0x8769)[0x9003] = "2019:12:31 23:59:59"
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg", exif=exif, dpi=(300, 300))
    taken = reader.read(tmp_path / "a.jpg")
    assert (taken.taken, taken.dpi) == ("2019:12:31 23:59:59", (300, 300))


def test_files_that_are_no_pictures_are_refused(tmp_path):
    (tmp_path / "a.jpg").write_text("no picture")
    (tmp_path / "b.png").write_bytes(b"")
    for name, reason in (("a.jpg", "unreadable"), ("b.png", "an empty file")):
        with pytest.raises(InputError, match=f"{name}: {reason}"):
            reader.read(tmp_path / name)
    with pytest.raises(InputError, match="no such file"):
        reader.read(tmp_path / "c.jpg")


def test_padding_between_jpeg_segments_is_skipped(tmp_path):
    content = cv2.imencode(".jpg", portrait(0)[0])[1].tobytes()
    (tmp_path / "a.jpg").write_bytes(content[:2] + b"\xff\xff" + content[2:])
    assert reader.read(tmp_path / "a.jpg").rgb.shape == (96, 72, 3)


def test_cmyk_is_read(tmp_path):
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "print.jpg")
    red, green, blue = reader.read(tmp_path / "print.jpg").rgb[0, 0].astype(int)
    assert red > 200 and green < 60 and blue < 60


def test_animated_and_huge_photos_are_refused(tmp_path):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    for suffix in (".png", ".webp", ".gif"):
        frames[0].save(tmp_path / f"film{suffix}", save_all=True, append_images=frames[1:])
    Image.new("1", (20000, 6000)).save(tmp_path / "huge.png")
    Image.new("1", (20000, 6000)).save(tmp_path / "huge.tif", compression="group4")
    for name, words in (
        ("film.png", "animated, 2 frames"),
        ("film.webp", "animated, 2 frames"),
        ("film.gif", "animated, 2 frames"),
        ("huge.png", "20000×6000 is over 100 megapixels"),
        ("huge.tif", "20000×6000 is over 100 megapixels"),
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
    with pytest.raises(InputError, match=r"unreadable or truncated|an empty file"):
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
