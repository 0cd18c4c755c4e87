"""pnet-segment on a camera: into a window, a virtual camera or a clip, latency first."""

import contextlib
import dataclasses
import fractions
import itertools
import pathlib
import sys
import time
from typing import Any

import numpy as np

from pnet_tf.errors import InputError
from pnet_tf.runtime import shipped
from pnet_tf.runtime.network import TFLiteNetwork
from pnet_tf.runtime.segmenter import Segmenter
from pnet_tf.video import camera, reader, virtual, writer
from pnet_tf.video.live import Live
from pnet_tf.video.window import Window
from pnet_tf_tools import cli, clips

WINDOW, VIRTUAL = "window", "virtual-camera"
KEYS = "keys: b background, m model, f mirror, r record, q quit"
BACKGROUNDS = ("blur", np.array([0, 177, 64], np.uint8))
"""What the key b shows in turn, after what --background named."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """What the flags say of a camera."""

    camera: str
    output: str | None
    model: str
    steady: str
    mirror: bool
    overwrite: bool


def list_cameras() -> None:
    """Prints the cameras; raises InputError if there is none."""
    found = camera.cameras()
    if not found:
        raise InputError("--list_cameras: no camera is there")
    for number, name in found.items():
        print(f"camera:{number}  {name}")


class Recording:
    """A clip of what is shown, timed by the clock; a context manager that leaves a whole file, also after Ctrl-C."""

    def __init__(self, path: pathlib.Path, rate: float):
        self._path, self._rate, self._writer, self._began = path, rate, None, 0.0

    def write(self, picture: np.ndarray) -> None:
        now = time.monotonic()
        if self._writer is None:
            height, width = picture.shape[:2]
            rate = fractions.Fraction(self._rate).limit_denominator(1001)
            self._writer = writer.Writer(
                self._path, width, height, reader.MILLISECONDS, rate, opacity=picture.shape[2] == 4
            )
            self._began, self._last = now, -1
        pts = round(1000 * (now - self._began))
        if pts > self._last:
            self._writer.write(picture, pts)
            self._last = pts

    def __enter__(self) -> "Recording":
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer:
            self._writer.__exit__(None, None, None)


class Shown:
    """What is shown of a camera's frames, and what keys change of it."""

    def __init__(self, settings: Settings, segmenter: Segmenter, background: Any):
        self._settings, self._segmenter, self.mirrored = settings, segmenter, settings.mirror
        self._backgrounds = itertools.cycle([clips.background(background), *BACKGROUNDS])
        self._models = itertools.cycle([one for one in shipped.names() if one != settings.model] + [settings.model])
        self._background = next(self._backgrounds)
        self._begin()

    def _begin(self) -> None:
        self._live = Live(self._segmenter, self._background, self._settings.steady)

    def __call__(self, rgb: np.ndarray, seconds: float) -> np.ndarray:
        return self._live(np.ascontiguousarray(rgb[:, ::-1]) if self.mirrored else rgb, seconds)

    def press(self, key: str) -> None:
        """Does what a key says; keys without a meaning do nothing."""
        if key == "f":
            self.mirrored = not self.mirrored
        elif key == "b":
            self._background = next(self._backgrounds)
        elif key == "m":
            self._segmenter = self._segmenter.like(TFLiteNetwork(shipped.find(next(self._models)), 2))
        if key in ("f", "b", "m"):
            self._begin()


def _in_window(source: camera.Camera, shown: Shown) -> int:
    print(KEYS)
    with Window("pnet-segment") as window, contextlib.ExitStack() as recordings:
        recording, began, count = None, time.monotonic(), 0
        for rgb in source:
            count += 1
            picture = shown(rgb, time.monotonic() - began)
            if recording:
                recording.write(picture)
            key = window.show(picture[..., :3])
            if key == "r" and recording:
                recordings.pop_all().close()
                recording = None
            elif key == "r":
                path = pathlib.Path(time.strftime("pnet-%Y%m%d-%H%M%S.mp4"))
                print(path)
                recording = recordings.enter_context(Recording(path, source.rate))
            elif key == "q":
                break
            shown.press(key)
    return count


def _elsewhere(source: camera.Camera, shown: Shown, settings: Settings) -> int:
    began, count = time.monotonic(), 0
    with contextlib.ExitStack() as stack:
        if settings.output == VIRTUAL:
            device = stack.enter_context(virtual.VirtualCamera(source.width, source.height, source.rate))
            print(f"{device.name}: shows the picture until Ctrl-C")
            if virtual.hint():
                print(virtual.hint(), file=sys.stderr)
            show = device.show
        else:
            show = stack.enter_context(Recording(pathlib.Path(settings.output), source.rate)).write
            print("recording until Ctrl-C")
        try:
            for rgb in source:
                show(shown(rgb, time.monotonic() - began))
                count += 1
        except KeyboardInterrupt:
            pass
    return count


def run(settings: Settings, segmenter: Segmenter, background: Any) -> None:
    """Shows a camera as the flags say, until the user ends it; tells the frames a second and those dropped."""
    transparent = isinstance(background, str) and background == "transparent"
    if settings.output in (None, "-"):
        raise InputError(f"--output: of a camera {WINDOW}, {VIRTUAL} or a clip such as call.mp4")
    if settings.output not in (WINDOW, VIRTUAL):
        writer.require_suffix(settings.output, transparent)
        cli.refuse_existing(settings.output, settings.overwrite)
    elif transparent:
        raise InputError(f"--background=transparent: {settings.output} shows no transparency; name another")
    cli.keep_freed_memory()
    shown = Shown(settings, segmenter, background)
    with camera.Camera(settings.camera) as source:
        began = time.monotonic()
        in_window = settings.output == WINDOW
        count = _in_window(source, shown) if in_window else _elsewhere(source, shown, settings)
        speed = count / max(time.monotonic() - began, 1e-6)
        print(f"{count} frames, {speed:.1f} a second, {source.dropped} that came too fast were dropped")
