"""Spread independent work over processes."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_in_processes(function: Callable[[Item], Result], items: Iterable[Item], num_processes: int) -> Iterator[Result]:
    """Yield `function(item)` for every item, in order, computed by `num_processes` processes.

    One process means this one. `function` must be importable (top level of a module) and items and results picklable.
    Processes are spawned, so behaviour is the same on Linux, macOS and Windows.
    """
    if num_processes <= 1:
        yield from map(function, items)
        return
    with ProcessPoolExecutor(num_processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(function, items)
