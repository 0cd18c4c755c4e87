"""Every odd clip: read right, or refused in one line."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import clip_files
from pnet_tf import video
from pnet_tf.errors import InputError
from pnet_tf.video import looping, reader

av = pytest.importorskip("av")


def seconds(clip: reader.Clip, frames: list[reader.Frame]) -> list[float]:
    return [float(frame.pts * clip.time_base) for frame in frames]


def near(pixel: np.ndarray, colour: np.ndarray) -> bool:
    return np.abs(pixel.astype(int) - colour).max() <= 12


def test_frames_times_and_sound(tmp_path):
    with video.read(clip_files.write(tmp_path / "a.mp4")) as clip:
        frames = list(clip)
    assert (clip.width, clip.height, clip.rate, clip.frames, clip.damaged) == (96, 64, 25, 25, 0)
    assert seconds(clip, frames) == pytest.approx([0.04 * index for index in range(25)])
    assert near(frames[3].rgb[5, 50], clip_files.RED) and near(frames[3].rgb[60, 50], clip_files.BLUE)
    assert sum(len(frame.sound) for frame in frames) >= 40 and frames[0].opacity is None


def test_a_variable_rate_keeps_its_times(tmp_path):
    times = [40 * index + 11 * (index % 3) for index in range(25)]
    with video.read(clip_files.write(tmp_path / "a.mp4", times=times)) as clip:
        assert seconds(clip, list(clip)) == pytest.approx([one / 1000 for one in times], abs=1e-4)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_phone_held_otherwise(tmp_path, rotation):
    """The display matrix turns counter-clockwise; what was above is then left, below or right."""
    if not hasattr(av.video.stream.VideoStream, "set_display_rotation"):
        pytest.skip("this PyAV writes no rotation")
    with video.read(clip_files.write(tmp_path / "a.mp4", rotation=rotation)) as clip:
        rgb = next(iter(clip)).rgb
    assert rgb.shape == ((96, 64, 3) if rotation != 180 else (64, 96, 3)) == (clip.height, clip.width, 3)
    red = {90: rgb[50, 5], 180: rgb[-5, 50], 270: rgb[50, -5]}[rotation]
    assert near(red, clip_files.RED)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("odd.mkv", {"size": (63, 95), "pixels": "yuv444p"}),
        ("ten.mp4", {"pixels": "yuv420p10le"}),
        ("silent.mp4", {"sound": None}),
        ("one.mp4", {"frames": 1}),
        ("old.avi", {"codec": "mpeg4", "sound": "mp3"}),
        ("page.webm", {"codec": "libvpx-vp9", "sound": "libopus", "options": {"cpu-used": "8"}}),
    ],
)
def test_other_kinds(tmp_path, name, settings):
    if settings.get("sound") == "mp3":
        settings = {**settings, "sound": "libmp3lame"}
    if settings.get("sound") == "libopus":
        settings = {**settings, "sound": None}
    path = clip_files.write(tmp_path / name, **settings)
    with video.read(path) as clip:
        frames = list(clip)
    height, width = settings.get("size", (64, 96))
    assert len(frames) == settings.get("frames", 25)
    assert all(frame.rgb.shape == (height, width, 3) for frame in frames) and clip.damaged == 0
    assert near(frames[-1].rgb[5, 50], clip_files.RED)


def test_interlaced_frames_become_whole_ones(tmp_path):
    options = {"flags": "+ilme+ildct", "x264-params": "interlaced=1"}
    with video.read(clip_files.write(tmp_path / "tv.mp4", options=options)) as clip:
        frames = list(clip)
    assert len(frames) == 25 and near(frames[7].rgb[5, 50], clip_files.RED)


def test_a_truncated_clip_gives_what_is_there_or_one_line(tmp_path):
    whole = clip_files.write(tmp_path / "whole.mkv", frames=100).read_bytes()
    (tmp_path / "cut.mkv").write_bytes(whole[: len(whole) * 2 // 3])
    with video.read(tmp_path / "cut.mkv") as clip:
        assert 20 < len(list(clip)) < 100
    content = clip_files.write(tmp_path / "whole.mp4", frames=100).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(content[: len(content) * 2 // 3])  # its table of frames was at the end
    with pytest.raises(InputError, match=r"cut\.mp4: no clip that FFmpeg reads, or it is truncated"):
        video.read(tmp_path / "cut.mp4")


def test_a_damaged_frame_is_the_frame_before(tmp_path):
    """Frames that stand for themselves (PNG), one of them overwritten: the count and the times stay."""
    path = clip_files.write(tmp_path / "a.mov", codec="png", pixels="rgb24", sound=None)
    content = bytearray(path.read_bytes())
    starts = [at for at in range(len(content) - 4) if content[at : at + 4] == b"\x89PNG"]
    content[starts[10] : starts[10] + 40] = bytes(40)
    path.write_bytes(content)
    with video.read(path) as clip:
        frames = list(clip)
    assert len(frames) == 25 and clip.damaged == 1
    assert np.array_equal(frames[10].rgb, frames[9].rgb) and not np.array_equal(frames[11].rgb, frames[9].rgb)
    assert seconds(clip, frames) == pytest.approx([0.04 * index for index in range(25)])


def test_what_is_no_clip(tmp_path):
    (tmp_path / "text.mp4").write_text("no clip")
    with av.open(str(tmp_path / "tone.m4a"), "w") as file:
        tone = file.add_stream("aac", rate=44_100)
        tone.layout = "mono"
        file.mux(clip_files._sound(av, tone, 0))
        file.mux(tone.encode(None))
    (tmp_path / "tone.mp4").write_bytes((tmp_path / "tone.m4a").read_bytes())
    for name, words in (("text.mp4", "no clip"), ("tone.mp4", "only sound"), ("none.mp4", "no such file")):
        with pytest.raises(InputError, match=words):
            video.read(tmp_path / name)


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_animated_pictures_are_clips(tmp_path, suffix):
    pictures = [Image.fromarray(clip_files.picture(9 * index)) for index in range(4)]
    pictures[0].save(tmp_path / f"a{suffix}", save_all=True, append_images=pictures[1:], duration=[50, 70, 90, 40])
    pictures[0].save(tmp_path / f"still{suffix}")
    assert reader.is_clip(tmp_path / f"a{suffix}") and not reader.is_clip(tmp_path / f"still{suffix}")
    with video.read(tmp_path / f"a{suffix}") as clip:
        frames = list(clip)
    assert len(frames) == 4 and seconds(clip, frames) == pytest.approx([0, 0.05, 0.12, 0.21])
    assert near(frames[2].rgb[5, 50], clip_files.RED)


def test_a_clip_loops(tmp_path):
    """Of four frames, 40 ms each, the third is shown at 80 ms and again at 240 ms."""
    loop = looping.Looping(clip_files.write(tmp_path / "a.mp4", frames=4, sound=None))
    with video.read(tmp_path / "a.mp4") as clip:
        expected = [frame.rgb for frame in clip]
    for index in range(14):
        assert np.array_equal(loop.at(0.04 * index + 0.001), expected[index % 4])


def test_a_clip_can_be_closed_at_any_frame(tmp_path):
    """PyAV frees a decoder with Python's lock; a thread of the decoder's that wants it then waited for ever."""
    path = clip_files.write(tmp_path / "a.mp4", frames=12, size=(360, 480), sound=None)
    code = (
        "import sys; from pnet_tf import video\n"
        "for index in range(70):\n"
        "    with video.read(sys.argv[1]) as clip:\n"
        "        frames = iter(clip)\n"
        "        for _ in range(index % 7): next(frames)\n"
        "open_still = video.read(sys.argv[1])\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], timeout=120)
    assert done.returncode == 0
