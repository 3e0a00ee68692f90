"""Rows of vectors (..., 3) and what is done with them.

Products are einsums because numpy's sums over a last axis of three are several times slower.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
"""Real numbers: float32 where they are kept, sometimes float64 on the way there."""

Ints = NDArray[np.integer[Any]]
"""Indices and counts."""

Bools = NDArray[np.bool_]
"""Yes or no, one for each ray, pixel or vertex."""


def vector(*values: float) -> Floats:
    """The values as float32.

    >>> vector(1, 2, 3).dtype
    dtype('float32')
    """
    return np.array(values, np.float32)


def dot(a: Floats, b: Floats) -> Floats:
    """Scalar products along the last axis of (..., n) vectors, (...).

    >>> dot(vector(1, 2, 3), vector(4, 5, 6)).item()
    32.0
    """
    return np.einsum("...i,...i->...", a, b)


def unit(vectors: Floats) -> NDArray[np.float32]:
    """Vectors (..., n) scaled to length 1 (zero stays zero), float32.

    >>> unit(vector(0, 3, 4)).round(3).tolist()
    [0.0, 0.6000000238418579, 0.800000011920929]
    """
    length = np.sqrt(dot(vectors, vectors))[..., None]
    return (vectors / np.maximum(length, 1e-12)).astype(np.float32)


def axis_turn(axis: int, degrees: float) -> Floats:
    """Rotation matrix (3, 3) about a coordinate axis (0 = x), right-handed: 90 degrees about z bring +x to +y.

    >>> np.allclose(axis_turn(2, 90) @ vector(1, 0, 0), vector(0, 1, 0), atol=1e-6)
    True
    """
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    i, j = [(1, 2), (2, 0), (0, 1)][axis]
    out = np.eye(3, dtype=np.float32)
    out[i, i], out[i, j], out[j, i], out[j, j] = c, -s, s, c
    return out
