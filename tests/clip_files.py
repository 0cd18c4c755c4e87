"""Clips made for tests: red above blue, a white bar that moves, and a tone."""

import fractions
import pathlib

import numpy as np

RATE, SOUND_RATE = 25, 44_100
RED, BLUE = np.array([200, 40, 40]), np.array([20, 40, 200])


def picture(index: int, height: int = 64, width: int = 96) -> np.ndarray:
    """(height, width, 3) uint8 of the frame `index`."""
    rgb = np.empty((height, width, 3), np.uint8)
    rgb[: height // 2], rgb[height // 2 :] = RED, BLUE
    rgb[:, (3 * index) % width] = 255
    return rgb


def _sound(av, stream, index: int):
    samples = SOUND_RATE // RATE
    wave = np.sin((np.arange(samples) + index * samples) / 20) * 8000
    frame = av.AudioFrame.from_ndarray(wave.astype(np.int16)[None], format="s16", layout="mono")
    frame.rate, frame.pts, frame.time_base = SOUND_RATE, index * samples, fractions.Fraction(1, SOUND_RATE)
    return stream.encode(frame)


def write(
    path: pathlib.Path,
    frames: int = 25,
    size: tuple[int, int] = (64, 96),
    codec: str = "libx264",
    pixels: str = "yuv420p",
    times: list[int] | None = None,
    rotation: int | None = None,
    sound: str | None = "aac",
    options: dict[str, str] | None = None,
    metadata: dict[str, str] | None = None,
    second_sound: bool = False,
) -> pathlib.Path:
    """Writes a clip; `times` in milliseconds, every 40 by default."""
    import av

    with av.open(str(path), "w") as file:
        video = file.add_stream(codec, rate=RATE, options=options or {})
        video.height, video.width = size
        video.pix_fmt, video.codec_context.time_base = pixels, fractions.Fraction(1, 1000)
        if rotation is not None:
            video.set_display_rotation(rotation)
        file.metadata.update(metadata or {})
        tones = [file.add_stream(sound, rate=SOUND_RATE) for _ in range(1 + second_sound)] if sound else []
        for tone in tones:
            tone.layout = "mono"
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(index, *size), format="rgb24").reformat(format=pixels)
            frame.pts, frame.time_base = times[index] if times else 40 * index, fractions.Fraction(1, 1000)
            file.mux(video.encode(frame))
            for tone in tones:
                file.mux(_sound(av, tone, index))
        for stream in (video, *tones):
            file.mux(stream.encode(None))
    return path
