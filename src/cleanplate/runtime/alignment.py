"""The plate's disparity, and every run's brought onto its scale."""

import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image
from cleanplate.imaging.resize import resize
from cleanplate.runtime.session import SeenPlate, Session

_SECOND_LOOK = 0.75
_ROUNDS = 20
_MAX_PIXELS = 16_384


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
    x, y = wanted.ravel()[::step].astype(np.float64), seen.ravel()[::step].astype(np.float64)
    counts = weight.ravel()[::step].astype(np.float64)
    if counts.sum() <= 1e-6 * counts.size:
        counts = np.ones_like(counts)
    fit, least = counts, 1e-3 * float(np.ptp(y))
    slope, offset = 1.0, 0.0
    for _ in range(_ROUNDS):
        line = _fit_line(x, y, fit)
        if line is None:
            return 1.0, float(np.median((x - y)[counts >= counts.max() / 2]))
        slope, offset = line
        residual = slope * x
        residual -= y
        residual += offset
        np.maximum(np.abs(residual, out=residual), least, out=residual)
        fit = counts / residual
    return 1 / slope, -offset / slope


def _fit_line(
    x: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[float, float] | None:
    """Slope and offset of weighted least squares, or None where x or y is flat, or the line falls."""
    total = weight.sum()
    of_x, of_y = (
        weight * x,
        weight * y,
    )  # not by @: for so few numbers a library with threads waits longer than it works
    mean_x, mean_y = of_x.sum() / total, of_y.sum() / total
    squares_x, products, squares_y = (np.einsum("n,n", a, b) for a, b in ((of_x, x), (of_x, y), (of_y, y)))
    variance_x, covariance = squares_x / total - mean_x**2, products / total - mean_x * mean_y
    variance_y = squares_y / total - mean_y**2
    flat = variance_x <= 1e-10 * max(1e-10, mean_x**2) or variance_y <= 1e-10 * max(1e-10, mean_y**2)
    if flat or covariance <= 0.01 * np.sqrt(variance_x * variance_y):
        return None
    slope = covariance / variance_x
    return float(slope), float(mean_y - slope * mean_x)
