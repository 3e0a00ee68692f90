"""Lines through positive values of which what counts is by how many per cent they are missed."""

import math
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_ROUNDS = 40


def least_squares(x: Floats, y: Floats, weight: Floats | float = 1.0) -> tuple[float, float]:
    """Scale and shift of the line y = scale * x + shift of least weighted squares of relative errors; y is above 0.

    >>> [round(number, 6) for number in least_squares(np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 5.0]))]
    [2.0, 1.0]
    """
    root = np.sqrt(weight) / y
    line = np.linalg.lstsq(np.column_stack([x * root, root]), y * root, rcond=None)[0]
    return float(line[0]), float(line[1])


def least_logarithms(x: Floats, y: Floats) -> tuple[float, float]:
    """The line of the least sum of |log(fitted / y)|, about; some wrong points do not move it.

    Logarithms, because what is three times too far is as wrong as what is three times too near. Found by iterated
    reweighting of least squares. Source: Schlossmacher, An iterative technique for absolute deviations curve fitting,
    1973.
    """
    scale, shift = least_squares(x, y)
    for _ in range(_ROUNDS):
        ratio = np.maximum((scale * x + shift) / y, 1e-3)
        weight = np.maximum(np.abs(np.log(ratio)), 1e-5) / np.maximum(np.square(ratio - 1), 1e-10)
        scale, shift = least_squares(x, y, weight)
    return scale, shift


def steadiest_line(x: Floats, y: Floats) -> tuple[float, float]:
    """Of the rising lines through two of a few points the one with the least sum of |log(fitted / y)|.

    Scale 0 where no two points make a rising line.

    >>> steadiest_line(np.array([0.0, 1.0, 2.0, 3.0]), np.array([1.0, 3.0, 0.1, 7.0]))
    (2.0, 1.0)
    """
    best = (math.inf, 0.0, 0.0)
    for i, j in combinations(range(len(x)), 2):
        scale = (y[i] - y[j]) / (x[i] - x[j]) if x[i] != x[j] else 0.0
        if scale > 0:
            shift = y[i] - scale * x[i]
            off = np.abs(np.log(np.maximum((scale * x + shift) / y, 1e-6)))
            best = min(best, (float(off.sum()), float(scale), float(shift)))
    return best[1:]
