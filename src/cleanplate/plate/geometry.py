"""Homographies between a plate's pixels and a shot's; pixel (0, 0) is the middle of the first pixel."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image

Matrix = NDArray[np.float64]
"""(3, 3), homogeneous, x before y, the last entry 1."""

_HALF_PX, _TINY = 0.5, np.float32(1e-6)


def warp(picture: Image, matrix: Matrix) -> Image:
    """A plate's picture (h, w) or (h, w, 3) as the shot's camera sees it; beyond its end its border is repeated.

    `matrix` leads from plate pixels to shot pixels, both of the picture's size.
    """
    size = picture.shape[1], picture.shape[0]
    moved = cv2.warpPerspective(picture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.float32)


def picked(values: Image, matrix: Matrix) -> Image:
    """Values (h, w) moved as `warp` moves a picture, each the nearest one; 0 where the plate ends."""
    size = values.shape[1], values.shape[0]
    return np.asarray(cv2.warpPerspective(values, matrix, size, flags=cv2.INTER_NEAREST), np.float32)


def covered(matrix: Matrix, size_hw: tuple[int, int]) -> NDArray[np.bool_]:
    """Where in the shot (h, w) the plate's picture reaches, to half a pixel."""
    height, width = size_hw
    x, y = positions(np.asarray(np.linalg.inv(matrix), np.float64), size_hw)
    return (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)


@dataclass(frozen=True, eq=False)
class Reach:
    """How far a plate that was moved reaches into a picture (h, w) of the shot.

    `beyond` (h, w): True where the plate does not reach, or only with its outermost pixels. `x`, `y` (h, w): where in
    the picture the plate's nearest pixel lies, the outermost left out.
    """

    beyond: NDArray[np.bool_]
    x: Image
    y: Image

    def carried(self, values: Image) -> Image:
        """Values (h, w) of the shot; beyond the plate's reach those that are nearest within it."""
        near = cv2.remap(values, self.x, self.y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
        return np.where(self.beyond, np.asarray(near, np.float32), values)


def reach_of(matrix: Matrix, size_hw: tuple[int, int]) -> Reach:
    """The reach of a plate; `matrix` leads from its pixels to the shot's, both of the picture's size."""
    x, y = positions(np.asarray(np.linalg.inv(matrix), np.float64), size_hw)
    inner = [np.clip(at, 1, side - 2) for at, side in zip((x, y), size_hw[::-1], strict=True)]
    beyond = (np.abs(x - inner[0]) > _HALF_PX) | (np.abs(y - inner[1]) > _HALF_PX)
    return Reach(beyond, *_led(matrix, *inner))


def positions(matrix: Matrix, size_hw: tuple[int, int]) -> tuple[Image, Image]:
    """Where a matrix leads every pixel of a picture: x and y, each (h, w).

    >>> x, y = positions(np.array([[1.0, 0, 2], [0, 1, 0], [0, 0, 1]]), (1, 3))
    >>> x.tolist(), y.tolist()
    ([[2.0, 3.0, 4.0]], [[0.0, 0.0, 0.0]])
    """
    x = np.arange(size_hw[1], dtype=np.float32)[None]
    y = np.arange(size_hw[0], dtype=np.float32)[:, None]
    return _led(matrix, x, y)


def _led(matrix: Matrix, x: Image, y: Image) -> tuple[Image, Image]:
    """Where a matrix leads points; x and y have one shape or can be spread to one."""
    (a, b, c), (d, e, f), (g, h, i) = matrix.astype(np.float32)
    depth = g * x + h * y + i
    depth = np.where(np.abs(depth) < _TINY, _TINY, depth)
    return (a * x + b * y + c) / depth, (d * x + e * y + f) / depth


def motion_px(matrix: Matrix, size_hw: tuple[int, int]) -> float:
    """By how many pixels a matrix moves a picture's content, on average over 9 x 9 places.

    >>> motion_px(np.array([[1.0, 0, 3], [0, 1, 4], [0, 0, 1]]), (100, 100))
    5.0
    """
    x, y = np.meshgrid(np.linspace(0, size_hw[1] - 1, 9), np.linspace(0, size_hw[0] - 1, 9))
    places = np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
    led = matrix @ places
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.hypot(led[0] / led[2] - places[0], led[1] / led[2] - places[1])
    return float(distance.mean()) if np.isfinite(distance).all() else float("inf")


def rescaled(matrix: Matrix, from_hw: tuple[int, int], to_hw: tuple[int, int]) -> Matrix:
    """The same movement for pictures of another size.

    >>> shift = np.array([[1.0, 0, 3], [0, 1, 0], [0, 0, 1]])
    >>> rescaled(shift, (10, 10), (20, 20)).tolist()
    [[1.0, 0.0, 6.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    if from_hw == to_hw:
        return matrix
    scale_y, scale_x = to_hw[0] / from_hw[0], to_hw[1] / from_hw[1]
    grow = np.array([[scale_x, 0, (scale_x - 1) / 2], [0, scale_y, (scale_y - 1) / 2], [0, 0, 1]])
    return unit(grow @ matrix @ np.linalg.inv(grow))


def unit(matrix: Matrix) -> Matrix:
    """The same matrix with 1 as its last entry."""
    return matrix / matrix[2, 2]


def is_sane(matrix: Matrix, size_hw: tuple[int, int], most: float = 0.25) -> bool:
    """Whether a matrix moves no corner by more than `most` of the longer side and turns nothing inside out."""
    if not np.isfinite(matrix).all() or abs(matrix[2, 2]) < 1e-6:
        return False
    height, width = size_hw
    corners = np.array([[0, width - 1, 0, width - 1], [0, 0, height - 1, height - 1], [1, 1, 1, 1]], np.float64)
    led = matrix @ corners
    if (led[2] / matrix[2, 2] < 0.3).any():
        return False
    return bool(np.hypot(*(led[:2] / led[2] - corners[:2])).max() <= most * max(size_hw))
