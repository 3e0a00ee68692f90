"""Outlines drawn by random numbers, soft by a pixel."""

import cv2
import numpy as np
from numpy.typing import NDArray

Canvas = NDArray[np.uint8]
"""A plane (h, w) that is drawn on: what is covered is 255."""

_SUBPIXEL = 4
"""Outlines are drawn to 1 / 2**4 of a pixel."""


def fill(canvas: Canvas, points: NDArray[np.float64], value: float = 255) -> None:
    """Fill the polygon of some points (n, 2), x before y."""
    fixed = np.round(points * 2**_SUBPIXEL).astype(np.int32)
    cv2.fillPoly(canvas, [fixed], value, cv2.LINE_AA, _SUBPIXEL)


def leaf(num_along: int) -> NDArray[np.float64]:
    """The outline (2 * num_along, 2) of a leaf from its stem at (0, 0) to its tip at (1, 0), and 2 wide."""
    along = np.linspace(0, 1, num_along)
    beside = np.sin(np.pi * along**0.8)
    return np.concatenate([np.stack([along, beside], -1), np.stack([along, -beside], -1)[::-1]])


def any_scale(rng: np.random.Generator, low: float, high: float) -> float:
    """Log-uniform between two positive bounds."""
    return low * (high / low) ** float(rng.random())
