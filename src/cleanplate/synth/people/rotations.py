"""Rotations (3, 3) and quaternions x, y, z, w: parts of them, what lies between them, what twists in them."""

import numpy as np

from cleanplate.synth.geometry.vectors import Floats, unit, vector
from cleanplate.synth.people.skeleton import UPRIGHT


def twist_apart(turn: Floats, axis: Floats) -> tuple[Floats, Floats]:
    """Two rotations whose product is `turn`: the second one is half of what turns about `axis`."""
    swung = turn @ axis
    swing = shortest(axis, swung)
    half = fraction(swing.T @ turn, 0.5)
    return turn @ half.T, half


def shortest(a: Floats, b: Floats) -> Floats:
    """The smallest rotation that brings the unit vector a to b."""
    v, c = np.cross(a, b), float(a @ b)
    if c < -0.9999:
        other = np.cross(a, vector(0, 1, 0) if abs(a[1]) < 0.9 else vector(1, 0, 0))
        n = unit(other)
        return (2 * np.outer(n, n) - np.eye(3)).astype(np.float32)
    k = np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
    return (np.eye(3) + k + k @ k / (1 + c)).astype(np.float32)


def fraction(turn: Floats, share: float) -> Floats:
    """A part of a rotation about its own axis."""
    cosine = np.clip((np.trace(turn) - 1) / 2, -1, 1)
    angle = float(np.arccos(cosine))
    if angle < 1e-5:
        return UPRIGHT
    axis = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]])
    length = np.linalg.norm(axis)
    if length < 1e-6:
        return turn.astype(np.float32)
    x, y, z = axis / length
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return (np.eye(3) + np.sin(share * angle) * k + (1 - np.cos(share * angle)) * k @ k).astype(np.float32)


def blended(a: Floats, b: Floats, share: float) -> Floats:
    """Quaternions (n, 4) between two sets, the short way (normalised linear interpolation)."""
    near = np.where((a * b).sum(-1, keepdims=True) < 0, -b, b)
    mixed = (1 - share) * a + share * near
    return (mixed / np.linalg.norm(mixed, axis=-1, keepdims=True)).astype(np.float32)


def matrices(quaternions: Floats) -> Floats:
    """Rotations (n, 3, 3) from quaternions x, y, z, w (n, 4) of any length."""
    x, y, z, w = (quaternions / np.linalg.norm(quaternions, axis=-1, keepdims=True)).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows, np.float32), -1, 0)
