"""Threads ahead and behind keep order, lose nothing, and pass on what goes wrong."""

import threading
from collections.abc import Iterator

import pytest

from cleanplate.jobs.overlap import Behind, ahead

_PATIENCE_S = 10.0


def test_the_next_two_items_are_fetched_while_one_is_worked_on() -> None:
    fetched, too_many = threading.Event(), threading.Event()

    def items() -> Iterator[int]:
        yield 1
        yield 2
        fetched.set()
        yield 3
        too_many.set()
        yield 4

    got = ahead(items())
    assert next(got) == 1
    assert fetched.wait(_PATIENCE_S)
    assert not too_many.wait(0.05)
    assert list(got) == [2, 3, 4]


def test_what_fetching_raises_comes_where_its_item_would_have_come() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("torn")

    got = ahead(items())
    assert next(got) == 1
    with pytest.raises(ValueError, match="torn"):
        next(got)


def test_who_stops_listening_stops_the_source() -> None:
    closed = threading.Event()

    def items() -> Iterator[int]:
        try:
            yield from range(1000)
        finally:
            closed.set()

    got = ahead(items())
    assert next(got) == 0
    del got
    assert closed.wait(_PATIENCE_S)


def test_work_goes_on_while_what_is_behind_waits() -> None:
    go, done = threading.Event(), list[int]()

    def task(number: int) -> None:
        assert go.wait(_PATIENCE_S)
        done.append(number)

    with Behind() as later:
        later.do(task, 1)
        later.do(task, 2)
        assert done == []
        go.set()
    assert done == [1, 2]


def test_a_failed_task_is_told_and_nothing_after_it_is_done() -> None:
    done = list[int]()

    def task(number: int) -> None:
        if number == 1:
            raise OSError("full")
        done.append(number)

    def all_of_them() -> None:
        with Behind() as later:
            for number in range(10):
                later.do(task, number)

    with pytest.raises(OSError, match="full"):
        all_of_them()
    assert done == [0]


def test_a_failure_at_the_very_end_is_told_as_well() -> None:
    def fail() -> None:
        raise OSError("full")

    def at_the_end() -> None:
        with Behind() as later:
            later.do(fail)

    with pytest.raises(OSError, match="full"):
        at_the_end()


def test_what_was_given_is_done_before_an_exception_gets_out() -> None:
    done = list[int]()

    def interrupted() -> None:
        with Behind() as later:
            later.do(done.append, 1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert done == [1]
