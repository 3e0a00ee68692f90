"""The pictures of a clip's parts as one stream, in the time of the whole, still encoded."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

from cleanplate.errors import InputError
from cleanplate.imaging.decoding import check_file
from cleanplate.imaging.frames import load_av

Timed = tuple[float, Any]
"""When it is shown or heard, in seconds from the first frame, and an encoded packet (av.Packet)."""


class Pictures:
    """The pictures of files of one kind and size without reordered frames, to be put into a container.

    `end_s` is when the last frame given so far ends; `ended` whether there are no more.
    """

    def __init__(self, parts: Sequence[Path], container: Any) -> None:
        self.end_s = 0.0
        self.ended = False
        self._parts = parts
        with _opened(parts[0]) as stream:
            self._stream: Any = container.add_stream_from_template(stream, opaque=True)
            self._stream.codec_context.codec_tag = stream.codec_context.codec_tag  # tells the kinds of ProRes apart
            if "alpha_mode" in stream.metadata:  # its decoder does not know of the alpha beside each VP9 packet
                self._stream.codec_context.pix_fmt = "yuva420p"
            self._kind = _kind(stream)

    def packets(self) -> Iterator[Timed]:
        """Every frame of every part.

        Raises:
            InputError: a part is missing, damaged, or unlike the first.

        """
        end, last = Fraction(0), Fraction(-1)
        for part in self._parts:
            shift: Fraction | None = None
            with _opened(part) as stream:
                if _kind(stream) != self._kind:
                    raise InputError(f"{part}: differs from the parts before it; remove the parts and begin anew")
                for packet in stream.container.demux(stream):
                    if not packet.size:
                        continue
                    base: Fraction = packet.time_base
                    if shift is None:
                        shift = end - packet.pts * base if packet.pts * base <= last else Fraction(0)
                    last = packet.pts * base + shift
                    end = last + (packet.duration or 0) * base
                    packet.pts = packet.dts = round(last / base)
                    packet.stream = self._stream
                    self.end_s = float(end)
                    yield float(last), packet
        self.ended = True


def _kind(stream: Any) -> tuple[Any, ...]:
    """What must be the same for two streams to be one."""
    codec = stream.codec_context
    return codec.name, codec.width, codec.height, bytes(codec.extradata or b"")


@contextmanager
def _opened(part: Path) -> Generator[Any]:
    """The stream of pictures of a part."""
    package = load_av(str(part))
    check_file(part, "part")
    try:
        with package.open(f"file:{part}") as container:
            yield container.streams.video[0]
    except (package.FFmpegError, IndexError) as error:
        raise InputError(f"{part}: is damaged; remove it, then the same command makes it again") from error
