"""The sound of one clip, copied into another or encoded for it."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from cleanplate.imaging.demux import opened
from cleanplate.imaging.frames import load_av
from cleanplate.imaging.parts import Timed
from cleanplate.imaging.streams import open_clip

# What players of each kind of file are sure to play; uncompressed sound is at home in .mov alone.
_PACKED = {"aac", "mp3", "mp3float", "ac3", "eac3", "alac"}
_COPIED: dict[str, set[str]] = {
    ".mp4": _PACKED,
    ".mov": _PACKED | {"pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be"},
    ".webm": {"opus", "libopus", "vorbis", "libvorbis"},
}
_ENCODERS = {".mp4": "aac", ".mov": "aac", ".webm": "libopus"}
_SAMPLES_PER_S = 48_000
_JUMP_S = 0.1
_SILENCE_FROM_S = 0.01
_BITS_PER_S = 192_000


class Sound:
    """The first track of sound of a clip, to be put into a container beside pictures made from the clip.

    Args:
        source: the clip, or None for silence.
        container: an av.OutputContainer, not yet written to; gets a stream, `stream`, where there is sound.
        suffix: ".mp4", ".mov" or ".webm", what the container is.

    Raises:
        InputError: `source` is no clip.

    """

    def __init__(self, source: Path | None, container: Any, suffix: str) -> None:
        self.notices: list[str] = []
        self.stream: Any = None
        self._source = source
        self._encodes = False
        if source is None:
            return
        self._start_s = open_clip(source).info.start_s
        self._error = load_av(str(source)).FFmpegError
        with opened(source) as reading:
            track = next(iter(reading.container.streams.audio), None)
            if track is None:
                return
            if track.codec_context is None:
                self.notices.append(f"{source}: its sound is of a kind that is not read, and left out")
                return
            self._encodes = track.codec_context.name not in _COPIED[suffix]
            if self._encodes:
                layout = "mono" if track.codec_context.layout.nb_channels == 1 else "stereo"
                self.stream = container.add_stream(_ENCODERS[suffix], rate=_SAMPLES_PER_S, layout=layout)
                self.stream.bit_rate = _BITS_PER_S
            else:
                self.stream = container.add_stream_from_template(track)

    def packets(self) -> Iterator[Timed]:
        """Its packets, from the first frame's time on."""
        if self._source is None or self.stream is None:
            return
        with opened(self._source) as reading:
            track = reading.container.streams.audio[0]
            packets = self._encoded(reading.container, track) if self._encodes else reading.container.demux(track)
            rising = _rising(packets)
            uncompressed = not self._encodes and track.codec_context.name.startswith("pcm_")
            try:
                for packet in _without_gaps(rising, track) if uncompressed else rising:
                    base = packet.time_base
                    time_s = float(packet.pts * base) - self._start_s
                    if time_s + float((packet.duration or 0) * base) > 0:
                        late = round(self._start_s / base)
                        packet.pts = packet.dts = packet.pts - late
                        packet.stream = self.stream
                        yield time_s, packet
            except (self._error, ValueError):  # the second where its layout changes midway
                self.notices.append(f"{self._source}: its sound breaks off; what is there is used")

    def _encoded(self, container: Any, track: Any) -> Iterator[Any]:
        for packet in container.demux(track):
            try:
                frames = packet.decode()
            except self._error:
                continue  # a moment of silence
            for frame in frames:
                yield from self.stream.encode(frame)
        yield from self.stream.encode(None)


def _rising(packets: Iterable[Any]) -> Iterator[Any]:
    """Packets with rising times, as a container wants them: where they fall far, all that follow go on from there."""
    late = 0
    last: int | None = None
    for packet in packets:
        if packet.pts is None:
            continue
        length = packet.duration or 0
        packet.pts += late
        if last is not None and (last - packet.pts) * packet.time_base > max(_JUMP_S, 2 * length * packet.time_base):
            late += last + length - packet.pts
            packet.pts = last + length
        if last is None or packet.pts > last:
            last = packet.pts
            yield packet


def _without_gaps(packets: Iterable[Any], track: Any) -> Iterator[Any]:
    """Uncompressed sound with silence where there is none: a .mov knows how many samples there are, and no times."""
    coding = track.codec_context
    num_bytes = coding.format.bytes * coding.layout.nb_channels
    end: Fraction | None = None
    for packet in packets:
        start = packet.pts * packet.time_base
        num_missing = 0 if end is None else round((start - end) * coding.rate)
        if end is not None and num_missing > _SILENCE_FROM_S * coding.rate:
            silence = type(packet)(bytes(num_missing * num_bytes))
            silence.time_base, silence.pts = packet.time_base, round(end / packet.time_base)
            silence.duration = packet.pts - silence.pts
            end += Fraction(num_missing, coding.rate)
            yield silence
        end = (start if end is None else end) + Fraction(packet.size // num_bytes, coding.rate)
        yield packet
