"""What encoders leave of a pair: JPEG, or the stream of a static camera."""

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image
from cleanplate.synth.camera.effects import Effects
from cleanplate.synth.camera.planes import grey, resized, size_of

_Codes = NDArray[np.uint8]

_SUBSAMPLINGS = (
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
)
_BLOCK_PX = 8


def encoded(plate: Image, shot: Image, rng: np.random.Generator, effects: Effects) -> tuple[Image, Image]:
    """Plate and shot, each in [0, 1], after their way through an encoder, if any."""
    kind = rng.random()
    if kind < effects.video_p:
        return _streamed(plate, shot, rng, effects.video_quality)
    stills = rng.random(2) < effects.jpeg_p
    subsampling = _SUBSAMPLINGS[int(rng.choice(3, p=(0.6, 0.2, 0.2)))]

    def still(picture: Image, *, compressed: bool) -> Image:
        if not compressed:
            return picture
        # Most files are of high quality: the share of the way down to the lowest is squared.
        quality = round(95 - (95 - effects.jpeg_quality) * rng.random() ** 2)
        return _picture(jpeg(_codes(picture), quality, subsampling))

    return still(plate, compressed=bool(stills[0])), still(shot, compressed=bool(stills[1]))


def jpeg(codes: _Codes, quality: int, subsampling: int) -> _Codes:
    """RGB codes after a round trip through JPEG."""
    settings = [cv2.IMWRITE_JPEG_QUALITY, max(1, quality), cv2.IMWRITE_JPEG_SAMPLING_FACTOR, subsampling]
    _, data = cv2.imencode(".jpg", cv2.cvtColor(codes, cv2.COLOR_RGB2BGR), settings)
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)


def _streamed(plate: Image, shot: Image, rng: np.random.Generator, lowest: int) -> tuple[Image, Image]:
    """Both as frames of one stream: the same quantiser, and blocks that hardly changed are not sent again."""
    quality = int(rng.integers(lowest, 61))
    chroma_px = int(rng.integers(1, 4))
    smoothed = rng.random() < 0.6

    def frame(picture: Image) -> _Codes:
        codes = _thin_chroma(_codes(picture), chroma_px)
        codes = jpeg(codes, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420)
        return _deblocked(codes) if smoothed else codes

    first, later = frame(plate), frame(shot)
    if rng.random() < 0.5:
        _skip(first, later, rng.uniform(1, 5))
    return _picture(first), _picture(later)


def _thin_chroma(codes: _Codes, cell_px: int) -> _Codes:
    """Colour at one value for `cell_px` x `cell_px` pixels."""
    if cell_px == 1:
        return codes
    h, w = size_of(codes)
    luma, red, blue = cv2.split(cv2.cvtColor(codes, cv2.COLOR_RGB2YCrCb))
    cells = (max(1, w // cell_px), max(1, h // cell_px))
    red, blue = (cv2.resize(cv2.resize(plane, cells, interpolation=cv2.INTER_AREA), (w, h)) for plane in (red, blue))
    return np.asarray(cv2.cvtColor(cv2.merge([luma, red, blue]), cv2.COLOR_YCrCb2RGB), np.uint8)


def _deblocked(codes: _Codes) -> _Codes:
    """The two pixels on either side of each block's edge drawn together, as the filter in the loop does it."""
    result = codes.astype(np.int16)
    for axis in (0, 1):
        lines = np.moveaxis(result, axis, 0)
        before, after = lines[_BLOCK_PX - 1 : -1 : _BLOCK_PX], lines[_BLOCK_PX::_BLOCK_PX]
        step = (after - before) // 3
        # A large step is an edge of the scene.
        step[np.abs(step) > 6] = 0
        before += step
        after -= step
    return np.clip(result, 0, 255).astype(np.uint8)


def _skip(first: _Codes, later: _Codes, threshold: float) -> None:
    """Copy into `later` the blocks of `first` that differ by less than `threshold` of 255 in the mean."""
    h, w = size_of(first)
    change = grey(np.asarray(cv2.absdiff(first, later), np.float32))
    blocks = resized(change, (-(-h // _BLOCK_PX), -(-w // _BLOCK_PX)), cv2.INTER_AREA)
    still = cv2.resize((blocks < threshold).view(np.uint8), (w, h), interpolation=cv2.INTER_NEAREST)
    cv2.copyTo(first, still, later)


def _codes(picture: Image) -> _Codes:
    return np.asarray(cv2.convertScaleAbs(picture, None, 255), np.uint8)


def _picture(codes: _Codes) -> Image:
    return np.multiply(codes, np.float32(1 / 255), dtype=np.float32)
