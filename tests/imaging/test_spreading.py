"""What is known at some places is carried to the others."""

from importlib import import_module
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanplate.imaging.planes import planes_of
from cleanplate.imaging.spreading import light_ratio, sampled, spread

ndimage: Any = import_module("scipy.ndimage")
SEED = st.integers(0, 2**32 - 1)


@given(SEED)
def test_what_is_spread_lies_between_what_is_known(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, weight = rng.random((9, 13, 2), np.float32), (rng.random((9, 13)) > 0.7).astype(np.float32)
    weight[4, 4] = 1
    means, known = spread(planes_of(values), weight)
    for mean, inside in zip(means, values[weight > 0].T, strict=True):
        assert inside.min() - 1e-5 <= mean.min()
        assert mean.max() <= inside.max() + 1e-5
    assert (known > 0).all()


def test_the_nearest_counts_most() -> None:
    values = np.zeros((1, 41), np.float32)
    values[0, -1] = 1
    weight = np.zeros((1, 41), np.float32)
    weight[0, [0, -1]] = 1
    (mean,), _ = spread([values], weight)
    assert mean[0, 3] < 0.05
    assert mean[0, -4] > 0.95


def test_where_nothing_is_known_nothing_is_made_up() -> None:
    means, known = spread([np.ones((4, 5), np.float32)] * 3, np.zeros((4, 5), np.float32))
    assert not known.any()
    assert not np.any(means)


def test_the_light_of_the_free_places_is_found_everywhere_and_is_1_where_none_is_free() -> None:
    reference = np.random.default_rng(0).uniform(0.3, 0.9, (9, 12)).astype(np.float32)
    free = np.zeros((9, 12), np.float32)
    free[:, :4] = 1
    (ratio,) = light_ratio([0.5 * reference], [reference], free)
    assert ratio == pytest.approx(0.5, abs=0.02)
    assert light_ratio([0.5 * reference], [reference], 0 * free)[0] == pytest.approx(1)


@given(SEED)
def test_at_whole_places_the_pixels_themselves_are_sampled(seed: int) -> None:
    picture = np.random.default_rng(seed).random((5, 7, 3), np.float32)
    rows, columns = (index.reshape(-1).astype(np.float32) for index in np.mgrid[:5, :7])
    assert np.array_equal(sampled(picture, rows, columns), picture.reshape(-1, 3).T)


@pytest.mark.parametrize("count", [1, 1023, 1024, 2500])
def test_between_them_they_are_interpolated_as_scipy_does(count: int) -> None:
    rng = np.random.default_rng(count)
    picture = rng.random((9, 14, 2), np.float32)
    rows, columns = (rng.uniform(-3, side + 3, count).astype(np.float32) for side in (9, 14))
    wanted = [
        ndimage.map_coordinates(plane, [rows, columns], order=1, mode="nearest") for plane in np.moveaxis(picture, 2, 0)
    ]
    assert sampled(picture, rows, columns) == pytest.approx(np.array(wanted), abs=0.035)  # cv2 4 steps by 1/32
