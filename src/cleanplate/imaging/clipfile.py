"""Video clips out: parts that can each be played, and the whole that is joined from them."""

import errno
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from fractions import Fraction
from heapq import merge
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from cleanplate.errors import InputError, ToolError
from cleanplate.imaging import Image, Pixels
from cleanplate.imaging.files import replace_file
from cleanplate.imaging.frames import FrameMaker, load_av
from cleanplate.imaging.parts import Pictures
from cleanplate.imaging.sound import Sound

ClipKind = Literal["mp4", "prores", "webm"]
"""H.264 (8 bits, 4:2:0), ProRes 4444 with alpha (10 bits, 4:4:4), VP9 with alpha (8 bits, 4:2:0)."""

SUFFIXES: dict[ClipKind, str] = {"mp4": ".mp4", "prores": ".mov", "webm": ".webm"}
"""How the file of each kind of clip is named."""


class _Coding(NamedTuple):
    codec: str
    pixels: str
    step_px: int  # sides are multiples of it
    most_px: int  # and no longer
    options: dict[str, str]


# No kind reorders frames, or has some that are never shown: parts could not be joined, alpha not follow. H.264 looks 10
# frames ahead: at 40, as it would, files are no smaller and memory is twice as much.
_CODINGS: dict[ClipKind, _Coding] = {
    "mp4": _Coding("libx264", "yuv420p", 2, 16_384, {"crf": "16", "preset": "medium", "bf": "0", "rc-lookahead": "10"}),
    "prores": _Coding("prores_ks", "yuva444p10le", 1, 65_535, {"profile": "4444"}),
    "webm": _Coding(
        "libvpx-vp9",
        "yuva420p",
        2,
        65_535,
        {"crf": "18", "b": "0", "auto-alt-ref": "0", "lag-in-frames": "0", "cpu-used": "4", "row-mt": "1"},
    ),
}
_Value = TypeVar("_Value", bound=np.generic)
_CONTAINERS = {".mp4": "mp4", ".mov": "mov", ".webm": "webm"}
_TICKS_PER_S, _MOST_TICKS_PER_S = 90_000, 1_000_000
_SOUND_AFTER_S = 1.0
_NO_ROOM = {errno.ENOSPC, errno.EFBIG}


class ClipWriter:
    """Writes one clip, or one part of a clip, frame by frame; a context manager.

    The file appears when the context is left, also by an exception or Ctrl-C, and holds all frames added until then;
    where there are none, or writing has failed, it does not appear. Its colours are BT.709 of limited range. A file of
    4:2:0 has even sides: an odd one grows by a copy of its last row or column.

    Args:
        path: where to write; ends as `SUFFIXES` says.
        size_hw: height and width of every picture.
        rate: mean number of frames a second; what counts is each frame's own time.
        kind: codec and container.
        first: how many frames the parts before this one hold; said where writing fails.

    Raises:
        InputError: the file cannot be written, or pictures are larger than its codec takes.
        MissingExtraError: PyAV is not installed.
        ToolError: it has not the encoder.

    """

    def __init__(self, path: Path, size_hw: tuple[int, int], rate: Fraction, kind: ClipKind, first: int = 0) -> None:
        self._path, self._size_hw, self._rate, self._first = path, size_hw, rate, first
        self._kind: ClipKind = kind
        self._coding = _CODINGS[kind]
        if max(size_hw) > self._coding.most_px:
            most = f"{SUFFIXES[kind]} files end at {self._coding.most_px:,} pixels a side"
            raise InputError(f"{path}: {most}, and the pictures have {size_hw[1]} x {size_hw[0]}; scale the clip down")
        self._package = _able_to_encode(load_av(str(path)), self._coding.codec, path)
        self._maker = FrameMaker(str(path), self._coding.pixels)
        self._tick_s = _tick_s(rate)
        self._last_tick = -1
        self._failed = False
        self._replacing: AbstractContextManager[Path] = replace_file(path)
        self._file: Any = None
        self._stream: Any = None

    def __enter__(self) -> Self:
        temporary = self._replacing.__enter__()
        container = _CONTAINERS[SUFFIXES[self._kind]]
        # else a part's start is rounded to milliseconds
        finely = {} if container == "webm" else {"movie_timescale": str(self._tick_s.denominator)}
        self._file = self._package.open(f"file:{temporary}", "w", format=container, container_options=finely)
        step = self._coding.step_px
        height, width = (side + -side % step for side in self._size_hw)
        options = dict(self._coding.options)
        self._stream = self._file.add_stream(
            self._coding.codec, rate=self._rate, options=options, width=width, height=height
        )
        self._stream.pix_fmt = self._coding.pixels
        self._stream.codec_context.time_base = self._tick_s
        self._maker.tag(self._stream.codec_context)
        return self

    def add(self, picture: Pixels, time_s: float, alpha: Image | None = None) -> None:
        """Append a frame.

        Args:
            picture: (h, w, 3) sRGB.
            time_s: when it is shown, in seconds from the start of the whole clip; later than the one before.
            alpha: (h, w) in [0, 1], straight, for "prores" and "webm".

        Raises:
            InputError: it cannot be written, as on a full disk; it names the file and how many frames are done.
            ValueError: picture or alpha is of another size than the clip, or there is alpha in an "mp4".

        """
        fits = alpha is None or (alpha.shape == self._size_hw and self._kind != "mp4")
        if picture.shape != (*self._size_hw, 3) or not fits:
            what = "" if alpha is None else f" with alpha of shape {alpha.shape}"
            raise ValueError(f"a picture of shape {picture.shape}{what} in a {self._kind} of {self._size_hw}")
        frame: Any = self._maker.frame(self._padded(picture), None if alpha is None else self._padded(alpha))
        self._last_tick = max(round(time_s / self._tick_s), self._last_tick + 1)
        frame.pts, frame.time_base = self._last_tick, self._tick_s
        frame.duration = round(1 / (self._rate * self._tick_s))
        with self._told():
            self._file.mux(self._stream.encode(frame))

    def _padded(self, array: NDArray[_Value]) -> NDArray[_Value]:
        """With sides that the codec takes."""
        more = [(0, -side % self._coding.step_px) for side in self._size_hw]
        if not any(after for _, after in more):
            return array
        return np.pad(array, [*more, (0, 0)][: array.ndim], "edge")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        whole = False
        try:
            if self._last_tick >= 0 and not self._failed:
                with self._told():
                    self._file.mux(self._stream.encode(None))
                    self._file.close()
                whole = True
        finally:
            if not whole:
                with suppress(self._package.FFmpegError):
                    self._file.close()
            nothing = None if whole else InputError(f"{self._path}: has no frames")  # has the temporary removed
            self._replacing.__exit__(type(nothing) if nothing else None, nothing, None)

    @contextmanager
    def _told(self) -> Generator[None]:
        try:
            yield
        except self._package.FFmpegError as error:
            self._failed = True
            mend = "make room, then " if error.errno in _NO_ROOM else ""
            raise InputError(
                f"{self._path}: cannot be written ({error.strerror}); the {self._first} frames before it are kept: "
                f"{mend}the same command goes on from there"
            ) from error


