"""Between decoded video frames and pictures in sRGB: colour range, matrix, HDR, rotation, pixel shape."""

from fractions import Fraction
from importlib import import_module
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.errors import MissingExtraError
from cleanplate.imaging import Image, Pixels
from cleanplate.imaging.arrays import to_uint
from cleanplate.imaging.hdr import Transfer, tone_mapped

if TYPE_CHECKING:
    import av

# Codes of ITU-T H.273, as files carry them; swscale's own numbers for the matrices.
_TRANSFERS: dict[int, Transfer] = {16: "PQ", 18: "HLG"}
_MATRICES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}
_BT709, _BT601 = 1, 5
_LIMITED, _FULL = 1, 2
_BICUBIC_EXACT = 4 | 0x2000 | 0x40000  # with full chroma interpolation and accurate rounding
_WHITE = (
    255 << 8
)  # what swscale makes of white, and takes for it, in 16 bits: it shifts codes and does not stretch them


def load_av(what: str) -> Any:
    """The package PyAV, loaded when a clip is met; `what` begins the sentence where it is missing.

    Raises:
        MissingExtraError: it is not installed.

    """
    try:
        return import_module("av")
    except ImportError as error:
        raise MissingExtraError(f"{what}: to read or write video, cleanplate", "video", "PyAV") from error


def transfer_of(frame: "av.VideoFrame") -> Transfer | None:
    """The HDR curve of a frame, or None where it has an ordinary one."""
    return _TRANSFERS.get(int(frame.color_trc))


def shown_size(frame: "av.VideoFrame", pixel_aspect: Fraction) -> tuple[int, int]:
    """Height and width of a frame as it is to be seen: upright, with square pixels (the stored rows are kept)."""
    stored_hw = frame.height, max(1, round(frame.width * pixel_aspect))
    return (stored_hw[1], stored_hw[0]) if _turns(frame)[0] else stored_hw


class FrameConverter:
    """Turns the frames of one clip into pictures; keeps swscale's tables between them."""

    def __init__(self, what: str) -> None:
        self._reformatter = load_av(what).video.reformatter.VideoReformatter()

    def pixels(self, frame: "av.VideoFrame", size_hw: tuple[int, int]) -> Pixels:
        """The frame as (h, w, 3) sRGB, upright, scaled to `size_hw` (its `shown_size`, or another).

        Of 8 bits it is codes; all others go through 16 bits, so 10-bit clips keep theirs. BT.709's curve is taken for
        sRGB's, as players do. A file that does not name its matrix has BT.709 from 720 rows or 1280 columns up, BT.601
        below; one that does not name its range has the limited one. HDR is mapped as `hdr.tone_mapped` says; all other
        clips are taken to have sRGB's primaries.
        """
        swapped, down, across = _turns(frame)
        height, width = (size_hw[1], size_hw[0]) if swapped else size_hw
        is_full = _is_full(frame)
        matrix = None if frame.format.is_rgb else _matrix(frame)
        bits, transfer = frame.format.components[0].bits, transfer_of(frame)
        plain = bits == 8 and transfer is None
        converted: av.VideoFrame = self._reformatter.reformat(
            frame,
            width=width,
            height=height,
            format="gbrp" if plain else "gbrp16le",  # planes take swscale a third of the time, the same to the bit
            src_colorspace=matrix,
            dst_colorspace=matrix,
            src_color_range=_FULL if is_full else _LIMITED,
            dst_color_range=_FULL,
            interpolation=_BICUBIC_EXACT,
        )
        picture: NDArray[Any] = _codes(converted) if plain else converted.to_ndarray()
        white = _white(bits, is_full=is_full)
        if transfer is not None:
            picture = tone_mapped(picture, white, transfer)
        elif not plain:
            picture = np.multiply(picture, 1 / white, dtype=np.float32)
            np.minimum(picture, 1, out=picture)
        if swapped:
            picture = picture.swapaxes(0, 1)
        return np.ascontiguousarray(picture[::down, ::across])


class FrameMaker:
    """Turns pictures into frames to be encoded: BT.709, limited range, and tagged so."""

    def __init__(self, what: str, pixels: str) -> None:
        self._package = load_av(what)
        self._pixels = pixels
        self._reformatter = self._package.video.reformatter.VideoReformatter()

    def frame(self, picture: Pixels, alpha: Image | None = None) -> "av.VideoFrame":
        """A frame of (h, w, 3) sRGB and, if the codec has it, straight alpha (h, w); floats are clipped to [0, 1]."""
        codes = np.empty((*picture.shape[:2], 3 if alpha is None else 4), np.uint16)
        if picture.dtype == np.uint8:
            np.left_shift(picture, 8, out=codes[..., :3], dtype=np.uint16)
        else:
            for channel in range(3):  # one by one: a frame may be large
                codes[..., channel] = np.clip(picture[..., channel], 0, 1) * np.float32(_WHITE) + np.float32(0.5)
        if alpha is not None:
            codes[..., 3] = to_uint(alpha, 16)
        layout = "rgb48le" if alpha is None else "rgba64le"
        return self._reformatter.reformat(
            self._package.VideoFrame.from_ndarray(codes, format=layout),
            format=self._pixels,
            src_colorspace=_BT709,
            dst_colorspace=_BT709,
            src_color_range=_FULL,
            dst_color_range=_LIMITED,
            interpolation=_BICUBIC_EXACT,
        )

    @staticmethod
    def tag(codec: Any) -> None:
        """Have an encoder say in its file what colours are in it."""
        codec.colorspace = codec.color_primaries = codec.color_trc = _BT709  # H.273 has the same number for all three
        codec.color_range = _LIMITED


def _matrix(frame: "av.VideoFrame") -> int:
    guess = _BT709 if frame.height >= 720 or frame.width >= 1280 else _BT601
    return _MATRICES.get(int(frame.colorspace), guess)


def _is_full(frame: "av.VideoFrame") -> bool:
    """Whether black and white are the lowest and highest code; greys without a word on it are taken so by swscale."""
    layout = frame.format
    return layout.is_rgb or len(layout.components) < 3 or layout.name.startswith("yuvj") or frame.color_range == _FULL


def _white(bits: int, *, is_full: bool) -> int:
    """The 16-bit code that swscale makes of a frame's white."""
    return (2**bits - 1) << (16 - bits) if is_full else _WHITE


def _turns(frame: "av.VideoFrame") -> tuple[bool, int, int]:
    """Whether rows and columns are swapped for the upright picture, and then which way each runs: 1, or -1 backwards.

    The display matrix gives x' = a x + c y and y' = b x + d y (ISO/IEC 14496-12, 6.2.2); only right angles are undone.
    """
    stored = frame.side_data.get("DISPLAYMATRIX")
    if stored is None:
        return False, 1, 1
    a, b, _, c, d = np.frombuffer(bytes(stored), np.int32, 5).tolist()
    swapped = abs(b) > abs(a)
    across, down = (c, b) if swapped else (a, d)
    return swapped, (-1 if down < 0 else 1), (-1 if across < 0 else 1)


def _codes(frame: "av.VideoFrame") -> NDArray[Any]:
    """The codes (h, w, 3) of a frame of 8-bit planes, which lie in the order green, blue, red."""
    green, blue, red = (
        np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
        for plane in frame.planes
    )
    return cv2.merge([red, green, blue])
