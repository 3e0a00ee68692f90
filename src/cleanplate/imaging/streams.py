"""Video clips in: frame after frame, whatever the file is like."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cleanplate.errors import InputError, UsageError
from cleanplate.imaging import Image
from cleanplate.imaging.arrays import Picture, check_size
from cleanplate.imaging.clock import Clock
from cleanplate.imaging.demux import EMPTY, Reading, opened
from cleanplate.imaging.files import word_of
from cleanplate.imaging.frames import FrameConverter, shown_size, transfer_of

if TYPE_CHECKING:
    import av

CLIP_SUFFIXES = frozenset(
    {".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf", ".ogv", ".ts"}
    | {".webm", ".wmv"}
)
"""Names of files that are taken for clips (compared in lower case)."""

_SAME_ASPECT = 0.01
_WIDEST_PIXEL = 4


@dataclass(frozen=True)
class ClipInfo:
    """What a clip says about itself.

    `size_hw` is the size of its frames as shown: upright, with square pixels; `rate` the mean number of frames a
    second; `num_frames` and `duration_s` are by the container and may be wrong, None where it does not say; `bits` is
    the depth of a stored sample; `start_s` the first frame's time on the file's own clock, which its sound shares.
    """

    size_hw: tuple[int, int]
    rate: Fraction
    num_frames: int | None
    duration_s: float | None
    has_audio: bool
    hdr: bool
    bits: int
    start_s: float


class Frame(NamedTuple):
    """One frame: its number and time (both 0 for the first), and its picture.

    `bridged`: the frame itself is broken or lost, and the picture is that of the last good one.
    """

    index: int  # pyright: ignore[reportIncompatibleMethodOverride] - tuple.index is not missed
    time_s: float
    picture: Picture
    bridged: bool

    @property
    def rgb(self) -> Image:
        """The picture's colours (h, w, 3) float32 in [0, 1]."""
        return self.picture.rgb


