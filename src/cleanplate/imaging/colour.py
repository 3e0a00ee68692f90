"""Colour: the sRGB curve, and pictures with an embedded profile brought to sRGB (the one file that knows the CMS)."""

import io
from collections.abc import Callable
from functools import cache
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import ImageCms

from cleanplate.imaging import Image, Pixels
from cleanplate.imaging.arrays import OF_CODES, strips

_STEPS = 1 << 12
_SPACES = {1: "gray", 3: "rgb", 4: "cmyk"}


def srgb_to_linear(srgb: Pixels) -> Image:
    """Linear light float32 in [0, 1] of sRGB values, in any shape (IEC 61966-2-1).

    >>> float(srgb_to_linear(np.float32([0.5]))[0])  # doctest: +ELLIPSIS
    0.21404...
    """
    if srgb.dtype == np.uint8:
        return _of_codes(srgb_to_linear, srgb)
    srgb = np.asarray(srgb, np.float32)
    return np.where(srgb <= 0.04045, srgb / 12.92, ((np.maximum(srgb, 0) + 0.055) / 1.055) ** 2.4).astype(np.float32)


def light_of(srgb: Pixels) -> Image:
    """As `srgb_to_linear` in a third of its time, of floats in [0, 1] rounded to 12 bits."""
    if srgb.dtype == np.uint8:
        return _of_codes(light_of, srgb)
    code = srgb * np.float32(_STEPS)
    code += np.float32(0.5)
    return np.take(_light_of_steps(), code.astype(np.uint16))


def linear_to_srgb(linear: Image) -> Image:
    """The sRGB values of linear light, both float32 in [0, 1], any shape: the inverse of `srgb_to_linear`.

    >>> float(linear_to_srgb(np.float32([0.21404114]))[0])  # doctest: +ELLIPSIS
    0.5...
    """
    linear = np.asarray(linear, np.float32)
    curve = 1.055 * np.maximum(linear, 0) ** (1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, linear * 12.92, curve).astype(np.float32)


def to_srgb(stored: NDArray[Any], profile: bytes | None) -> NDArray[Any]:
    """Stored samples in the colours of `profile` as sRGB samples.

    Args:
        stored: uint8 or uint16, (h, w) grey, (h, w, 3) RGB or (h, w, 4) CMYK (0 = no ink).
        profile: the embedded ICC profile, or None.

    Returns:
        `stored` itself where nothing needs to change: no profile, an unusable one (corrupt, or of another colour space;
        browsers, too, then take sRGB), or one that moves no colour by half an 8-bit step, which is sRGB under another
        name. Otherwise (h, w, 3) uint16. CMYK without a usable profile becomes RGB by (1 - ink)(1 - black).

    """
    channels = 1 if stored.ndim == 2 else stored.shape[2]
    if profile is not None and profile_effect(profile, channels) == "converts":
        return _transform(stored, profile, _SPACES[channels])
    return _cmyk_to_rgb(stored) if channels == 4 else stored


def profile_effect(profile: bytes, channels: int) -> str:
    """What an embedded profile does to a picture of 1, 3 or 4 colour channels: "converts", "is sRGB" or "unusable"."""
    steps = np.linspace(0, 255, 9).round().astype(np.uint8)
    grid = np.stack(np.meshgrid(*[steps] * channels, indexing="ij"), axis=-1).reshape(1, -1, channels)
    try:
        seen = _transform(grid[..., 0] if channels == 1 else grid, profile, _SPACES[channels])
    except (RuntimeError, ValueError, TypeError):  # CmsError is a RuntimeError
        return "unusable"
    if channels == 4:
        return "converts"
    moved = np.abs(seen.astype(np.float32) / 257 - grid).max()
    return "is sRGB" if moved < 0.5 else "converts"


def profile_name(profile: bytes) -> str:
    """The description that an ICC profile gives of itself, or "unreadable"."""
    try:
        return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile))).strip()
    except (OSError, ImageCms.PyCMSError):
        return "unreadable"


@cache
def _light_of_steps() -> Image:
    return srgb_to_linear(np.linspace(0, 1, _STEPS + 1, dtype=np.float32))


def _of_codes(curve: Callable[[Image], Image], codes: NDArray[Any]) -> Image:
    """What a curve makes of 8-bit codes."""
    return np.take(curve(OF_CODES), codes)


@cache
def _srgb_profile() -> bytes:
    return imagecodecs.cms_profile("srgb")


def _transform(stored: NDArray[Any], profile: bytes, space: str) -> NDArray[np.uint16]:
    height, width = stored.shape[:2]
    result = np.empty((height, width, 3), np.uint16)
    for rows in strips(height, width):
        result[rows] = imagecodecs.cms_transform(
            np.ascontiguousarray(stored[rows]),
            profile,
            _srgb_profile(),
            colorspace=space,
            outcolorspace="rgb",
            outdtype=np.uint16,
        )
    return result


def _cmyk_to_rgb(stored: NDArray[Any]) -> NDArray[Any]:
    top = np.iinfo(stored.dtype).max
    result = np.empty((*stored.shape[:2], 3), stored.dtype)
    for rows in strips(*stored.shape[:2]):
        paper = top - stored[rows].astype(np.float32)
        result[rows] = np.rint(paper[..., :3] * paper[..., 3:] / top)
    return result
