"""What is known at some places is carried to the others."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cleanplate.imaging.spreading import sampled, spread

SEED = st.integers(0, 2**32 - 1)


@given(SEED)
def test_what_is_spread_lies_between_what_is_known(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, weight = rng.random((9, 13, 2), np.float32), (rng.random((9, 13)) > 0.7).astype(np.float32)
    weight[4, 4] = 1
    means, known = spread(values, weight)
    inside = values[weight > 0]
    assert (means >= inside.min(axis=0) - 1e-5).all()
    assert (means <= inside.max(axis=0) + 1e-5).all()
    assert (known > 0).all()


def test_the_nearest_counts_most() -> None:
    values = np.zeros((1, 41, 1), np.float32)
    values[0, -1] = 1
    weight = np.zeros((1, 41), np.float32)
    weight[0, [0, -1]] = 1
    means, _ = spread(values, weight)
    assert means[0, 3, 0] < 0.05
    assert means[0, -4, 0] > 0.95


def test_where_nothing_is_known_nothing_is_made_up() -> None:
    means, known = spread(np.ones((4, 5, 3), np.float32), np.zeros((4, 5), np.float32))
    assert not known.any()
    assert not means.any()


@given(SEED)
def test_at_whole_places_the_map_itself_is_sampled(seed: int) -> None:
    maps = np.random.default_rng(seed).random((5, 7, 3), np.float32)
    rows, columns = (index.reshape(-1).astype(np.float32) for index in np.mgrid[:5, :7])
    assert np.array_equal(sampled(maps, rows, columns), maps.reshape(-1, 3))
