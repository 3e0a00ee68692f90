"""Where furniture stands in a place, what stands on it, and where somebody could sit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cleanplate.synth.geometry.mesh import bounds, turn_z
from cleanplate.synth.geometry.vectors import Floats
from cleanplate.synth.parts import Parts, Piece
from cleanplate.synth.places.walls import Shell
from cleanplate.synth.scene import Footprint, Prop

_HOW_MANY = {
    "room": (4, 18),
    "office": (6, 24),
    "corridor": (0, 7),
    "hall": (5, 26),
    "outdoor": (0, 7),
    "street": (0, 8),
}
"""Pieces that are tried in each kind of place: from the first number to one below the second."""


@dataclass(frozen=True, eq=False)
class Furnishing:
    """All furniture of a place.

    Attributes:
        props: every piece at its place, and every screen on one.
        seats: (k, 4) x, y, height, heading of every seat (see `Scene.seats`).
    """

    props: list[Prop]
    seats: Floats


def furnish(rng: np.random.Generator, shell: Shell, parts: Parts, taken: Sequence[Footprint] = ()) -> Furnishing:
    """Stand furniture along the walls, chairs at tables, and more in the open; what finds no room is left out.

    `taken`: where nothing may stand.
    """
    floor = _Floor(shell, taken)
    place = "outdoor" if shell.kind == "street" else shell.kind
    last: Piece | None = None
    for _ in range(int(rng.integers(*_HOW_MANY[shell.kind]))):
        # offices and halls hold rows of the same table or chair
        piece = last if last is not None and rng.random() < 0.3 else parts.piece(rng, place)
        last = piece
        spot = _spot(rng, shell, piece)
        if spot is None or not floor.put(piece, spot):
            continue
        if piece.top_m is not None:
            floor.props += _laid_on(rng, parts, piece, spot)
            if 0.6 < piece.top_m < 0.85:
                _seat_round(rng, parts.chair(rng), floor, piece, spot)
    return Furnishing(floor.props, np.array(floor.seats, np.float32).reshape(-1, 4))


class _Spot(NamedTuple):
    """Where a piece stands: a turn about z in radians, and x, y in metres."""

    turn: float
    x: float
    y: float

    def of(self, local: ArrayLike) -> Floats:
        """A point (3,) of the piece in the room."""
        return turn_z(self.turn) @ np.asarray(local, np.float32) + np.array([self.x, self.y, 0], np.float32)


class _Floor:
    """What has found a place so far."""

    def __init__(self, shell: Shell, taken: Sequence[Footprint]) -> None:
        self.shell = shell
        self.taken = list(taken)
        self.props: list[Prop] = []
        self.seats: list[tuple[float, float, float, float]] = []

    def put(self, piece: Piece, spot: _Spot) -> bool:
        """Stand a piece there if nothing is in its way."""
        meshes = [m.moved(turn_z(spot.turn), (spot.x, spot.y, 0)) for m in piece.meshes]
        lo, hi = bounds(meshes)
        footprint = (float(lo[0]), float(lo[1]), float(hi[0]), float(hi[1]))
        inside = abs(footprint[0]) <= self.shell.width / 2 >= abs(footprint[2]) and footprint[1] >= 0.9
        if not inside or footprint[3] > self.shell.depth or hi[2] > self.shell.height:
            return False
        if any(overlap(footprint, other) for other in self.taken):
            return False
        self.taken.append(footprint)
        self.props.append(Prop("furniture", meshes, footprint=footprint))
        for seat in piece.seats:
            hip = spot.of((seat.x, seat.y, 0))
            self.seats.append((float(hip[0]), float(hip[1]), seat.height, seat.heading + spot.turn))
        return True


def _spot(rng: np.random.Generator, shell: Shell, piece: Piece) -> _Spot | None:
    """A place for a piece, its back to a wall or anywhere; None where it is too large."""
    wall = str(rng.choice(["back", "left", "right"])) if rng.random() < (0.85 if piece.against_wall else 0.3) else ""
    turn = {"back": 0.0, "left": np.pi / 2, "right": -np.pi / 2}.get(wall)
    if turn is None:
        turn = float(rng.uniform(-np.pi, np.pi)) if rng.random() < 0.4 else float(rng.integers(4)) * np.pi / 2
    if rng.random() < 0.15:
        turn += float(rng.normal(0, 0.15))
    lo, hi = bounds([m.moved(turn_z(turn)) for m in piece.meshes])
    half_width = shell.width / 2 - 0.03
    left, right = -half_width - float(lo[0]), half_width - float(hi[0])
    front, back = 1.0 - min(float(lo[1]), 0.0), shell.depth - 0.03 - float(hi[1])
    if left >= right or front >= back:
        return None
    x, y = float(rng.uniform(left, right)), float(rng.uniform(front, back))
    return _Spot(turn, *{"back": (x, back), "left": (left, y), "right": (right, y)}.get(wall, (x, y)))


def _seat_round(rng: np.random.Generator, chair: Piece, floor: _Floor, table: Piece, spot: _Spot) -> None:
    """Chairs before and behind a table, facing it, more or less pushed in."""
    lo, hi = bounds(table.meshes)
    reach = -float(bounds(chair.meshes)[0][1])
    for side, often in ((-1, 0.6), (1, 0.35)):
        if rng.random() < often:
            edge = float(lo[1] if side < 0 else hi[1])
            along = float(rng.uniform(float(lo[0]), float(hi[0]))) / 2
            x, y, _ = spot.of((along, edge + side * (reach + rng.uniform(0.02, 0.35)), 0))
            facing = spot.turn + (np.pi if side < 0 else 0.0) + float(rng.normal(0, 0.12))
            floor.put(chair, _Spot(facing, float(x), float(y)))


def _laid_on(rng: np.random.Generator, parts: Parts, piece: Piece, spot: _Spot) -> list[Prop]:
    """Small things and screens on a piece's top."""
    lo, hi = bounds(piece.meshes)
    if piece.top is not None:
        lo, hi = np.array(piece.top[:2], np.float32), np.array(piece.top[2:], np.float32)
    out: list[Prop] = []
    taken: list[Footprint] = []
    for _ in range(int(rng.integers(0, 6))):
        screen = rng.random() < 0.4
        item = [m.moved(turn_z(float(rng.uniform(-0.6, 0.6)))) for m in (parts.screen if screen else parts.small)(rng)]
        low, high = bounds(item)
        first, last = lo[:2] - low[:2] + 0.02, hi[:2] - high[:2] - 0.02
        if (first >= last).any():
            continue
        x, y = (float(rng.uniform(float(first[axis]), float(last[axis]))) for axis in (0, 1))
        footprint = (x + float(low[0]), y + float(low[1]), x + float(high[0]), y + float(high[1]))
        if any(overlap(footprint, other) for other in taken):
            continue
        taken.append(footprint)
        lifted = [m.moved(None, (x, y, piece.top_m or 0)).moved(turn_z(spot.turn), (spot.x, spot.y, 0)) for m in item]
        out.append(Prop("screen" if screen else "small", lifted))
    return out


def overlap(a: ArrayLike, b: ArrayLike) -> bool:
    """Whether two footprints x0, y0, x1, y1 share ground.

    >>> overlap((0, 0, 2, 2), (1, 1, 3, 3)), overlap((0, 0, 1, 1), (1, 0, 2, 1))
    (True, False)
    """
    (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = np.asarray(a), np.asarray(b)
    return bool(ax0 < bx1 and bx0 < ax1 and ay0 < by1 and by0 < ay1)
