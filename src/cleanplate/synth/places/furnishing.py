"""Where furniture stands in a place, and where somebody could sit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cleanplate.synth.geometry.mesh import Mesh, bounds, turn_z
from cleanplate.synth.geometry.vectors import Floats
from cleanplate.synth.places import furniture
from cleanplate.synth.places.walls import Shell

_HOW_MANY = {"room": (4, 16), "corridor": (0, 6), "hall": (5, 22), "outdoor": (0, 7)}
"""Pieces that are tried in each kind of place: from the first number to one below the second."""

Footprint = tuple[float, float, float, float]
"""x0, y0, x1, y1 in metres of the floor that something takes."""


@dataclass(frozen=True, eq=False)
class Furnishing:
    """All furniture of a place.

    Attributes:
        meshes: at their places.
        footprints: (k, 4) x0, y0, x1, y1 of every piece, metres.
        seats: (k, 4) x, y, height, heading of every seat (see `Scene.seats`).
    """

    meshes: list[Mesh]
    footprints: Floats
    seats: Floats


def furnish(rng: np.random.Generator, shell: Shell) -> Furnishing:
    """Stand furniture along the walls and in the open; what finds no room is left out."""
    meshes: list[Mesh] = []
    footprints: list[Footprint] = []
    seats: list[tuple[float, float, float, float]] = []
    for _ in range(int(rng.integers(*_HOW_MANY[shell.kind]))):
        builder = furniture.STANDING[int(rng.integers(len(furniture.STANDING)))]
        piece = builder(rng)
        turn = turn_z(
            float(rng.choice([0, np.pi / 2, np.pi, -np.pi / 2])) + (rng.normal(0, 0.2) if rng.random() < 0.4 else 0)
        )
        turned = [m.moved(turn) for m in piece]
        lo, hi = bounds(turned)
        place = _place(rng, shell, lo, hi)
        if place is None:
            continue
        x, y = place
        footprint = (x + lo[0], y + lo[1], x + hi[0], y + hi[1])
        if any(overlap(footprint, other) for other in footprints):
            continue
        footprints.append(footprint)
        meshes += [m.moved(None, (x, y, 0)) for m in turned]
        if builder in furniture.SEATS:
            height, along = furniture.SEATS[builder]
            hip = turn @ np.array([0, along, 0], np.float32)
            seats.append((x + hip[0], y + hip[1], height, float(np.arctan2(turn[1, 0], turn[0, 0]))))
    return Furnishing(
        meshes, np.array(footprints, np.float32).reshape(-1, 4), np.array(seats, np.float32).reshape(-1, 4)
    )


def _place(rng: np.random.Generator, shell: Shell, lo: Floats, hi: Floats) -> tuple[float, float] | None:
    """Somewhere for a piece with these lowest and highest corners (3,), or None where it does not fit at all."""
    # float32 throughout, like the corners: another rounding would give another data set
    room_x, room_y = np.float32(shell.width / 2 - np.maximum(hi[0], -lo[0])), np.float32(shell.depth - hi[1])
    if room_x <= 0.1 or room_y <= 1.2 - min(lo[1], 0) or hi[2] > shell.height:
        return None
    left, right, back = float(-room_x + 0.03), float(room_x - 0.03), float(room_y - 0.03)
    x, y = rng.uniform(-float(room_x), float(room_x)), rng.uniform(max(1.0, float(-lo[1])), back)
    if rng.random() < 0.65:  # against a wall, as most furniture stands
        return [(x, back), (left, y), (right, y)][int(rng.integers(3))]
    return x, y


def overlap(a: ArrayLike, b: ArrayLike) -> bool:
    """Whether two footprints x0, y0, x1, y1 share ground.

    >>> overlap((0, 0, 2, 2), (1, 1, 3, 3)), overlap((0, 0, 1, 1), (1, 0, 2, 1))
    (True, False)
    """
    (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = np.asarray(a), np.asarray(b)
    return bool(ax0 < bx1 and bx0 < ax1 and ay0 < by1 and by0 < ay1)
