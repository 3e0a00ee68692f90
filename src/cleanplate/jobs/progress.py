"""Show how far a long job is."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def track(items: Iterable[Item], what: str, total: int) -> Iterator[Item]:
    """Yield the items and draw a progress bar on standard error, where that is a terminal and `total` is over 1."""
    if total <= 1 or not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal pays for loading it
    from rich.progress import track as rich_track  # noqa: PLC0415

    yield from rich_track(items, description=what, total=total, console=Console(stderr=True))
