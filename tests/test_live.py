"""Cameras, windows and virtual cameras by stand-ins: what is shown, what is dropped, and one line for each failure."""

import pathlib
import sys
import types

import numpy as np
import pytest

import clip_files
from command_line import fails, run
from pnet_tf import video
from pnet_tf.video import camera, virtual, window

pytest.importorskip("av")
LITE = "--model=portraitnet-lite"


class Capture:
    """A camera of cv2's: `frames` pictures, and then none; `opens` False where it cannot be had."""

    frames, opens, silent = 6, True, False

    def __init__(self, number: int):
        self.number, self.given = number, 0

    def isOpened(self) -> bool:
        return self.opens

    def read(self):
        if self.silent or self.given == self.frames:
            return False, None
        self.given += 1
        return True, clip_files.picture(self.given)[..., ::-1]

    def get(self, _: int) -> float:
        return 30.0

    def release(self) -> None:
        pass


@pytest.fixture
def two_cameras(monkeypatch, tmp_path):
    """Two cameras as Linux lists them, whose devices are there."""
    monkeypatch.setattr(camera.cv2, "VideoCapture", Capture)
    monkeypatch.setattr(camera, "PAUSE", 0)
    monkeypatch.setattr(sys, "platform", "linux")
    for number, name in ((0, "Integrated Camera"), (2, "USB Webcam")):
        (tmp_path / f"class/video{number}").mkdir(parents=True)
        (tmp_path / f"class/video{number}/name").write_text(f"{name}\n")
    monkeypatch.setattr(camera, "_LISTED", tmp_path / "class")
    monkeypatch.setattr(camera, "_why_closed", lambda name, number: f"camera:{name}: closed {number}")


def test_two_cameras_are_listed_and_found_by_name(two_cameras, capsys):
    assert run("segment", "--list_cameras") == 0
    assert capsys.readouterr().out.splitlines() == ["camera:0  Integrated Camera", "camera:2  USB Webcam"]
    with camera.Camera("usb") as one:
        assert one._capture.number == 2 and (one.width, one.height) == (96, 64)


def test_no_camera(two_cameras, monkeypatch, tmp_path, capsys):
    assert "no camera of that name" in fails(capsys, "segment", "--input=camera:none", "--output=window", LITE)
    monkeypatch.setattr(camera, "_LISTED", tmp_path / "empty")
    assert "no camera is there" in fails(capsys, "segment", "--list_cameras")


@pytest.mark.parametrize(
    ("exists", "allowed", "words"),
    [(False, False, "no such camera"), (True, False, "usermod -aG video"), (True, True, "close the program that uses")],
)
def test_why_a_camera_does_not_open(monkeypatch, exists, allowed, words):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(pathlib.Path, "exists", lambda _: exists)
    monkeypatch.setattr(camera.os, "access", lambda *_: allowed)
    assert words in camera._why_closed("0", 0)


def test_a_busy_camera_opens_but_shows_nothing(two_cameras, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(Capture, "silent", True)
    assert "gives no picture" in fails(capsys, "segment", "--input=camera:0", f"--output={tmp_path}/a.mp4", LITE)
    monkeypatch.setattr(Capture, "opens", False)
    assert "closed 0" in fails(capsys, "segment", "--input=camera:0", f"--output={tmp_path}/a.mp4", LITE)
    assert not list(tmp_path.glob("*.mp4"))


def test_unplugged_in_the_middle(two_cameras, tmp_path, capsys):
    """The recording up to there is whole, and the line says what happened."""
    error = fails(capsys, "segment", "--input=camera:0", f"--output={tmp_path}/a.mp4", LITE)
    assert "is it still plugged in?" in error
    with video.read(tmp_path / "a.mp4") as clip:
        assert 1 <= len(list(clip)) <= Capture.frames


def test_late_frames_are_dropped_and_counted(two_cameras, monkeypatch):
    monkeypatch.setattr(Capture, "frames", 50)
    with camera.Camera("0") as source:
        source._thread.join()  # the camera gives all its frames before one is asked for
        newest = next(iter(source))
        assert np.array_equal(newest, clip_files.picture(50)) and source.dropped == 49


class Device:
    """A virtual camera of pyvirtualcam's that remembers what it was sent."""

    sent: list[np.ndarray] = []  # noqa: RUF012

    def __init__(self, width: int, height: int, fps: float):
        self.device, self.size = "/dev/video9", (height, width, 3)
        Device.sent.clear()

    def send(self, picture: np.ndarray) -> None:
        assert picture.shape == self.size
        self.sent.append(picture)

    def sleep_until_next_frame(self) -> None:
        pass

    def close(self) -> None:
        pass


def test_a_virtual_camera(two_cameras, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "pyvirtualcam", types.SimpleNamespace(Camera=Device))
    error = fails(capsys, "segment", "--input=camera:0", "--output=virtual-camera", LITE, "--background=#00ff00")
    assert "plugged in" in error and Device.sent  # until the camera gives no more


def test_a_virtual_camera_that_cannot_be_opened(two_cameras, monkeypatch, capsys, tmp_path):
    def refuses(*_):
        raise RuntimeError("'v4l2loopback' backend: No v4l2 loopback device found at /dev/video[0-99].")

    words = ("segment", "--input=camera:0", "--output=virtual-camera", LITE)
    monkeypatch.setitem(sys.modules, "pyvirtualcam", types.SimpleNamespace(Camera=refuses))
    assert "sudo modprobe v4l2loopback exclusive_caps=1" in fails(capsys, *words)
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    assert "pip install 'pnet-tf[video]'" in fails(capsys, *words)
    assert "shows no transparency" in fails(capsys, *words, "--background=transparent")
    (tmp_path / "exclusive_caps").write_text("N,N\n")
    monkeypatch.setattr(virtual, "_EXCLUSIVE", tmp_path / "exclusive_caps")
    assert "exclusive_caps=1" in virtual.hint()


def test_a_window_its_keys_and_none(two_cameras, monkeypatch, tmp_path, capsys):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert "no screen here" in fails(capsys, "segment", "--input=camera:0", "--output=window", LITE)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Capture, "frames", 10**9)
    keys, shown = iter("f.b.m.r..r.q"), []
    monkeypatch.setattr(window.cv2, "namedWindow", lambda *_: None)
    monkeypatch.setattr(window.cv2, "destroyWindow", lambda *_: None)
    monkeypatch.setattr(window.cv2, "getWindowProperty", lambda *_: 1)
    monkeypatch.setattr(window.cv2, "imshow", lambda _, bgr: shown.append(bgr))
    monkeypatch.setattr(window.cv2, "waitKey", lambda _: {".": -1}.get(key := next(keys), ord(key)))
    assert run("segment", "--input=camera:0", "--output=window", LITE) == 0
    assert len(shown) == 12 and "keys: b background" in capsys.readouterr().out
    (recorded,) = tmp_path.glob("pnet-*.mp4")
    with video.read(recorded) as clip:
        assert len(list(clip)) >= 1


def test_no_window_in_this_opencv(two_cameras, monkeypatch, capsys):
    def none(*_):
        raise window.cv2.error("not implemented")

    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(window.cv2, "namedWindow", none)
    assert "pip install opencv-python" in fails(capsys, "segment", "--input=camera:0", "--output=window", LITE)
