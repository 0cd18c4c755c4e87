"""Frames to disk: a clip that browsers and phones play, with its times and its sound, or a folder of pictures."""

import contextlib
import fractions
import pathlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from pnet_tf import files
from pnet_tf.errors import InputError
from pnet_tf.pictures import writer as pictures
from pnet_tf.video import reader
from pnet_tf.video.container import Colours

HIGH_DEFINITION = Colours(1, 1)
"""BT.709, narrow range."""

H264, VP9, PRORES = "libx264", "libvpx-vp9", "prores_ks"

SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv", ".webm")
"""Of clips that are written."""

WITH_OPACITY = {".webm": (VP9, "yuva420p"), ".mov": (PRORES, "yuva444p10le")}
"""Suffix → codec and pixel format that keep opacity."""

_OPTIONS = {
    # Visually lossless for what follows a network of 224 pixels; the fast start lets a page play while it loads.
    H264: {"crf": "18", "preset": "veryfast"},
    VP9: {"crf": "24", "b": "0", "deadline": "realtime", "cpu-used": "7", "row-mt": "1", "auto-alt-ref": "0"},
    PRORES: {"profile": "4444"},
}

_SOUND = {
    ".webm": ({"opus", "vorbis"}, "libopus", 48_000),
    ".mkv": (None, "aac", None),
    ".mov": ({"aac", "mp3", "ac3", "alac", "pcm_s16le", "pcm_s24le", "pcm_f32le"}, "aac", None),
    ".mp4": ({"aac", "mp3", "ac3", "eac3", "opus", "flac"}, "aac", None),
}
"""Suffix → codecs of sound that are copied as they are (None: all), and what others become, at which rate."""


def require_suffix(path: str | pathlib.Path, opacity: bool) -> None:
    """Raises InputError if a clip cannot be written under that name, or not with its opacity."""
    suffix = pathlib.Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(f"{path}: clips end with {', '.join(SUFFIXES)}; a folder takes their frames as PNG")
    if opacity and suffix not in WITH_OPACITY:
        kinds = ", ".join(WITH_OPACITY)
        raise InputError(f"{path}: {suffix} has no transparency; use {kinds} or a folder, or name a --background")