def join(parts: Sequence[Path], out: Path, audio_of: Path | None = None) -> list[str]:
    """Put the parts of a clip together without encoding them anew, whole or not at all.

    Every frame keeps its time; a part whose times begin before the one before it has ended is taken to begin there. The
    sound of `audio_of` is copied or, where the container cannot hold it, encoded (AAC, Opus); it keeps its place beside
    the first frame, and ends at most a second after the last.

    Args:
        parts: one or more files of a `ClipWriter`, all of one kind and size.
        out: ends as the parts do.
        audio_of: the clip that they were made from, or None for silence.

    Returns:
        Sentences for the user, as of `Clip.notices`.

    Raises:
        InputError: no part is given, one is missing, damaged or unlike the first; `audio_of` is no clip; `out` cannot
            be written.
        MissingExtraError: PyAV is not installed.

    """
    if not parts:
        raise InputError(f"{out}: there are no parts to join; give at least one")
    package = load_av(str(out))
    options = {} if out.suffix == ".webm" else {"movflags": "faststart"}
    with replace_file(out) as temporary, _joined(package, out):
        container: Any = package.open(
            f"file:{temporary}", "w", format=_CONTAINERS[out.suffix], container_options=options
        )
        with container:
            pictures = Pictures(parts, container)
            sound = Sound(audio_of, container, out.suffix)
            for time_s, packet in merge(pictures.packets(), sound.packets(), key=itemgetter(0)):
                if packet.stream is sound.stream and pictures.ended and time_s > pictures.end_s + _SOUND_AFTER_S:
                    sound.notices.append(
                        f"{audio_of}: its sound goes on for long after the last frame; it is cut "
                        f"{_SOUND_AFTER_S:g} s later"
                    )
                    break
                container.mux(packet)
    return sound.notices


@contextmanager
def _joined(package: Any, out: Path) -> Generator[None]:
    try:
        yield
    except package.FFmpegError as error:
        if isinstance(error, OSError):
            raise  # told by whoever writes the file
        raise InputError(f"{out}: cannot be joined from its parts ({error.strerror}); the parts are kept") from error


def _able_to_encode(package: Any, codec: str, path: Path) -> Any:
    try:
        package.Codec(codec, "w")
    except ValueError as error:
        again = "pip install --force-reinstall av"
        raise ToolError(f"{path}: this build of PyAV has no {codec}; install the usual one with  {again}") from error
    return package


def _tick_s(rate: Fraction) -> Fraction:
    """A unit of time, about 1/90,000 s, of which a frame lasts a whole number."""
    if rate.numerator > _MOST_TICKS_PER_S:
        return Fraction(1, _TICKS_PER_S)
    return Fraction(1, rate.numerator * -(-_TICKS_PER_S // rate.numerator))
