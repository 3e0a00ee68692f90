"""Any user's array becomes RGB float32 in [0, 1], and goes back to integers for files."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.errors import InputError
from cleanplate.imaging import Image, Pixels

MIN_SIDE_PX = 16
MAX_SIDE_PX = 32_000
MAX_PIXELS = 64_000_000
"""8000 x 8000: the largest picture that is read, whatever its shape (a bomb is refused by its header)."""

_STRIP_PX = 1 << 20
_SLACK = 1e-3
"""Floats may leave [0, 1] by this much (interpolation does it) and are clipped; more is a mistake of scale."""

_GREY_WITHIN = 8 / 255


@dataclass(frozen=True)
class Picture:
    """A picture as everything else wants it.

    `pixels` is (h, w, 3) sRGB, upright and straight, never multiplied by alpha; `alpha` is (h, w) float32 in [0, 1], or
    None where the source has no transparency; `bits` is 8 or 16, the depth of the source's own samples (16 for floats).
    """

    pixels: Pixels
    alpha: Image | None
    bits: int

    @cached_property
    def rgb(self) -> Image:
        """The colours (h, w, 3) float32 in [0, 1]."""
        return as_floats(self.pixels)


def check_size(size_hw: tuple[int, int], what: str) -> None:
    """Refuse a picture of a size that is not worked on; `what` begins the sentence.

    Raises:
        InputError: a side under 16 px or over 32,000 px, or more than 64 megapixels.

    """
    height, width = size_hw
    if min(size_hw) < MIN_SIDE_PX:
        raise InputError(f"{what}: is {width} x {height} pixels; both sides must have at least {MIN_SIDE_PX}")
    if max(size_hw) > MAX_SIDE_PX or height * width > MAX_PIXELS:
        raise InputError(
            f"{what}: is {width} x {height} pixels; scale it to at most {MAX_PIXELS // 1_000_000} megapixels "
            f"(8000 x 8000) with no side over {MAX_SIDE_PX}"
        )


def strips(height: int, width: int) -> list[slice]:
    """Slices of rows, about a million pixels each: what a large picture is worked on in to spare memory."""
    rows = max(1, _STRIP_PX // max(1, width))
    return [slice(top, min(height, top + rows)) for top in range(0, height, rows)]


def to_float(stored: NDArray[Any]) -> Image:
    """Integer samples of any shape as float32 in [0, 1]: 255 or 65535 becomes exactly 1.

    >>> to_float(np.array([0, 51, 255], np.uint8)).tolist()
    [0.0, 0.20000000298023224, 1.0]
    """
    return np.divide(stored, np.iinfo(stored.dtype).max, dtype=np.float32)


OF_CODES = to_float(np.arange(256, dtype=np.uint8))
"""What the 8-bit codes from 0 to 255 stand for."""


def as_floats(pixels: Pixels) -> Image:
    """Pixels of any shape as float32 in [0, 1]: themselves, where they are."""
    if pixels.dtype != np.uint8:
        return np.asarray(pixels, np.float32)
    if not pixels.size:
        return np.empty(pixels.shape, np.float32)
    return np.asarray(cv2.LUT(pixels, OF_CODES), np.float32).reshape(pixels.shape)


def to_uint(array: Pixels, bits: int) -> NDArray[Any]:
    """Pixels (h, w) or (h, w, channels) as `bits` (8 or 16) bit integers, rounded to nearest and clipped.

    >>> to_uint(np.array([[0.0, 0.5, 2.0]], np.float32), 8).tolist()
    [[0, 128, 255]]
    """
    if bits not in {8, 16}:
        raise ValueError(f"a picture has 8 or 16 bits, not {bits}")
    if array.dtype == np.uint8:
        return array if bits == 8 else array * np.uint16(257)
    top = float(2**bits - 1)
    codes: NDArray[Any] = np.empty(array.shape, np.uint8 if bits == 8 else np.uint16)
    for rows in strips(array.shape[0], array.shape[1]):
        part = np.multiply(array[rows], top, dtype=np.float32)
        part += 0.5
        codes[rows] = np.clip(part, 0, top, out=part)
    return codes


def as_picture(array: NDArray[Any], what: str = "array") -> Picture:
    """Take a user's array for a picture.

    Args:
        array: (h, w), (h, w, 1) grey, (h, w, 3) RGB or (h, w, 4) RGBA with straight alpha; uint8, uint16, or floats in
            [0, 1].
        what: how an error names it.

    Raises:
        InputError: another shape or type, NaN or infinity, floats outside [0, 1], a side under 16 px.

    """
    if array.ndim not in {2, 3} or (array.ndim == 3 and array.shape[2] not in {1, 3, 4}):
        raise InputError(f"{what}: has shape {array.shape}; give (h, w), (h, w, 3) or (h, w, 4)")
    check_size((array.shape[0], array.shape[1]), what)
    values: Pixels
    if array.dtype.name == "uint8":
        values = array.copy()  # its owner may go on with it
    elif array.dtype.name == "uint16":
        values = to_float(array)
    elif np.issubdtype(array.dtype, np.floating):
        values = _checked_floats(array, what)
    else:
        raise InputError(f"{what}: holds {array.dtype}; give uint8, uint16 or floats in 0..1")
    bits = 8 if array.dtype.name == "uint8" else 16
    if values.ndim == 2:
        values = values[..., None]
    alpha = as_floats(np.ascontiguousarray(values[..., 3])) if values.shape[2] == 4 else None
    return Picture(rgb_of(values[..., :3]), alpha, bits)


def to_rgb(array: NDArray[Any], what: str = "array") -> Image:
    """The colours of a user's array as (h, w, 3) float32 in [0, 1]; like `as_picture`, and an alpha channel is dropped.

    >>> to_rgb(np.full((16, 16), 255, np.uint8)).shape
    (16, 16, 3)
    """
    return as_picture(array, what).rgb


def rgb_of(values: Pixels) -> Pixels:
    """Grey (h, w), (h, w, 1) or colour (h, w, 3) as a contiguous (h, w, 3)."""
    if values.ndim == 2:
        values = values[..., None]
    if values.shape[2] == 3:
        return np.ascontiguousarray(values)
    return np.repeat(values, 3, axis=2)


def is_grey(rgb: Image) -> bool:
    """Whether a picture (h, w, 3) in [0, 1] has no colour but what compression makes.

    >>> is_grey(np.full((1, 1, 3), 0.5, np.float32)), is_grey(np.array([[[0.5, 0.5, 0.4]]], np.float32))
    (True, False)
    """
    return float(np.ptp(rgb, axis=2).max()) <= _GREY_WITHIN


def _checked_floats(array: NDArray[Any], what: str) -> Image:
    low, high = float(array.min()), float(array.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise InputError(f"{what}: holds NaN or infinite values; replace them first")
    if low < -_SLACK or high > 1 + _SLACK:
        raise InputError(f"{what}: floats must lie in 0..1, these go from {low:g} to {high:g}; divide them first")
    return np.clip(array, 0, 1).astype(np.float32, copy=False)