class Writer:
    """Writes a clip; a context manager. The file has its name when the block is left without an exception."""

    def __init__(
        self,
        path: str | pathlib.Path,
        width: int,
        height: int,
        time_base: fractions.Fraction,
        rate: fractions.Fraction | None = None,
        opacity: bool = False,
        sound: Any = None,
        colours: Colours = HIGH_DEFINITION,
        taken: str | None = None,
    ):
        """Takes what the clip is to be.

        Args:
          path: its suffix is one of `SUFFIXES`.
          width, height: of the frames, pixels; an odd side of H.264's gets one column or row more, which repeats the
            last.
          time_base: seconds in a unit of the frames' times.
          rate: frames a second, for players that ask; times are what counts.
          opacity: frames have four channels.
          sound: the stream (PyAV) that the packets come from; copied where the file takes it, otherwise coded anew.
          colours: as the frames' source had them.
          taken: when, kept in the file; the place where it was is not.

        Raises:
          InputError: a name that `require_suffix` refuses, a place that cannot be written.
        """
        require_suffix(path, opacity)
        self._av = reader.av()
        self.path = pathlib.Path(path)
        suffix = self.path.suffix.lower()
        codec = VP9 if suffix == ".webm" else H264
        codec, pixels = WITH_OPACITY[suffix] if opacity else (codec, "yuv420p")
        self._source, self._time_base, self._opacity = "rgba" if opacity else "rgb24", time_base, opacity
        self._colours = colours
        self._odd = (height % 2, width % 2) if pixels.endswith("420p") else (0, 0)
        self._replacing = files.replacing(self.path)
        self._temporary = self._replacing.__enter__()
        try:
            options = {"movflags": "faststart"} if suffix in (".mp4", ".m4v", ".mov") else {}
            self._file = self._av.open(str(self._temporary), "w", options=options)
            if taken:
                self._file.metadata["creation_time"] = taken
            self._video = self._file.add_stream(codec, rate=rate or 30, options=_OPTIONS[codec])
            self._video.width, self._video.height = width + self._odd[1], height + self._odd[0]
            self._video.pix_fmt = pixels
            self._video.codec_context.time_base = time_base
            self._video.time_base = time_base
            self._video.codec_context.colorspace = colours.matrix
            self._video.codec_context.color_range = 1
            self._sound = _Sound(self._av, self._file, sound, suffix) if sound else None
        except BaseException as error:
            self._replacing.__exit__(type(error), error, error.__traceback__)
            raise

    @property
    def sound_coded_anew(self) -> bool:
        """Whether the file does not take the sound as it is."""
        return bool(self._sound) and not self._sound.copied

    @property
    def sound_left_out(self) -> int:
        """Pieces of sound so far that are damaged, or whose time lies before their predecessor's."""
        return self._sound.left_out if self._sound else 0

    def write(self, picture: np.ndarray, pts: int, sound: Iterable[Any] = ()) -> None:
        """Writes the next frame, (h, w, 3) or (h, w, 4) uint8, at its time, and the sound around it."""
        if any(self._odd):
            picture = np.pad(picture, ((0, self._odd[0]), (0, self._odd[1]), (0, 0)), mode="edge")
        frame = self._av.VideoFrame.from_ndarray(picture, format=self._source)
        frame = frame.reformat(
            format=self._video.pix_fmt, dst_colorspace=self._colours.matrix, src_color_range=2, dst_color_range=1
        )
        frame.pts, frame.time_base = pts, self._time_base
        with self._told():
            for packet in sound if self._sound else ():
                self._sound.write(packet)
            self._file.mux(self._video.encode(frame))

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Makes one line of what FFmpeg refuses; a full disk is an OSError, which `files.replacing` tells."""
        try:
            yield
        except OSError:
            raise
        except self._av.error.FFmpegError as error:
            raise InputError(f"{self.path}: FFmpeg cannot write it ({error.strerror}); try another suffix") from None

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        """Ends the file, or leaves nothing after an exception."""
        try:
            if kind is None:
                with self._told():
                    self._file.mux(self._video.encode(None))
                    if self._sound:
                        self._sound.end()
        except BaseException as failure:
            kind, error, trace = type(failure), failure, failure.__traceback__
            raise
        finally:
            self._file.close()
            if not self._replacing.__exit__(kind, error, trace) and kind is not None and error is None:
                raise kind


class _Sound:
    """The clip's sound on its way into another file."""

    def __init__(self, av: Any, file: Any, source: Any, suffix: str):
        copied, codec, rate = _SOUND.get(suffix, _SOUND[".mp4"])
        self._file, self._av = file, av
        self.left_out, self._latest = 0, None
        self.copied = copied is None or source.codec_context.name in copied
        if self.copied:
            self._stream = file.add_stream_from_template(source)
            return
        self._stream = file.add_stream(codec, rate=rate or source.codec_context.sample_rate)
        self._stream.layout = source.codec_context.layout

    def write(self, packet: Any) -> None:
        """Takes a packet of the source; what is damaged, or goes back in time, is counted and left out."""
        if self.copied:
            if self._goes_on(packet.dts):
                packet.stream = self._stream
                self._file.mux(packet)
            return
        try:
            frames = packet.decode()
        except self._av.error.FFmpegError:
            self.left_out += 1
            return
        for frame in frames:
            if self._goes_on(frame.pts):
                self._file.mux(self._stream.encode(frame))

    def _goes_on(self, time: int | None) -> bool:
        if time is None or (self._latest is not None and time <= self._latest):
            self.left_out += 1
            return False
        self._latest = time
        return True

    def end(self) -> None:
        """Writes what the encoder still holds."""
        if not self.copied:
            self._file.mux(self._stream.encode(None))


class Folder:
    """Frames as PNG files 000001.png, 000002.png … in a folder; a context manager like `Writer`, without sound.

    The frames have their place when the block is left without an exception, those of an earlier clip are gone then.
    """

    def __init__(self, path: str | pathlib.Path):
        """Takes the folder, which is made; raises InputError for a place that cannot be written."""
        self.path, self._count = pathlib.Path(path), 0
        self._made = not self.path.exists()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._temporary = pathlib.Path(tempfile.mkdtemp(dir=self.path, prefix=".frames-"))
        except OSError as error:
            raise InputError(f"{path}: cannot be written ({error.strerror}); choose another place") from None

    def write(self, picture: np.ndarray, pts: int, sound: Iterable[Any] = ()) -> None:
        """Writes the next frame; a folder has neither times nor sound."""
        self._count += 1
        pictures.write(self._temporary / f"{self._count:06d}.png", picture)

    def __enter__(self) -> "Folder":
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        """Moves the frames to their place, or leaves nothing of them after an exception."""
        try:
            if kind is None:
                for old in self.path.glob("[0-9]" * 6 + ".png"):
                    old.unlink()
                for frame in self._temporary.iterdir():
                    frame.rename(self.path / frame.name)
        finally:
            shutil.rmtree(self._temporary)
            if kind is not None and self._made:
                self.path.rmdir()
