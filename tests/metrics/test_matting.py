"""What the matte's scores promise, against loops that do the definition pixel by pixel."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanplate.imaging import Image
from cleanplate.metrics import Mask, matting

SEEDS = range(12)


def _invented(seed: int) -> tuple[Image, Mask, Mask]:
    """A noisy matte, a blocky truth and where it is known; some seeds touch the picture's border, one is empty."""
    rng = np.random.default_rng(seed)
    height, width = 7 + seed, 19 - seed
    truth = np.zeros((height, width), bool)
    truth[seed % 3 : 5 + seed // 2, 2 : 2 + seed] = True
    known = np.ones((height, width), bool)
    known[3:6, 4:8] = seed % 2 == 0
    alpha = np.clip(0.7 * truth + rng.normal(0.15, 0.4, (height, width)), 0, 1).astype(np.float32)
    return alpha, truth, known


def _scored_by_loops(truth: Mask, known: Mask, band_px: int) -> Mask:
    height, width = truth.shape
    scored = np.zeros_like(known)
    for y, x in itertools.product(range(height), range(width)):
        around = {
            bool(truth[v, u])
            for v in range(max(0, y - band_px), min(height, y + band_px + 1))
            for u in range(max(0, x - band_px), min(width, x + band_px + 1))
        }
        scored[y, x] = known[y, x] and len(around) == 1
    return scored


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("band_px", [0, 1, 2])
def test_scored_pixels_are_known_and_see_no_edge_within_the_band(seed: int, band_px: int) -> None:
    _, truth, known = _invented(seed)
    expected = _scored_by_loops(truth, known, band_px)
    np.testing.assert_array_equal(matting.scored_pixels(truth, known, band_px), expected)


def test_the_band_is_two_pixels_on_either_side() -> None:
    truth = np.zeros((1, 12), bool)
    truth[:, 6:] = True
    scored = matting.scored_pixels(truth, np.ones_like(truth))
    assert scored.astype(int).tolist() == [[1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1]]


@pytest.mark.parametrize("seed", SEEDS)
def test_scores_equal_counting_pixel_by_pixel(seed: int) -> None:
    alpha, truth, known = _invented(seed)
    scored = matting.scored_pixels(truth, known, band_px=1)
    both = either = 0
    errors: list[float] = []
    for y, x in itertools.product(range(truth.shape[0]), range(truth.shape[1])):
        if scored[y, x]:
            both += bool(truth[y, x]) and alpha[y, x] >= 0.5
            either += bool(truth[y, x]) or alpha[y, x] >= 0.5
            errors.append(abs(float(alpha[y, x]) - float(truth[y, x])))
    assert matting.iou(alpha, truth, scored) == pytest.approx(both / either if either else 0.0)
    assert matting.mean_absolute_error(alpha, truth, scored) == pytest.approx(sum(errors) / len(errors), abs=1e-6)


@given(seed=st.integers(1, 11))
def test_the_truth_itself_scores_perfectly_and_its_opposite_not_at_all(seed: int) -> None:
    _, truth, known = _invented(seed)
    truth[2:7, 2:7] = True
    scored = matting.scored_pixels(truth, known, band_px=0)
    assert matting.iou(truth.astype(np.float32), truth, scored) == 1
    assert matting.mean_absolute_error(truth.astype(np.float32), truth, scored) == 0
    assert matting.iou((~truth).astype(np.float32), truth, scored) == 0
    assert matting.mean_absolute_error((~truth).astype(np.float32), truth, scored) == 1


@given(seed=st.integers(0, 11), value=st.floats(0, 1, width=32))
def test_what_lies_outside_the_scored_pixels_changes_nothing(seed: int, value: float) -> None:
    alpha, truth, known = _invented(seed)
    scored = matting.scored_pixels(truth, known, band_px=1)
    other = np.where(scored, alpha, np.float32(value))
    assert matting.iou(other, truth, scored) == matting.iou(alpha, truth, scored)
    assert matting.mean_absolute_error(other, truth, scored) == matting.mean_absolute_error(alpha, truth, scored)


def test_an_alpha_of_exactly_one_half_is_foreground() -> None:
    truth = np.ones((4, 4), bool)
    just_below = np.full((4, 4), np.nextafter(np.float32(0.5), np.float32(0)))
    assert matting.iou(np.full((4, 4), 0.5, np.float32), truth, truth) == 1
    assert matting.iou(just_below, truth, truth) == 0


def test_a_single_pixel_that_is_found_is_a_perfect_overlap() -> None:
    truth = np.zeros((5, 5), bool)
    truth[2, 2] = True
    assert matting.iou(truth.astype(np.float32), truth, np.ones_like(truth)) == 1


def test_nothing_there_and_nothing_found_scores_zero_as_in_the_yardstick() -> None:
    nothing, everywhere = np.zeros((8, 8), bool), np.ones((8, 8), bool)
    assert matting.iou(np.zeros((8, 8), np.float32), nothing, everywhere) == 0
    assert matting.mean_absolute_error(np.zeros((8, 8), np.float32), nothing, everywhere) == 0


def test_without_a_scored_pixel_there_is_no_error_to_report() -> None:
    nowhere = np.zeros((8, 8), bool)
    assert matting.mean_absolute_error(np.ones((8, 8), np.float32), nowhere, nowhere) is None
    assert matting.iou(np.ones((8, 8), np.float32), nowhere, nowhere) == 0


def _soft(seed: int) -> Image:
    """A disc with a soft edge."""
    y, x = np.ogrid[:40, :50]
    return np.clip((10 + seed - np.hypot(y - 20, x - 25)) / (1 + seed / 3) + 0.5, 0, 1).astype(np.float32)


@given(seed=st.integers(0, 11))
def test_a_soft_truth_itself_has_no_error_of_any_kind(seed: int) -> None:
    truth = _soft(seed)
    assert matting.sum_absolute_differences(truth, truth) == 0
    assert matting.mean_squared_error(truth, truth) == 0
    assert matting.gradient_error(truth, truth) == 0
    assert matting.connectivity_error(truth, truth) == 0
    assert matting.mean_absolute_error(truth, truth, matting.near_edge(truth)) == 0


@given(seed=st.integers(0, 5))
def test_every_error_counts_the_same_when_matte_and_truth_are_mirrored_or_turned(seed: int) -> None:
    truth, alpha = _soft(seed), np.roll(_soft(seed + 3), 4, 1)
    for error in (
        matting.sum_absolute_differences,
        matting.mean_squared_error,
        matting.gradient_error,
        matting.connectivity_error,
    ):
        expected = error(alpha, truth)
        assert expected > 0
        assert error(alpha[:, ::-1], truth[:, ::-1]) == pytest.approx(expected)
        assert error(np.ascontiguousarray(alpha.T), np.ascontiguousarray(truth.T)) == pytest.approx(expected)


def test_the_gradient_error_sees_a_blur_that_the_overlap_does_not() -> None:
    sharp, blurred = _soft(0), np.clip(0.5 + (_soft(11) - 0.5) * 0.9, 0, 1).astype(np.float32)
    assert matting.gradient_error(blurred, sharp) > 10 * matting.gradient_error(np.clip(sharp, 0.01, 0.99), sharp)


def test_the_connectivity_error_counts_a_piece_that_floats_and_not_one_that_hangs_on() -> None:
    truth = np.zeros((40, 60), np.float32)
    truth[10:30, 10:30] = 1
    truth[10:30, 40:50] = 1
    piece = truth.copy()
    piece[10:30, 40:50] = 0.5  # the smaller of the two: never in the largest region, half as much of it sticks out
    thinner = truth.copy()
    thinner[10:30, 28:30] = 0.9
    assert matting.connectivity_error(piece, truth) == pytest.approx(200 * 0.5 / 1000)
    assert matting.connectivity_error(thinner, truth) == 0


def test_without_foreground_there_is_no_edge_and_with_a_hard_one_there_is() -> None:
    nothing = np.zeros((30, 30), np.float32)
    assert not matting.near_edge(nothing).any()
    assert matting.mean_absolute_error(nothing, nothing, matting.near_edge(nothing)) is None
    half = nothing.copy()
    half[:, 15:] = 1
    assert matting.near_edge(half, 2).sum(1).tolist() == [6] * 30
