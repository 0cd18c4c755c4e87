"""A clip that FFmpeg reads: rotation and interlacing undone, damaged frames stood for by the frame before."""

import dataclasses
import fractions
import pathlib
import weakref
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np

from pnet_tf.errors import InputError
from pnet_tf.video import reader
from pnet_tf.video.reader import Frame

HIGH_DEFINITION = 720
"""Height from which a clip that does not say so has BT.709's colours, as players take it."""

_TURNS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}
_SPECIFIED = (1, 4, 5, 6, 7, 9)
"""FFmpeg's numbers of the matrices that its conversions know: BT.709, FCC, two of BT.601, SMPTE 240M, BT.2020."""


@dataclasses.dataclass(frozen=True)
class Colours:
    """How frames become RGB and RGB frames again: FFmpeg's numbers of matrix and range (1 narrow, 2 full)."""

    matrix: int
    range: int


class Container:
    """See `reader.Clip`."""

    def __init__(self, path: pathlib.Path):
        """Opens the file; raises InputError for what FFmpeg cannot read, or has no pictures."""
        self._av = reader.av()
        self.path = path
        try:
            self._file = self._av.open(str(path), metadata_errors="replace")
        except (self._av.error.FFmpegError, OSError):
            raise InputError(f"{path}: no clip that FFmpeg reads, or it is truncated; replace it") from None
        self._pieces, self._come_to_rest = None, lambda: None
        try:
            self._look_into()
        except BaseException:
            self.close()
            raise

    def _look_into(self) -> None:
        """What the file says of itself and its first frame."""
        videos = [one for one in self._file.streams.video if not one.disposition & one.disposition.attached_pic]
        if not videos:
            raise InputError(f"{self.path}: has no picture, only sound")
        # A damaged header, or a codec that this FFmpeg was built without.
        self._video = next((one for one in videos if one.codec_context), None)
        if self._video is None:
            raise InputError(f"{self.path}: its pictures are of a kind that this FFmpeg does not know")
        self._video.thread_type = "AUTO"
        self._decoder = self._video
        if self._video.metadata.get("alpha_mode") == "1":  # FFmpeg's own VP8 and VP9 leave the opacity out
            self._decoder = self._av.CodecContext.create(f"libvpx{'-vp9' * (self._codec == 'vp9')}", "r")
        # PyAV frees a decoder with Python's lock in its hand, and one of the decoder's threads that then wants the lock
        # waits for ever. Flushing lets the lock go and ends the threads' work; at the interpreter's end, too.
        context = self._video.codec_context if self._decoder is self._video else self._decoder
        self._come_to_rest = weakref.finalize(self, context.flush_buffers)
        self.sound = next((one for one in self._file.streams.audio if one.codec_context), None)
        others = [one.type or "unknown" for one in self._file.streams if one not in (self._video, self.sound)]
        self.left_out = tuple(others)
        self.taken: str | None = self._file.metadata.get("creation_time")
        self.rate: fractions.Fraction | None = self._video.average_rate or self._video.guessed_rate
        self.time_base = self._video.time_base
        self.frames: int | None = self._video.frames or None
        self.estimate: int | None = self.frames or self._estimated()
        self.damaged = 0
        self._begin()

    @property
    def _codec(self) -> str:
        return self._video.codec_context.name

    def _estimated(self) -> int | None:
        if not self._file.duration or not self.rate:
            return None
        return max(1, round(self._file.duration / self._av.time_base * self.rate))

    def _begin(self) -> None:
        """Decodes the first frame, which says how the clip lies and what its colours are."""
        self._pieces = self._decoded()
        sound: tuple[Any, ...] = ()
        for frame, before in self._pieces:
            sound += before
            if frame is not None:  # nothing can stand for damaged frames before it
                break
        else:
            raise InputError(f"{self.path}: no frame in it can be decoded; replace it")
        self._first = frame, sound
        matrix = frame.colorspace if frame.colorspace in _SPECIFIED else 1 if frame.height >= HIGH_DEFINITION else 5
        self.colours = Colours(int(matrix), 2 if frame.color_range == 2 else 1)
        self._turn = _TURNS.get(round(frame.rotation) % 360)
        turned = self._turn in (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_90_COUNTERCLOCKWISE)
        self.width, self.height = (frame.height, frame.width)[:: 1 if turned else -1]

    def _decoded(self) -> Iterator[tuple[Any, tuple[Any, ...]]]:
        """(frame or None where one is damaged, the sound before it), in order of presentation."""
        av = self._av
        sound: list[Any] = []
        streams = [self._video] + ([self.sound] if self.sound else [])
        packets = self._file.demux(*streams)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                break
            except (av.error.FFmpegError, OSError):  # the file ends in the middle of a packet
                self.damaged += 1
                break
            if packet.stream is not self._video:
                if packet.dts is not None:
                    sound.append(packet)
                continue
            try:
                frames = packet.decode() if self._decoder is self._video else self._decoder.decode(packet)
            except (av.error.FFmpegError, OSError):
                self.damaged += 1
                yield None, tuple(sound)
                sound = []
                continue
            for frame in frames:
                yield frame, tuple(sound)
                sound = []
        if sound:
            yield None, tuple(sound)

    def __iter__(self) -> Iterator[Frame]:
        """The frames; a damaged one is the frame before once more. `Frame.sound` of the last has what follows it."""
        step = max(1, round(1 / (self.rate * self.time_base))) if self.rate else 1
        last: Frame | None = None
        carried: tuple[Any, ...] = ()
        for raw, sound in self._progressive():
            carried += sound
            if raw is None:
                continue
            pts = raw.pts if raw.pts is not None else (last.pts + step if last else 0)
            if last is not None and pts <= last.pts:  # a damaged file's clock; players drop such a frame
                continue
            while last is not None and self.damaged and 2 * (pts - last.pts) > 3 * step:
                yield last
                last = dataclasses.replace(last, pts=last.pts + step, sound=())
            if last is not None:
                yield last
            if raw.is_corrupt and last is not None:
                self.damaged += 1
                last = dataclasses.replace(last, pts=pts, sound=carried)
            else:
                last = Frame(self._upright(raw), pts, self._opacity(raw), carried)
            carried = ()
        if last is not None:
            yield dataclasses.replace(last, sound=last.sound + carried)

    def _progressive(self) -> Iterator[tuple[Any, tuple[Any, ...]]]:
        """What is decoded, from the first interlaced frame on through FFmpeg's yadif."""
        graph = None
        for raw, sound in self._every_piece():
            if raw is not None and graph is None and raw.interlaced_frame:
                graph = self._deinterlacer(raw)
            if graph is None or raw is None:
                yield raw, sound
                continue
            graph.push(raw)
            yield None, sound
            yield from ((frame, ()) for frame in _pulled(graph))
        if graph is not None:
            graph.push(None)
            yield from ((frame, ()) for frame in _pulled(graph))

    def _deinterlacer(self, frame: Any) -> Any:
        graph = self._av.filter.Graph()
        source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=self.time_base)
        graph.link_nodes(source, graph.add("yadif", "mode=send_frame:deint=all"), graph.add("buffersink")).configure()
        return graph

    def _every_piece(self) -> Iterator[tuple[Any, tuple[Any, ...]]]:
        if self._first is not None:
            yield self._first
            self._first = None
        yield from self._pieces

    def _upright(self, frame: Any) -> np.ndarray:
        rgb = frame.to_ndarray(
            format="rgb24", src_colorspace=self.colours.matrix, src_color_range=self.colours.range, dst_color_range=2
        )
        return np.ascontiguousarray(rgb if self._turn is None else cv2.rotate(rgb, self._turn))

    def _opacity(self, frame: Any) -> np.ndarray | None:
        if not any(component.is_alpha for component in frame.format.components):
            return None
        alpha = frame.to_ndarray(format="rgba")[..., 3]
        alpha = alpha if self._turn is None else cv2.rotate(alpha, self._turn)
        return None if alpha.min() == 255 else np.ascontiguousarray(alpha)

    def close(self) -> None:
        """Closes the file."""
        if self._pieces:
            self._pieces.close()
        self._come_to_rest()
        self._pieces = self._first = self._video = self._decoder = self.sound = None
        self._file.close()

    def __enter__(self) -> "Container":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _pulled(graph: Any) -> Iterator[Any]:
    while True:
        try:
            yield graph.pull()
        except (BlockingIOError, EOFError):  # wants another frame first
            return
