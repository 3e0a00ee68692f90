"""The order of an epoch is a shuffle, though nobody ever writes it down."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from cleanplate.train.order import sample_at


def _order(count: int, seed: int = 3, epoch: int = 0) -> list[int]:
    return [sample_at(place, count, seed, epoch) for place in range(count)]


@example(1, 0, 0)
@example(2, 0, 0)
@example(64, 1, 0)
@example(65, 1, 0)
@example(256, 2**70, 2**70)
@example(257, 0, 1)
@given(st.integers(1, 300), st.integers(0, 2**32), st.integers(0, 1000))
def test_every_sample_has_one_place(count: int, seed: int, epoch: int) -> None:
    assert sorted(_order(count, seed, epoch)) == list(range(count))


def test_every_seed_and_every_epoch_has_an_order_of_its_own() -> None:
    orders = [_order(50, seed, epoch) for seed in range(5) for epoch in range(5)]
    assert len(set(map(tuple, orders))) == 25
    assert _order(50, 1, 12) != _order(50, 11, 2)


@pytest.mark.parametrize("count", [1024, 3000, 4097])
def test_what_comes_together_does_not_lie_together(count: int) -> None:
    order = np.array(_order(count))
    steps = np.abs(np.diff(order))
    assert np.count_nonzero(steps == 1) <= 10  # of a true shuffle: 2, give or take 1.4
    assert abs(steps.mean() / count - 1 / 3) < 0.025  # a third, give or take 0.0075 at most
    assert abs(np.corrcoef(np.arange(count), order)[0, 1]) < 0.1  # 0, give or take 0.031 at most


def _unevenness(counts: NDArray[np.int64]) -> float:
    """Chi-squared by its degrees of freedom: 1 where all are equally likely."""
    expected = counts.mean()
    return float(((counts - expected) ** 2 / expected).sum() / (counts.size - 1))


def test_over_the_epochs_every_sample_comes_as_often_at_every_place_and_after_every_other() -> None:
    orders = np.array([_order(10, epoch=epoch) for epoch in range(3000)])
    for place in range(10):
        assert _unevenness(np.bincount(orders[:, place], minlength=10)) < 3
    pairs = np.bincount(orders[:, 0] * 10 + orders[:, 1], minlength=100).reshape(10, 10)
    assert _unevenness(pairs[~np.eye(10, dtype=bool)]) < 1.6


def test_the_order_is_the_same_on_every_machine() -> None:
    assert _order(10, seed=0, epoch=0) == [2, 4, 8, 9, 5, 1, 3, 0, 6, 7]
    assert [sample_at(place, 10**6, 7, 2) for place in (0, 1, 999_999)] == [970_159, 615_271, 908_199]
    assert sample_at(0, 10**12, 2**40, 10**6) == 921_433_405_516


def test_a_place_costs_no_memory_however_many_there_are() -> None:
    sample_at(0, 10**15, 3, 0)
    tracemalloc.start()
    for place in range(100):
        sample_at(place, 10**15, 3, 0)
    greatest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert greatest < 10_000


@pytest.mark.parametrize(("place", "count"), [(-1, 5), (5, 5), (0, 0)])
def test_there_is_no_place_before_the_first_or_after_the_last(place: int, count: int) -> None:
    with pytest.raises(IndexError):
        sample_at(place, count, 3, 0)
