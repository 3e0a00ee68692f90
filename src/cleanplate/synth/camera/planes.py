"""Arithmetic of float32 pictures through OpenCV: several times as quick as numpy's over three channels."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image
from cleanplate.imaging.planes import picture_of


def size_of(array: NDArray[np.generic]) -> tuple[int, int]:
    """Height and width."""
    return int(array.shape[0]), int(array.shape[1])


def fewer(size_hw: tuple[int, int], shares: tuple[float, float]) -> tuple[int, int]:
    """Such a share of the rows and of the columns, at least four of each."""
    rows, columns = (max(4, round(side * share)) for side, share in zip(size_hw, shares, strict=True))
    return rows, columns


def grey(picture: Image) -> Image:
    """Luma (h, w) of a colour picture (Rec. 601)."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.float32)


def tripled(plane: Image) -> Image:
    """A plane (h, w) three times over: (h, w, 3)."""
    return picture_of([plane] * 3)


def times(picture: Image, plane: Image) -> Image:
    """A picture (h, w, 3) times a plane (h, w)."""
    return np.asarray(cv2.multiply(picture, tripled(plane)), np.float32)


def mixed(under: Image, over: Image, cover: Image) -> Image:
    """Where a plane (h, w) is 1 one picture (h, w, 3), where it is 0 the other."""
    return np.asarray(cv2.add(times(over, cover), times(under, 1 - cover)), np.float32)


def gained(picture: Image, gains: Sequence[float]) -> Image:
    """A picture (h, w, 3) with one factor for each colour."""
    return coloured(picture, np.diag(gains))


def coloured(picture: Image, matrix: NDArray[np.floating]) -> Image:
    """A picture (h, w, 3) whose colours went through a 3x3 matrix."""
    return np.asarray(cv2.transform(picture, np.asarray(matrix, np.float32)), np.float32)


def plus(picture: Image, factor: float, other: Image) -> Image:
    """`picture + factor * other`."""
    return np.asarray(cv2.scaleAdd(other, factor, picture), np.float32)


def gaussian(picture: Image, sigma_px: float) -> Image:
    """Gaussian blur, cut off at two and a half sigma."""
    side = 2 * int(np.ceil(2.5 * sigma_px)) + 1
    return np.asarray(cv2.GaussianBlur(picture, (side, side), sigma_px), np.float32)


def softened(plane: Image, sigma_px: float) -> Image:
    """Gaussian blur; a wide one at a quarter of the size, where it costs a twentieth."""
    h, w = size_of(plane)
    if sigma_px < 4 or min(h, w) < 32:
        return gaussian(plane, sigma_px)
    return resized(gaussian(resized(plane, (h // 4, w // 4), cv2.INTER_AREA), sigma_px / 4), (h, w))


def filtered(picture: Image, kernel: Image) -> Image:
    """Correlation with a kernel; the border is mirrored."""
    return np.asarray(cv2.filter2D(picture, -1, kernel), np.float32)


def resized(picture: Image, size_hw: tuple[int, int], interpolation: int = cv2.INTER_LINEAR) -> Image:
    """At another size; the picture itself where that is its own."""
    if size_of(picture) == size_hw:
        return picture
    return np.asarray(cv2.resize(picture, size_hw[::-1], interpolation=interpolation), np.float32)


def smooth_field(rng: np.random.Generator, cells_hw: tuple[int, int], size_hw: tuple[int, int]) -> Image:
    """A smooth random plane of about unit deviation with so many independent values down and across."""
    field = rng.standard_normal(cells_hw, np.float32)
    # Cubic all the way costs several times as much, and does not look better.
    bridge = tuple(min(side, 8 * cells) for side, cells in zip(size_hw, cells_hw, strict=True))
    return resized(resized(field, (bridge[0], bridge[1]), cv2.INTER_CUBIC), size_hw)


def grain(rng: np.random.Generator, size_hw: tuple[int, int], num_channels: int) -> Image:
    """White Gaussian noise (h, w) or (h, w, channels) of unit deviation.

    OpenCV draws it, from a seed of `rng`: four times as quick as numpy's.
    """
    cv2.setRNGSeed(int(rng.integers(1, 1 << 31)))
    noise = np.empty(size_hw if num_channels == 1 else (*size_hw, num_channels), np.float32)
    cv2.randn(noise, np.zeros(num_channels), np.ones(num_channels))
    return noise
