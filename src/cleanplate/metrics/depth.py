"""How well a disparity of unknown scale and shift fits a depth in metres."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image
from cleanplate.metrics import Mask

NEAREST_M, FARTHEST_M = 0.3, 10.0
"""Metres. Depth outside this open range is not scored: no depth camera can be trusted there."""


class Alignment(NamedTuple):
    """`inverse_depth = scale * disparity + shift`, in 1/m; the scale is never negative."""

    scale: float
    shift: float


def valid_depth(depth_m: Image) -> Mask:
    """Where a measured depth (h, w) in metres can be scored: between 0.3 and 10 m; 0 stands for unknown.

    >>> valid_depth(np.array([[0.0, 0.3, 2.0, 10.0]], np.float32))
    array([[False, False,  True, False]])
    """
    return (depth_m > NEAREST_M) & (depth_m < FARTHEST_M)


def align(disparity: Image, depth_m: Image, valid: Mask) -> Alignment:
    """The scale and shift that bring `disparity` closest to `1 / depth_m` over the `valid` pixels, by least squares.

    All three are (h, w). A scale that is not positive says that near and far are swapped; such a disparity deserves no
    credit for its pattern and gets scale 0 and the best constant, the mean of `1 / depth_m`. At least one pixel must be
    valid. Source: Ranftl et al., 2020, "Towards Robust Monocular Depth Estimation", equation 3.

    >>> depth_m = np.array([[1.0, 2.0, 4.0]], np.float32)
    >>> [round(value, 6) for value in align(3 / depth_m - 1, depth_m, depth_m > 0)]
    [0.333333, 0.333333]
    >>> [round(value, 6) for value in align(-1 / depth_m, depth_m, depth_m > 0)]
    [0.0, 0.583333]
    """
    inverse_depth = 1 / depth_m[valid].astype(np.float64)
    guess = disparity[valid].astype(np.float64)
    guess_mean, mean = guess.mean(), float(inverse_depth.mean())
    guess -= guess_mean  # a shift however large beside the pattern must not drown it
    spread, together = guess @ guess, guess @ (inverse_depth - mean)
    if together <= 0 or spread == 0:
        return Alignment(0.0, mean)
    scale = float(together / spread)
    return Alignment(scale, mean - scale * float(guess_mean))


def aligned_depth_m(disparity: Image, depth_m: Image, valid: Mask) -> NDArray[np.float64]:
    """The depth in metres (h, w) that `disparity` stands for after `align` with the measured `depth_m`.

    It is kept between half the smallest and 1.5 times the largest valid depth, so that an inverse depth near or below
    zero costs much but not everything.

    >>> depth_m = np.array([[1.0, 2.0, 4.0]], np.float32)
    >>> aligned_depth_m(5 / depth_m + 7, depth_m, depth_m > 0).round(5)
    array([[1., 2., 4.]])
    """
    scale, shift = align(disparity, depth_m, valid)
    farthest, nearest = 1 / (1.5 * depth_m[valid].max()), 1 / (0.5 * depth_m[valid].min())
    return 1 / np.clip(np.float64(scale) * disparity + shift, farthest, nearest)


def abs_rel(guess_m: NDArray[np.float64], depth_m: Image, where: Mask) -> float:
    """Mean of `|guess - depth| / depth` over the pixels `where`, at least one; 0 is perfect.

    All three are (h, w), depths in metres. Source: Eigen et al., 2014, "Depth Map Prediction from a Single Image".

    >>> abs_rel(np.array([[1.5, 2.0]]), np.array([[1.0, 2.0]], np.float32), np.array([[True, True]]))
    0.25
    """
    guess_m, depth_m = guess_m[where], depth_m[where]
    return float(np.mean(np.abs(guess_m - depth_m) / depth_m))


def delta1(guess_m: NDArray[np.float64], depth_m: Image, where: Mask) -> float:
    """Share of the pixels `where`, at least one, with `max(guess / depth, depth / guess) < 1.25`; 1 is perfect.

    All three are (h, w), depths in metres. Source: Eigen et al., 2014, "Depth Map Prediction from a Single Image".

    >>> delta1(np.array([[1.2, 2.5]]), np.array([[1.0, 2.0]], np.float32), np.array([[True, True]]))
    0.5
    """
    guess_m, depth_m = guess_m[where], depth_m[where]
    return float((np.maximum(guess_m / depth_m, depth_m / guess_m) < 1.25).mean())


def correlation(guess: Image, truth: Image, where: Mask) -> float | None:
    """Pearson's correlation of `guess` and `truth` over the pixels `where`; in [-1, 1], larger is better.

    All three are (h, w), any units: a positive scale and a shift of either change nothing. A flat guess gets 0, and
    where the truth is flat, or no pixel is chosen, there is nothing to tell: `None`. Source: K. Pearson, 1895, "Note on
    regression and inheritance in the case of two parents".

    >>> truth = np.array([[1.0, 2.0, 4.0, 9.0]], np.float32)
    >>> where = truth < 5
    >>> round(correlation(3 * truth - 1, truth, where), 6), round(correlation(-truth, truth, where), 6)
    (1.0, -1.0)
    >>> correlation(0 * truth, truth, where), correlation(truth, 0 * truth, where)
    (0.0, None)
    """
    if not where.any() or np.ptp(truth[where]) == 0:
        return None
    if np.ptp(guess[where]) == 0:
        return 0.0
    return float(np.corrcoef(guess[where].astype(np.float64), truth[where].astype(np.float64))[0, 1])