class Clip:
    """A clip that can be read from its start any number of times: `open_clip` gives one.

    `path` is its file, `info` what it says about itself; `notices` are sentences for the user, each naming the file;
    reading its frames adds to them.
    """

    def __init__(self, path: Path, info: ClipInfo, pixel_aspect: Fraction) -> None:
        self.info = info
        self.notices: list[str] = []
        self.path = path
        self._pixel_aspect = pixel_aspect
        self._told: set[str] = set()

    def frames(self, first: int = 0, every: int = 1) -> Iterator[Frame]:
        """Read the frames in the order they are shown; times rise strictly, and memory does not grow with the clip.

        Frames of another size but the same shape are scaled to the first one's.

        Args:
            first: how many to leave out; they are decoded, but not converted.
            every: of the others only those are given whose number is a multiple of this, which is at least 1.

        Raises:
            InputError: the shape changes midway. UsageError: `every` is less than 1.

        """
        if every < 1:
            raise UsageError(f"{self.path}: every is {every}; give a whole number of at least 1")
        index = 0
        with opened(self.path) as reading:
            converter = FrameConverter(str(self.path))
            for time_s, frame, bridged in self._in_time(reading):
                if index >= first and index % every == 0:
                    pixels = converter.pixels(frame, self.info.size_hw)
                    yield Frame(index, time_s, Picture(pixels, None, bits=8), bridged)
                index += 1

    def _in_time(self, reading: Reading) -> "Iterator[tuple[float, av.VideoFrame, bool]]":
        """Every frame's time from the first one's and the frame; where True follows, an earlier one in its stead."""
        good: av.VideoFrame | None = None
        lost_s: list[float] = []  # times of those that have not come since the last good one
        step_s = 1 / float(self.info.rate)
        clock, end_s, num_bridged = Clock(self.info.start_s, step_s), 0.0, 0
        for stored_s, frame in reading.frames():
            time_s = clock.after(stored_s)
            if clock.slipped:
                self._tell_times()
            if frame is None:
                lost_s.append(time_s)
                continue
            self._check_shape(frame, time_s)
            if good is not None:
                num_bridged += len(lost_s)
                yield from ((bridged_s, good, True) for bridged_s in lost_s)
            lost_s.clear()
            good, end_s = frame, time_s + step_s
            yield time_s, frame, False
        if reading.breaks_off():
            length_s = self.info.duration_s
            of = f" of {length_s:.2f}" if length_s and length_s > end_s else ""
            self._tell("end", f"breaks off after {end_s:.2f}{of} seconds; what is there is used")
        elif good is not None:
            num_bridged += len(lost_s)
            yield from ((bridged_s, good, True) for bridged_s in lost_s)
        if num_bridged:
            what = "1 frame is" if num_bridged == 1 else f"{num_bridged} frames are"
            self._tell("bridged", f"{what} broken; the last good picture stands in; copy it again to have all")

    def _check_shape(self, frame: "av.VideoFrame", time_s: float) -> None:
        (height, width), wanted = shown_size(frame, self._pixel_aspect), self.info.size_hw
        if (height, width) == wanted:
            return
        change = f"from second {time_s:.2f} on its frames have {width} x {height} pixels, not {wanted[1]} x {wanted[0]}"
        if abs(width * wanted[0] / (height * wanted[1]) - 1) > _SAME_ASPECT:
            raise InputError(f"{self.path}: {change}; cut it there and give the parts one by one")
        self._tell("size", f"{change}; they are scaled to that")

    def tell_first(self, first: "av.VideoFrame", num_left_out: int, *, timeless: bool) -> None:
        """Add what is to be said at once, by the first good frame and how many broken ones come before it."""
        if num_left_out:
            what = "frame is" if num_left_out == 1 else f"{num_left_out} frames are"
            self._tell("start", f"its first {what} broken and left out; copy it again to have all")
        if transfer_of(first):
            self._tell("hdr", f"is HDR ({transfer_of(first)}); it is mapped to sRGB, bright light is rolled off")
        if first.interlaced_frame:
            self._tell("interlaced", "is interlaced, so moving edges are combed; deinterlace it first for clean ones")
        if timeless:
            self._tell_times()

    def _tell_times(self) -> None:
        rate = f"{float(self.info.rate):g} frames a second"
        what = "some of its frames have no time, or one that does not increase"
        self._tell("times", f"{what}; each comes right after the frame before it, or at {rate}")

    def _tell(self, kind: str, sentence: str) -> None:
        """Add a notice, once a kind: a clip may be read several times, and change more than once."""
        if kind not in self._told:
            self._told.add(kind)
            self.notices.append(f"{self.path}: {sentence}")


def open_clip(path: str | os.PathLike[str]) -> Clip:
    """Open a video and look at its first frame.

    Raises:
        InputError: one sentence that names the file, where it is missing, no clip, without pictures or frames, or of a
            size that is not worked on.
        MissingExtraError: PyAV is not installed.

    """
    path = Path(word_of(path, "clip", "a file's name"))
    with opened(path) as reading:
        stored_s, frame = next(reading.frames(), (None, None))
        if frame is None:
            broken = "none of its frames can be decoded; copy it again from where it came, or name another"
            raise InputError(f"{path}: {broken if reading.num_left_out else EMPTY}")
        pixel_aspect = _pixel_aspect(reading.stream)
        info = _info(reading, frame, pixel_aspect, stored_s or 0.0)
        check_size(info.size_hw, str(path))
        clip = Clip(path, info, pixel_aspect)
        clip.tell_first(frame, reading.num_left_out, timeless=stored_s is None)
        return clip


def _info(reading: Reading, first: "av.VideoFrame", pixel_aspect: Fraction, start_s: float) -> ClipInfo:
    return ClipInfo(
        size_hw=shown_size(first, pixel_aspect),
        rate=reading.rate,
        num_frames=reading.num_frames(),
        duration_s=reading.length_s(),
        has_audio=bool(reading.container.streams.audio),
        hdr=transfer_of(first) is not None,
        bits=first.format.components[0].bits,
        start_s=start_s,
    )


def _pixel_aspect(stream: "av.VideoStream") -> Fraction:
    aspect = stream.sample_aspect_ratio or Fraction(1)
    return aspect if Fraction(1, _WIDEST_PIXEL) <= aspect <= _WIDEST_PIXEL else Fraction(1)
