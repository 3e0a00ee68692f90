"""Show how far a long job is: a bar where somebody looks on, one line at its end where it is written down."""

import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.console import Console

Item = TypeVar("Item")
Advance = Callable[[int], None]
"""Is told how many more items are done."""

_SPEED_OVER_S = 300.0


def nobody_looks(num_items: int) -> None:
    """An `Advance` that shows nothing."""


@contextmanager
def progress(
    what: str,
    total: int,
    *,
    done: int = 0,
    items: str = "items",
    summary: bool = False,
    console: "Console | None" = None,
) -> Generator[Advance]:
    """Yield a function to be told how many more items are done; show a bar with the rate and the time left.

    The bar is drawn where the console is a terminal.

    Args:
        what: the work, for the bar's label: "rendering".
        total: number of items when all is done.
        done: how many of them were done before.
        items: what they are, in the plural.
        summary: whether there shall be one line at the end, "128 samples in 34 s (3.8/s)", where no bar is drawn.
        console: where to draw; standard error unless given.
    """
    started = time.monotonic()
    count = 0
    if console.is_terminal if console else sys.stderr.isatty():
        with _bar(what, total, done, items, console) as advance:
            yield advance
        return

    def counted(num_items: int) -> None:
        nonlocal count
        count += num_items

    yield counted
    if summary and count:
        seconds = time.monotonic() - started
        sys.stderr.write(f"cleanplate: {what}: {count} {items} in {seconds:.0f} s ({_rate(count, seconds)})\n")


def track(items: Iterable[Item], what: str, total: int) -> Iterator[Item]:
    """Yield the items and draw a progress bar on standard error, where that is a terminal and `total` is over 1."""
    if total <= 1:
        yield from items
        return
    with progress(what, total) as advance:
        for item in items:
            yield item
            advance(1)


@contextmanager
def _bar(what: str, total: int, done: int, items: str, console: "Console | None") -> Generator[Advance]:
    from rich.console import Console  # noqa: PLC0415 - only a terminal pays for loading it
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(items),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    console = console or Console(stderr=True)
    started, count = time.monotonic(), 0
    with Progress(*columns, console=console, speed_estimate_period=_SPEED_OVER_S) as bar:
        task = bar.add_task(what, total=total, completed=done, rate="")

        def advance(num_items: int) -> None:
            nonlocal count
            count += num_items
            bar.update(task, advance=num_items, rate=_rate(count, time.monotonic() - started))

        yield advance


def _rate(count: int, seconds: float) -> str:
    return f"{count / max(seconds, 1e-3):.3g}/s"
