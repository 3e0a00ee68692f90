"""Tiny clips of every kind, made on the spot."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from cleanplate.imaging import Image
from cleanplate.imaging.arrays import to_uint

RATE = 25


ClipMaker = Callable[..., Path]
"""What `make_clip` gives."""


def scene(number: int, height: int = 48, width: int = 64) -> Image:
    """A smooth picture (height, width, 3) that differs from frame to frame: blue rises by 0.05, from 0.2."""
    down, across = np.mgrid[:height, :width].astype(np.float32)
    blue = np.full_like(down, 0.2 + 0.05 * number)
    return np.stack([0.1 + 0.8 * across / width, 0.1 + 0.8 * down / height, blue], -1)


@pytest.fixture
def make_clip(tmp_path: Path) -> ClipMaker:
    """Write a clip of `frames` (a number of scenes, or the frames themselves) at `rate` a second and return its path.

    `times` are the frames' numbers on the clock, `turned_by` degrees counter-clockwise; a tone of `tone_s` seconds is
    added as sound, alone where there are no frames, with nothing between the seconds `hole_s`.
    """

    def make(
        name: str,
        frames: int | Sequence[av.VideoFrame | NDArray[np.uint8]] = 10,
        *,
        codec: str = "libx264",
        pixels: str = "yuv420p",
        times: Sequence[int] | None = None,
        rate: int = RATE,
        turned_by: int = 0,
        pixel_aspect: Fraction = Fraction(1),
        options: dict[str, str] | None = None,
        tone_s: float = 0.0,
        audio: str = "aac",
        hole_s: tuple[float, float] = (0.0, 0.0),
    ) -> Path:
        path = tmp_path / name
        pictures = [to_uint(scene(number), 8) for number in range(frames)] if isinstance(frames, int) else frames
        shots = [av.VideoFrame.from_ndarray(one) if isinstance(one, np.ndarray) else one for one in pictures]
        package: Any = av
        early_index = {"movflags": "faststart"} if path.suffix in {".mp4", ".mov"} else {}
        with package.open(path, "w", options=early_index) as file:
            stream: Any = None
            if codec:
                stream = file.add_stream(codec, rate=rate, pix_fmt=pixels, options=options or {})
                stream.gop_size = 6
                stream.width, stream.height = (shots[0].width, shots[0].height) if shots else (64, 48)
                stream.codec_context.sample_aspect_ratio = pixel_aspect
                if shots and shots[0].format.name == pixels:
                    for tag in ("colorspace", "color_range", "color_trc", "color_primaries"):
                        setattr(stream.codec_context, tag, getattr(shots[0], tag))
                if turned_by:
                    stream.set_display_rotation(turned_by)
            sound: Any = file.add_stream(audio, rate=48000, layout="stereo") if tone_s else None
            file.start_encoding()
            for time, shot in zip(times or range(len(shots)), shots, strict=True):
                shot.pts, shot.time_base = time, Fraction(1, rate)
                file.mux(stream.encode(shot))
            if codec:
                file.mux(stream.encode())
            for frame in _tone(tone_s, hole_s):
                file.mux(sound.encode(frame))
            if tone_s:
                file.mux(sound.encode())
        return path

    return make


def _tone(seconds: float, hole_s: tuple[float, float]) -> list[av.AudioFrame]:
    waves = np.sin(np.arange(round(seconds * 48000)) * 0.05).astype(np.float32) * 0.1
    frames: list[av.AudioFrame] = []
    starts = (start for start in range(0, len(waves), 960) if not hole_s[0] <= start / 48000 < hole_s[1])
    for start in starts:
        part = np.tile(waves[start : start + 960], (2, 1))
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        frames.append(frame)
    return frames


def damage(path: Path, number: int) -> None:
    """Wipe what the file holds of the frame that is stored as the given one."""
    data = bytearray(path.read_bytes())
    with av.open(path) as file:
        stored = [bytes(packet) for packet in file.demux(video=0) if packet.size][number]
    at = data.find(stored)
    data[at : at + len(stored)] = bytes(len(stored))
    path.write_bytes(data)
