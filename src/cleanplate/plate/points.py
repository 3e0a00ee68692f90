"""The points of a person and of the room behind, and none in the air between surfaces."""

import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image
from cleanplate.plate.intrinsics import Intrinsics

Mask = NDArray[np.bool_]

_REACH = 64
"""The shorter side over this is as far as the edge of a depth map is looked for: a network's edges are that soft."""

_JUMP = 0.1
_BETWEEN = 0.15


def unproject(depth: Image, where: Mask, camera: Intrinsics) -> NDArray[np.float32]:
    """The points (n, 3) of the pixels `where` of a depth map (h, w): x right, y up, z backward, the lens at 0.

    >>> camera = Intrinsics(1.0, (1, 1), "given")
    >>> unproject(np.float32([[2.0]]), np.array([[True]]), camera).tolist()
    [[0.0, 0.0, -2.0]]
    """
    y, x = np.nonzero(where)
    right, down = camera.slopes(x.astype(np.float64), y.astype(np.float64))
    depth = depth[where]
    return np.stack([right * depth, -down * depth + 0.0, -depth], axis=1).astype(np.float32)


def hanging(depth: Image) -> Mask:
    """Where a depth map (h, w; 0 = unknown) passes from one surface to another: points there would hang in the air.

    A plane's inverse depth is a linear function of the pixel, so a floor may be as steep as it likes: what counts is a
    change over a short way that is more than its share of the change over three times that way, by a tenth of the
    inverse depth; and there only pixels that are on neither side, so that a map with hard edges keeps all its points.
    """
    inverse = np.where(depth > 0, 1 / np.where(depth > 0, depth, 1), 0).astype(np.float32)
    reach = max(1, min(depth.shape) // _REACH)
    return _hanging_along(inverse, reach) | _hanging_along(inverse.T, reach).T


def _hanging_along(inverse: Image, reach: int) -> Mask:
    """The same along the rows."""
    padded = np.pad(inverse, ((0, 0), (3 * reach, 3 * reach)), mode="edge")
    width = inverse.shape[1]

    def beside(pixels: int) -> Image:
        return padded[:, 3 * reach + pixels : 3 * reach + pixels + width]

    left, right = beside(-reach), beside(reach)
    change = np.abs(right - left)
    share = np.abs(beside(3 * reach) - beside(-3 * reach)) / 3
    jump = change - share > _JUMP * np.minimum(left, right)
    between = np.minimum(np.abs(inverse - left), np.abs(inverse - right)) > _BETWEEN * change
    return jump & between & (inverse > 0)
