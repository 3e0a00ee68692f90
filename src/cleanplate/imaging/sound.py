"""The sound of one clip, copied into another or encoded for it."""

from collections.abc import Iterator
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
            last = None
            try:
                for packet in packets:
                    if packet.pts is None or (last is not None and packet.pts <= last):
                        continue  # a container takes only times that rise
                    last, base = packet.pts, packet.time_base
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
