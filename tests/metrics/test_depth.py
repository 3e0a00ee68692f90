"""What the depth scores promise, against closed forms and loops over pixels."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanplate.imaging import Image
from cleanplate.metrics import Mask, depth

SEEDS = range(8)


def _invented(seed: int, noise: float = 0.2) -> tuple[Image, Image, Mask]:
    """A noisy disparity, a measured depth with holes, and where that is valid."""
    rng = np.random.default_rng(seed)
    depth_m = rng.uniform(0.5, 9.0, (11, 13)).astype(np.float32)
    disparity = (3.0 / depth_m - 0.7 + rng.normal(0, noise, depth_m.shape)).astype(np.float32)
    depth_m[2:5, 3:9] = 0
    return disparity, depth_m, depth.valid_depth(depth_m)


def _fit_by_sums(disparity: Image, depth_m: Image, valid: Mask) -> tuple[float, float]:
    """Least squares through the covariance, in Python floats."""
    pairs = [
        (float(disparity[y, x]), 1 / float(depth_m[y, x]))
        for y, x in itertools.product(range(valid.shape[0]), range(valid.shape[1]))
        if valid[y, x]
    ]
    mean_x, mean_y = (math.fsum(column) / len(pairs) for column in zip(*pairs, strict=True))
    covariance = math.fsum((x - mean_x) * (y - mean_y) for x, y in pairs)
    scale = covariance / math.fsum((x - mean_x) ** 2 for x, _ in pairs)
    return (scale, mean_y - scale * mean_x) if scale > 0 else (0.0, mean_y)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("sign", [1, -1])
def test_the_alignment_equals_the_closed_form(seed: int, sign: int) -> None:
    disparity, depth_m, valid = _invented(seed)
    disparity = sign * disparity
    assert depth.align(disparity, depth_m, valid) == pytest.approx(_fit_by_sums(disparity, depth_m, valid), abs=1e-9)


@pytest.mark.parametrize(("scale", "shift"), [(2.0**-40, 0.0), (2.0**30, 0.0), (1.0, 1e5), (-(2.0**-40), 0.0)])
def test_neither_the_scale_nor_the_shift_of_a_disparity_changes_the_depth(scale: float, shift: float) -> None:
    disparity, depth_m, valid = _invented(0)
    disparity = np.round(disparity * 64) / np.float32(64)  # so that the shift rounds nothing away
    moved = (np.float32(scale) * disparity + np.float32(shift)).astype(np.float32)
    expected = depth.aligned_depth_m(disparity if scale > 0 else -disparity, depth_m, valid)
    np.testing.assert_allclose(depth.aligned_depth_m(moved, depth_m, valid), expected, rtol=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_scores_equal_counting_pixel_by_pixel(seed: int) -> None:
    disparity, depth_m, valid = _invented(seed, noise=1.0)
    scale, shift = _fit_by_sums(disparity, depth_m, valid)
    measured = [float(value) for value in depth_m.ravel() if value > 0]
    relative: list[float] = []
    close = 0
    for y, x in itertools.product(range(valid.shape[0]), range(valid.shape[1])):
        if valid[y, x]:
            truth = float(depth_m[y, x])
            inverse = scale * float(disparity[y, x]) + shift
            guess = 1 / min(max(inverse, 1 / (1.5 * max(measured))), 1 / (0.5 * min(measured)))
            relative.append(abs(guess - truth) / truth)
            close += max(guess / truth, truth / guess) < 1.25
    guess_m = depth.aligned_depth_m(disparity, depth_m, valid)
    assert depth.abs_rel(guess_m, depth_m, valid) == pytest.approx(sum(relative) / len(relative), rel=1e-5)
    assert depth.delta1(guess_m, depth_m, valid) == pytest.approx(close / len(relative))


@given(seed=st.integers(0, 7), scale=st.floats(0.05, 50), shift=st.floats(-20, 20))
def test_scale_and_shift_of_the_disparity_do_not_matter(seed: int, scale: float, shift: float) -> None:
    disparity, depth_m, valid = _invented(seed)
    plain = depth.aligned_depth_m(disparity, depth_m, valid)
    moved = depth.aligned_depth_m((scale * disparity.astype(np.float64) + shift).astype(np.float32), depth_m, valid)
    np.testing.assert_allclose(moved, plain, rtol=2e-3)
    assert depth.abs_rel(moved, depth_m, valid) == pytest.approx(depth.abs_rel(plain, depth_m, valid), abs=1e-3)


def test_the_true_inverse_depth_scores_perfectly() -> None:
    _, depth_m, valid = _invented(3)
    disparity = np.where(valid, 1 / np.maximum(depth_m, 0.1), 0).astype(np.float32)
    guess_m = depth.aligned_depth_m(disparity, depth_m, valid)
    assert depth.abs_rel(guess_m, depth_m, valid) == pytest.approx(0, abs=1e-6)
    assert depth.delta1(guess_m, depth_m, valid) == 1


def test_swapped_near_and_far_gets_the_best_constant_instead_of_credit() -> None:
    disparity, depth_m, valid = _invented(5)
    swapped = depth.aligned_depth_m(-disparity, depth_m, valid)
    best_constant = 1 / np.mean(1 / depth_m[valid].astype(np.float64))
    np.testing.assert_allclose(swapped, best_constant)


def test_a_disparity_without_any_pattern_gets_the_best_constant() -> None:
    _, depth_m, valid = _invented(6)
    flat = depth.aligned_depth_m(np.full_like(depth_m, 4.0), depth_m, valid)
    np.testing.assert_allclose(flat, 1 / np.mean(1 / depth_m[valid].astype(np.float64)))


def test_holes_in_the_measured_depth_change_nothing() -> None:
    disparity, depth_m, valid = _invented(2)
    wild = np.where(valid, disparity, np.float32(900))
    assert depth.align(wild, depth_m, valid) == depth.align(disparity, depth_m, valid)


def test_a_guess_beyond_the_measured_range_is_held_at_its_ends() -> None:
    disparity, depth_m, valid = _invented(1)
    disparity[0, 0], disparity[0, 1] = 1e6, -1e6
    valid[0, :2] = False
    guess_m = depth.aligned_depth_m(disparity, depth_m, valid)
    assert guess_m[0, 0] == pytest.approx(0.5 * depth_m[valid].min())
    assert guess_m[0, 1] == pytest.approx(1.5 * depth_m[valid].max())


def test_only_depth_between_30_cm_and_10_m_counts() -> None:
    depth_m = np.array([[0, 0.3, 0.301, 9.999, 10, 12]], np.float32)
    assert depth.valid_depth(depth_m).tolist() == [[False, False, True, True, False, False]]


def test_the_region_asked_for_is_the_region_scored() -> None:
    guess_m, depth_m = np.array([[1.0, 3.0, 6.0]]), np.array([[1.0, 2.0, 4.0]], np.float32)
    assert depth.abs_rel(guess_m, depth_m, np.array([[True, False, False]])) == 0
    assert depth.abs_rel(guess_m, depth_m, np.array([[True, True, False]])) == 0.25
    assert depth.delta1(guess_m, depth_m, np.array([[True, True, False]])) == 0.5


def test_delta1_counts_guesses_less_than_a_quarter_off_either_way() -> None:
    depth_m = np.array([[4.0, 4.0, 4.0, 5.0, 5.0, 5.0]], np.float32)
    guess_m = np.array([[4.99, 5.0, 5.01, 4.01, 4.0, 3.99]])
    close = [depth.delta1(guess_m, depth_m, np.arange(6)[None] == pixel) for pixel in range(6)]
    assert close == [1, 0, 0, 1, 0, 0]
