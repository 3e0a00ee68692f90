"""What of a picture stays when its light changes: its structure."""

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image

_LUMA = np.array([[0.299, 0.587, 0.114]], np.float32)
_FLAT = 0.012
"""Contrast (standard deviation of sRGB values in [0, 1]) that noise and compression make by themselves."""


def grey(rgb: Image) -> Image:
    """The luma (h, w) of sRGB colours (h, w, 3)."""
    return np.asarray(cv2.transform(rgb, _LUMA), np.float32)


def structure(luma: Image, reach_px: float) -> tuple[Image, Image]:
    """Luma with the local mean taken off and the local contrast divided out, and that contrast.

    Gain, offset and low-frequency light of the picture nearly cancel; what is flat stays near 0 instead of becoming
    noise of full strength.

    Args:
        luma: (h, w) in [0, 1].
        reach_px: standard deviation of the Gaussian that "local" means.

    Returns:
        structure (h, w), about -2..2, and contrast (h, w), at least 0.

    """
    high = np.subtract(luma, blur(luma, reach_px), dtype=np.float32)
    contrast = np.sqrt(np.maximum(blur(high * high, reach_px), 0), dtype=np.float32)
    return np.asarray(high / (contrast + np.float32(_FLAT)), np.float32), contrast


def likeness(first: Image, second: Image, reach_px: float) -> Image:
    """How alike two structures are at every place: correlation (h, w) in [-1, 1] over a Gaussian window."""
    strength = np.sqrt(np.maximum(blur(first * first, reach_px) * blur(second * second, reach_px), 0))
    return np.clip(blur(first * second, reach_px) / (strength + np.float32(0.02)), -1, 1)


def presence(structures: Image, reach_px: float) -> Image:
    """How much structure there is at every place: (h, w), 0 where there is noise at most, 1 where it is clear."""
    power = blur(structures * structures, reach_px)
    return np.clip((power - np.float32(0.1)) / np.float32(0.25), 0, 1)


def slopes(picture: Image) -> tuple[Image, Image]:
    """How fast a picture rises across and down, a pixel: each of the picture's shape."""
    return (
        np.asarray(cv2.Scharr(picture, cv2.CV_32F, 1, 0, scale=1 / 32), np.float32),
        np.asarray(cv2.Scharr(picture, cv2.CV_32F, 0, 1, scale=1 / 32), np.float32),
    )


def blur(picture: Image, sigma_px: float) -> Image:
    """A Gaussian blur that mirrors at the borders."""
    return np.asarray(
        cv2.GaussianBlur(picture, (0, 0), max(sigma_px, 0.3), borderType=cv2.BORDER_REFLECT_101), np.float32
    )


def eroded(mask: NDArray[np.bool_], radius_px: int) -> NDArray[np.bool_]:
    """What is at least `radius_px` inside a mask; the picture's border does not count as outside."""
    kernel = np.ones((2 * radius_px + 1, 2 * radius_px + 1), np.uint8)
    return np.asarray(cv2.erode(mask.astype(np.uint8), kernel), np.uint8) > 0
