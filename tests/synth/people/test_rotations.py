"""Parts of rotations put together are the whole."""

import numpy as np
import pytest

from cleanplate.synth.geometry.vectors import Floats, axis_turn, unit, vector
from cleanplate.synth.people.rotations import blended, fraction, matrices, shortest, twist_apart


def _random_turn(rng: np.random.Generator) -> Floats:
    return matrices(rng.normal(size=(1, 4)))[0]


@pytest.mark.parametrize("seed", range(10))
def test_a_third_of_a_rotation_three_times_is_the_rotation(seed: int) -> None:
    turn = _random_turn(np.random.default_rng(seed))
    third = fraction(turn, 1 / 3)
    np.testing.assert_allclose(third @ third @ third, turn, atol=1e-4)


@pytest.mark.parametrize("seed", range(10))
def test_the_smallest_rotation_brings_one_direction_to_another(seed: int) -> None:
    a, b = unit(np.random.default_rng(seed).normal(size=(2, 3)))
    turn = shortest(a, b)
    np.testing.assert_allclose(turn @ a, b, atol=1e-5)
    np.testing.assert_allclose(turn @ np.cross(a, b), np.cross(a, b), atol=1e-5)


def test_opposite_directions_have_a_rotation_too() -> None:
    np.testing.assert_allclose(shortest(vector(0, 0, 1), vector(0, 0, -1)) @ vector(0, 0, 1), (0, 0, -1), atol=1e-6)


@pytest.mark.parametrize("seed", range(10))
def test_half_of_the_twist_goes_to_the_second_bone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    axis = unit(rng.normal(size=3))
    turn = _random_turn(rng)
    first, second = twist_apart(turn, axis)
    np.testing.assert_allclose(first @ second, turn, atol=1e-4)
    np.testing.assert_allclose(second @ axis, axis, atol=1e-4)


def test_a_quarter_turn_s_quaternion_is_its_matrix() -> None:
    half = np.sqrt(0.5)
    np.testing.assert_allclose(matrices(np.array([[0, 0, half, half]]))[0], axis_turn(2, 90), atol=1e-6)


def test_blending_goes_the_short_way() -> None:
    a = np.array([[0, 0, 0, 1.0]])
    b = -np.array([[np.sin(0.3), 0, 0, np.cos(0.3)]])
    np.testing.assert_allclose(blended(a, b, 0.5), [[np.sin(0.15), 0, 0, np.cos(0.15)]], atol=1e-6)
