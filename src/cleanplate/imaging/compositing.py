"""Put a foreground over a backdrop, and get it back where the backdrop is known."""

import cv2
import numpy as np

from cleanplate.imaging import Image
from cleanplate.imaging.arrays import strips

_TRUSTED_FROM = 0.05
_TRUSTED_FULLY = 0.2
_BLUR_RADII_PX = (90, 6)
_TINY = 1e-5


def composite(foreground: Image, alpha: Image, backdrop: Image) -> Image:
    """Lay a straight (not premultiplied) foreground over a backdrop: alpha * foreground + (1 - alpha) * backdrop.

    Args:
        foreground: (h, w, 3) float32 in [0, 1].
        alpha: (h, w) float32 in [0, 1]; 0 gives the backdrop, 1 the foreground, both exactly.
        backdrop: (h, w, 3) float32 in [0, 1].

    Returns:
        (h, w, 3) float32 in [0, 1].

    Source: Porter and Duff, Compositing Digital Images, 1984.

    >>> white, black = np.ones((1, 1, 3), np.float32), np.zeros((1, 1, 3), np.float32)
    >>> composite(white, np.full((1, 1), 0.25, np.float32), black).tolist()
    [[[0.25, 0.25, 0.25]]]

    """
    result = np.empty_like(backdrop)
    for rows in strips(*alpha.shape):
        coverage = alpha[rows][..., None]
        result[rows] = foreground[rows] * coverage
        result[rows] += backdrop[rows] * (1 - coverage)
    return result


def recover_foreground(shot: Image, plate: Image, alpha: Image) -> Image:
    """The straight foreground colour F that, over the plate, gives the shot: F = (S - (1 - alpha) P) / alpha.

    Exact where the plate is what stood behind the foreground and alpha is at least 0.2. A difference d between the
    plate and what really stood there is amplified to d (1 - alpha) / alpha, so from 0.2 down to 0.05 the result goes
    over smoothly to the shot's own colour, and is clamped to [0, 1] throughout. Where alpha is 1 it is exactly
    the shot.

    Args:
        shot: (h, w, 3) float32 in [0, 1].
        plate: (h, w, 3) float32 in [0, 1], the same size.
        alpha: (h, w) float32 in [0, 1].

    Returns:
        (h, w, 3) float32 in [0, 1], defined everywhere: the shot's colour where alpha is 0.

    Source: Smith and Blinn, Blue Screen Matting, 1996 (known backing).

    """
    result = shot.copy()
    for rows in strips(*alpha.shape):
        coverage = alpha[rows]
        edge = (coverage > _TRUSTED_FROM) & (coverage < 1)
        if not edge.any():
            continue
        part, colour, behind = coverage[edge][:, None], shot[rows][edge], plate[rows][edge]
        exact = np.clip((colour - (1 - part) * behind) / part, 0, 1)
        step = np.clip((part - _TRUSTED_FROM) / (_TRUSTED_FULLY - _TRUSTED_FROM), 0, 1)
        trust = step * step * (3 - 2 * step)
        result[rows][edge] = colour + trust * (exact - colour)
    return result


def estimate_foreground(shot: Image, alpha: Image) -> Image:
    """The straight foreground colour where nothing is known of what stood behind: blur fusion, twice.

    Both layers begin as the shot I. Their local means, F' = mean(alpha F) / mean(alpha) and
    B' = mean((1 - alpha) B) / mean(1 - alpha) over a square, are corrected so that they explain the shot:
    F = F' + alpha (I - alpha F' - (1 - alpha) B'). First with squares of 181 pixels, then of 13.

    Args:
        shot: (h, w, 3) float32 in [0, 1].
        alpha: (h, w) float32 in [0, 1].

    Returns:
        (h, w, 3) float32 in [0, 1], defined everywhere: exactly the shot's colour where alpha is 0 or 1.

    Source: Forte, Approximate Fast Foreground Colour Estimation, ICIP 2021 (blur fusion, two passes).

    """
    result = shot.copy()
    edge = (alpha > 0) & (alpha < 1)
    if not edge.any():
        return result
    rest = 1 - alpha
    coverages = [(_mean(alpha, radius) + _TINY, _mean(rest, radius) + _TINY) for radius in _BLUR_RADII_PX]
    for channel in range(3):
        seen = np.ascontiguousarray(shot[..., channel])
        front = back = seen
        for radius, (covered, free) in zip(_BLUR_RADII_PX, coverages, strict=True):
            front = _mean(front * alpha, radius) / covered
            back = _mean(back * rest, radius) / free
            front += alpha * (seen - alpha * front - rest * back)
            np.clip(front, 0, 1, out=front)
        result[..., channel][edge] = front[edge]
    return result


def _mean(values: Image, radius_px: int) -> Image:
    side = 2 * radius_px + 1
    return np.asarray(cv2.blur(values, (side, side)), np.float32)
