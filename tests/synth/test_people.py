"""Figures are whole, stand on their floor and are nobody twice."""

import numpy as np
import pytest

from cleanplate.synth.geometry.mesh import bounds
from cleanplate.synth.geometry.vectors import Floats
from cleanplate.synth.people.animals import make_animal
from cleanplate.synth.people.looks import random_looks
from cleanplate.synth.people.people import make_person
from cleanplate.synth.people.poses import FAMILIES, random_pose


@pytest.mark.parametrize("seed", range(6))
def test_a_standing_figure_touches_the_floor_and_has_a_human_size(seed: int) -> None:
    rng = np.random.default_rng(seed)
    looks = random_looks(rng)
    lo, hi = bounds(make_person(rng, looks))
    assert lo[2] == pytest.approx(0, abs=1e-5)
    assert 0.45 * looks.height_m < hi[2] < 1.45 * looks.height_m  # crouching; arms or a load held up
    assert (hi - lo)[:2].max() < 1.3 * looks.height_m


@pytest.mark.parametrize("seed", range(4))
def test_a_seated_figure_rests_on_its_seat(seed: int) -> None:
    rng = np.random.default_rng(seed)
    looks = random_looks(rng)
    lo, hi = bounds(make_person(rng, looks, seated=True))
    assert -0.75 < lo[2] < 0.02
    assert 0.35 * looks.height_m < hi[2] < 1.1 * looks.height_m


def test_seated_poses_are_drawn_only_when_asked_for() -> None:
    rng = np.random.default_rng(0)
    assert all(FAMILIES[random_pose(rng, seated=True).family].seated for _ in range(20))
    assert not any(FAMILIES[random_pose(rng).family].seated for _ in range(60))


def test_two_people_differ_and_one_seed_gives_one_person() -> None:
    def vertices(seed: int) -> Floats:
        rng = np.random.default_rng(seed)
        return make_person(rng, random_looks(rng))[0].vertices

    np.testing.assert_array_equal(vertices(1), vertices(1))
    assert vertices(1).shape != vertices(2).shape or not np.allclose(vertices(1), vertices(2))


def test_an_animal_stands_on_four_legs() -> None:
    meshes = make_animal(np.random.default_rng(3))
    points = np.concatenate([m.vertices for m in meshes])
    feet = points[points[:, 2] < 0.06]
    quadrants = {(bool(x > 0), bool(y > 0)) for x, y in feet[:, :2]}
    assert len(quadrants) == 4
