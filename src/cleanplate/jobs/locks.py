"""One process at a time in a folder."""

from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from cleanplate.errors import InputError

_LOCK = ".lock"


@contextmanager
def alone_in(folder: Path) -> Generator[None]:
    """Keep everybody else who asks for it out of a folder; the system ends it with the process, however that ends.

    Raises:
        InputError: somebody else is in it.

    """
    path = folder / _LOCK
    with path.open("ab") as file:
        hold(file, folder)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def hold(file: IO[Any], folder: Path) -> None:
    """Lock an open file in a folder for this process.

    Raises:
        InputError: another process holds it.

    """
    try:
        fcntl = import_module("fcntl")
    except ImportError:  # Windows: two at once are not noticed
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InputError(f"{folder}: somebody is at work in it; wait, or name another folder") from None
    except OSError:  # a file system without locks
        return
