"""Seats and tops are found where they are."""

import numpy as np
import pytest

from cleanplate.assets.measure import relief, seats_facing_front, seats_on_sides, top_of
from cleanplate.synth.geometry.mesh import Surface, box, merged, revolved
from cleanplate.synth.geometry.vectors import Floats

PLAIN = Surface(np.ones((1, 1, 3), np.float32))


def shape(*boxes: tuple[tuple[float, float, float], tuple[float, float, float]]) -> Floats:
    return merged([box(low, high, PLAIN) for low, high in boxes]).corners


def test_a_chairs_seat_is_before_its_back() -> None:
    chair = shape(((-0.25, -0.25, 0.4), (0.25, 0.25, 0.45)), ((-0.25, 0.2, 0.45), (0.25, 0.25, 0.9)))
    ((x, y, height, heading),) = seats_facing_front(relief(chair), 0.56)
    assert (x, height, heading) == pytest.approx((0, 0.45, 0), abs=0.02)
    assert -0.1 < y < 0.1


def test_a_sofa_has_a_seat_for_each_sitter_between_its_arms() -> None:
    sofa = shape(
        ((-1, -0.4, 0), (1, 0.4, 0.42)),
        ((-1, 0.2, 0.42), (1, 0.4, 0.9)),
        ((-1, -0.4, 0.42), (-0.85, 0.4, 0.65)),
        ((0.85, -0.4, 0.42), (1, 0.4, 0.65)),
    )
    seats = seats_facing_front(relief(sofa), 0.56)
    assert len(seats) == 3
    assert all(
        abs(x) < 0.75 and -0.2 < y < 0.2 and height == pytest.approx(0.42, abs=0.01) for x, y, height, _ in seats
    )


def test_one_sits_on_both_sides_of_a_bed_and_looks_away_from_it() -> None:
    left, right = seats_on_sides(relief(shape(((-0.8, -1, 0), (0.8, 1, 0.5)), ((-0.8, 0.95, 0), (0.8, 1, 1.1)))))
    assert left[0] < -0.4
    assert right[0] > 0.4
    assert (left[3], right[3]) == pytest.approx((-np.pi / 2, np.pi / 2))


def test_a_cupboard_is_no_seat() -> None:
    assert seats_facing_front(relief(shape(((-0.5, -0.3, 0), (0.5, 0.3, 1.8)))), 0.56) == []


def test_the_free_part_of_a_round_table_is_inside_it() -> None:
    table = revolved([(0.6, 0.7), (0.6, 0.74), (0, 0.74)], PLAIN, 40).corners
    top = top_of(relief(table))
    assert top is not None
    x0, y0, x1, y1, z = top
    assert z == pytest.approx(0.74, abs=0.01)
    assert max(np.hypot(x, y) for x in (x0, x1) for y in (y0, y1)) < 0.61
    assert (x1 - x0) * (y1 - y0) > 0.5


def test_nothing_stands_on_a_bowl() -> None:
    assert top_of(relief(revolved([(0, 0), (0.3, 0.3), (0.5, 0.9)], PLAIN, 30).corners)) is None
