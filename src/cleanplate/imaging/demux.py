"""From a clip's file to its decoded frames in the order they are shown, with what is lost or broken among them."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from fractions import Fraction
from heapq import heappop, heappush
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cleanplate.errors import InputError
from cleanplate.imaging.decoding import check_file
from cleanplate.imaging.frames import load_av

if TYPE_CHECKING:
    import av

# Without the list a picture or a text would be opened as a clip, too, and a play list would fetch what it names.
_CONTAINERS = "mov,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,flv,ogg,asf,mxf,h264,hevc,ivf,yuv4mpegpipe"
_OPEN_OPTIONS = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}
_DROP_SILENTLY = frozenset({"hevc"})
"""Decoders that leave out, without a word, frames that build on what is missing; each packet holds one frame."""

_USUAL_RATE, _MAX_RATE = Fraction(25), 1000  # 1000 is what files say whose clock counts milliseconds
_SHORT_BY_FRAMES, _SHORT_BY_S = 3, 0.1
_ATTACHED_PICTURE = 0x400  # the cover of an album
_MICROSECONDS = 1_000_000

EMPTY = "has no frames, or is cut off before the first; copy it again from where it came, or name another"
_UNREADABLE = "is no video that can be read, or is cut off; give an MP4, MOV, MKV, WebM or AVI, or copy it again"


class Reading:
    """One pass through a clip's file; `rate` is its mean number of frames a second.

    `num_left_out` counts broken frames before the first good one.
    """

    def __init__(self, container: Any, stream: "av.VideoStream", error: type[Exception]) -> None:
        self.container = container
        self.stream = stream
        rates = (rate for rate in (stream.average_rate, stream.guessed_rate) if rate and 0 < rate < _MAX_RATE)
        self.rate = next(rates, _USUAL_RATE)
        self.num_left_out = 0
        self._counts_ticks = container.format.name == "avi"  # of its clock, be they frames or thousandths of a second
        self._error = error
        self._reached_s = 0.0
        self._failed = False

    def frames(self) -> "Iterator[tuple[float | None, av.VideoFrame | None]]":
        """Each frame's time in the file, in seconds, and the frame, or None where it is broken or lost.

        Begins with the first good frame. A time is None where the file has none.
        """
        begun = False
        for time_s, frame in self._all_frames():
            begun = begun or frame is not None
            if begun:
                yield time_s, frame
            else:
                self.num_left_out += 1

    def length_s(self) -> float | None:
        """How long the container says that it is, or None."""
        says: list[float] = []
        if self.container.duration is not None:
            says.append(self.container.duration / _MICROSECONDS)
        if self._counts_ticks and self.stream.time_base:  # of one that is cut off, the duration is a guess by its bytes
            says.append(float(self.stream.frames * self.stream.time_base))
        return max(says, default=None)

    def num_frames(self) -> int | None:
        """How many frames the container says there are, or None."""
        if self.stream.frames and not self._counts_ticks:
            return self.stream.frames
        length_s = self.length_s()
        return None if length_s is None else round(length_s * self.rate)

    def breaks_off(self) -> bool:
        """Whether the file, now read to its end, has less in it than it says: it was cut off."""
        missing_s = (self.length_s() or 0) - self._reached_s
        return self._failed or missing_s > max(_SHORT_BY_S, float(_SHORT_BY_FRAMES / self.rate))

    def _all_frames(self) -> "Iterator[tuple[float | None, av.VideoFrame | None]]":
        base = self.stream.time_base or Fraction(1)
        silent = self.stream.codec_context.name in _DROP_SILENTLY
        awaited: list[int] = []  # times of packets whose frame has not come out, and may never
        for packet, frames in self._decoded():
            if packet is not None and packet.size and not packet.is_discard and (silent or frames is None):
                if packet.pts is not None:
                    heappush(awaited, packet.pts)
                elif frames is None:
                    yield None, None
            for frame in frames or []:
                stored = frame.dts if frame.pts is None else frame.pts
                while stored is not None and awaited and awaited[0] <= stored:
                    lost = heappop(awaited)
                    if lost < stored:
                        yield float(lost * base), None
                yield None if stored is None else float(stored * base), None if frame.is_corrupt else frame
        while awaited:
            yield float(heappop(awaited) * base), None

    def _decoded(self) -> "Iterator[tuple[av.Packet[Any] | None, list[av.VideoFrame] | None]]":
        """Each packet of pictures with the frames that came out after it, None where it could not be decoded."""
        try:
            for packet in self.container.demux():
                self._note(packet)
                if packet.stream.index == self.stream.index:
                    yield packet, self._decode(packet)
        except self._error:  # the container itself is damaged from here on
            self._failed = True
            yield None, self._decode(None)

    def _decode(self, packet: "av.Packet[Any] | None") -> "list[av.VideoFrame] | None":
        try:
            codec: Any = self.stream.codec_context
            return codec.decode(packet)
        except self._error:
            return None

    def _note(self, packet: "av.Packet[Any]") -> None:
        stored = packet.dts if packet.pts is None else packet.pts
        if stored is not None:
            end_s = float((stored + (packet.duration or 0)) * packet.time_base)
            # Matroska counts its duration from 0, all else from the first frame or sound
            start = 0 if "matroska" in self.container.format.name else self.container.start_time or 0
            self._reached_s = max(self._reached_s, end_s - start / _MICROSECONDS)


@contextmanager
def opened(path: Path) -> Generator[Reading]:
    """Open a clip for one pass.

    Raises:
        InputError: no such file, no clip, without pictures, or of a codec that is not read.
        MissingExtraError: PyAV is not installed.

    """
    package = load_av(str(path))
    check_file(path, "clip")
    try:
        container = package.open(f"file:{path}", container_options=_OPEN_OPTIONS, metadata_errors="replace")
    except package.EOFError:
        raise InputError(f"{path}: {EMPTY}") from None
    except package.FFmpegError as error:
        raise InputError(f"{path}: {_UNREADABLE}") from error
    with container:
        streams = [stream for stream in container.streams.video if not stream.disposition.value & _ATTACHED_PICTURE]
        if not streams:
            sound = "has sound but no pictures; name a video with pictures"
            raise InputError(f"{path}: {sound if container.streams.audio else EMPTY}")
        if streams[0].codec_context is None:
            raise InputError(f"{path}: its codec is not read; convert it to H.264")
        yield Reading(container, streams[0], package.FFmpegError)
