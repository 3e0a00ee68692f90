"""One process at a time in a folder."""

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from cleanplate.errors import InputError

_LOCK = ".lock"

_REMOVES_OPEN = os.name != "nt"
"""Whether a file can be removed that is open: Windows refuses it."""


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
            with suppress(FileNotFoundError):  # somebody has removed the folder
                remove_held(file, path)


def remove_held(file: IO[Any], path: Path) -> None:
    """Remove a file that this process holds, and close it: while nobody else can hold it, where the system allows it.

    Raises:
        OSError: it cannot be removed.

    """
    if not _REMOVES_OPEN:
        file.close()
    try:
        path.unlink()
    finally:
        file.close()


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
