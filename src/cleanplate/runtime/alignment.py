"""The plate's disparity, and every run's brought onto its scale."""

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image
from cleanplate.imaging.resize import resize
from cleanplate.imaging.spreading import spread
from cleanplate.runtime.session import SeenPlate, Session

_SECOND_LOOK = 0.75
_ROUNDS = 20
_MAX_PIXELS = 16_384
_SURE = 0.95
"""From this alpha on a cell is all foreground."""

_FAR_RIM = 1e-4
"""What the disparity of a cell at the rim counts of one inside."""

_BESIDE = np.ones((3, 3), np.uint8)


def plate_disparity(session: Session, seen: SeenPlate) -> Image:
    """The disparity of a plate, better than one run knows it.

    The mean of two looks: as shots are seen, and mirrored at three quarters of that size, where what is seen at once is
    more of the room. What either gets wrong the other seldom does (docs/log.md); a plate is looked at only once. The
    second is brought onto the first by least squares, and counts the less the less the two agree.

    Args:
        session: the model.
        seen: what `session.see` made of the plate.

    Returns:
        (h', w') float32 of the network's size, in the scale of its first look.

    Raises:
        ModelError: the model fails.

    """
    mirrored = np.ascontiguousarray(seen.picture[:, ::-1])
    first = session.run(seen, seen.picture)[2]
    second = session.run(session.see(mirrored, _SECOND_LOOK), mirrored)[2]
    second = resize(np.ascontiguousarray(second[:, ::-1]), seen.size_hw)
    mean = first.mean()
    first, second = first - mean, second - second.mean()
    together, spread = float((first * second).mean()), float(np.square(second).mean() * np.square(first).mean())
    if together <= 0 or spread <= 0:
        return first + mean
    agreement = np.float32(together * together / spread)  # the square of their correlation
    return mean + (first + agreement * np.float32(np.square(first).mean() / together) * second) / (1 + agreement)


def foreground_disparity(
    found: tuple[Image, Image, Image], wanted: Image, alpha: Image, size_hw: tuple[int, int]
) -> Image:
    """The foreground's disparity in a shot, on the plate's scale and at the shot's size.

    Args:
        found: alpha and both disparities, as `Session.run` gives them.
        wanted: (h', w') disparity of the plate as first seen.
        alpha: (h', w') in [0, 1]: what of the alpha is believed.
        size_hw: the shot's size.

    Returns:
        (h, w) float32, carried outward by `extend_disparity` from where the foreground is.

    """
    of_shot, disparity, of_plate = found
    scale, shift = align_disparity(of_plate, wanted, 1 - of_shot)
    return resize(extend_disparity(scale * disparity + np.float32(shift), alpha), size_hw)


def extend_disparity(disparity: Image, alpha: Image) -> Image:
    """The foreground's disparity carried outward: a sharper alpha then cuts it, and no value on the way to the plate.

    Both are (h, w), of the network's size, alpha in [0, 1]; so is the result. Where alpha is at least 0.95 in a cell
    and all beside it nothing changes, elsewhere the nearest of those cells count, and the rim, which the network blurs,
    only where a thing has nothing else; where alpha is nowhere so large, all stays as it is.
    """
    sure = (alpha >= _SURE).astype(np.float32)
    if not sure.any():
        return disparity
    inner = cv2.erode(sure, _BESIDE)
    (around,), _ = spread([disparity], inner + np.float32(_FAR_RIM) * (sure - inner))
    return np.where(inner > 0, disparity, around)


def align_disparity(seen: Image, wanted: Image, weight: Image) -> tuple[float, float]:
    """Scale and shift that bring `seen` onto `wanted`, robustly: wanted = scale * seen + shift.

    The line seen = a * wanted + b of least absolute deviation (iterated reweighting), turned round: what disturbs is in
    `seen`, where somebody hides part of the plate, and a part that disagrees then does not tilt the rest. Where no
    rising line can be found (a flat plate), the scale is 1 and the shift the median difference.

    Args:
        seen: (h, w) disparity of the plate as this run predicts it.
        wanted: (h, w) disparity of the plate as first seen.
        weight: (h, w), at least 0: how much each pixel counts; all zero counts every pixel the same.

    Returns:
        scale (greater than 0) and shift.

    Source: Schlossmacher, An iterative technique for absolute deviations curve fitting, 1973.

    >>> ramp = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    >>> scale, shift = align_disparity(ramp, 2 * ramp + 3, np.ones_like(ramp))
    >>> round(scale, 4), round(shift, 4)
    (2.0, 3.0)

    """
    step = -(-seen.size // _MAX_PIXELS)  # two numbers need no more pixels than that
    x, y, counts = (array.ravel()[::step] for array in (wanted, seen, weight))
    if counts.sum(dtype=np.float64) <= 1e-6 * counts.size:
        counts = np.ones_like(counts)
    # around their means, so that float32 is enough
    mean_x, mean_y = (float(values.mean(dtype=np.float64)) for values in (x, y))
    x, y = np.asarray(x - mean_x, np.float32), np.asarray(y - mean_y, np.float32)
    flat = 1e-10 * max(1e-10, mean_x**2), 1e-10 * max(1e-10, mean_y**2)
    moments = np.stack([x, y, x * x, x * y, y * y])
    fit, least = counts, np.float32(1e-3 * float(np.ptp(y)))
    slope, offset = 1.0, 0.0
    for _ in range(_ROUNDS):
        line = _line(np.einsum("kn,n->k", moments, fit) / fit.sum(), flat)
        if line is None:
            return 1.0, mean_x - mean_y + float(np.median((x - y)[counts >= counts.max() / 2]))
        slope, offset = line
        residual = np.float32(slope) * x
        residual -= y
        residual += np.float32(offset)
        np.maximum(np.abs(residual, out=residual), least, out=residual)
        fit = counts / residual
    return 1 / slope, mean_x - (mean_y + offset) / slope


def _line(moments: NDArray[np.float32], flat: tuple[float, float]) -> tuple[float, float] | None:
    """Slope and offset by weighted least squares, from the means of x, y, x x, x y and y y.

    None where the variance of x or y is at most that of `flat`, or the line falls.
    """
    mean_x, mean_y, square_x, product, square_y = moments.tolist()
    variance_x, variance_y, covariance = square_x - mean_x**2, square_y - mean_y**2, product - mean_x * mean_y
    is_flat = variance_x <= flat[0] or variance_y <= flat[1]
    if is_flat or covariance <= 0.01 * (variance_x * variance_y) ** 0.5:
        return None
    slope = covariance / variance_x
    return slope, mean_y - slope * mean_x
