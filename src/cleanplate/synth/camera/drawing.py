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


def any_scale(rng: np.random.Generator, low: float, high: float) -> float:
    """Log-uniform between two positive bounds."""
    return low * (high / low) ** float(rng.random())
