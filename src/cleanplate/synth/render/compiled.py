"""The one place that talks to numba (untyped): loops over rays and pixels as machine code, kept in the user's cache."""

import os
import uuid
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from cleanplate.errors import MissingExtraError
from cleanplate.synth.pack import cache_folder

try:
    _numba: Any = import_module("numba")
    _linker: Any = import_module("llvmlite.binding")
except ImportError as error:
    raise MissingExtraError("cleanplate synth", "synth", "numba") from error


def _can_keep(folder: Path) -> bool:
    """Whether files can be written there; a folder may say so and yet lie on a disk that is read only."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".{uuid.uuid4().hex}"
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True


_folder = Path(os.environ.get("NUMBA_CACHE_DIR") or cache_folder() / "compiled")  # never beside the source
_numba.config.CACHE_DIR = str(_folder)
_KEPT = _can_keep(_folder)

_Loop = TypeVar("_Loop", bound=Callable[..., Any])


def compiled(loop: _Loop) -> _Loop:
    """The function, compiled when it is first called with arguments of new types; a second process reads it back.

    Where the cache folder cannot be written every process compiles for itself.

    A loop may call only loops of its own file: numba's cache does not see when another file changes.
    """
    return _numba.njit(loop, cache=_KEPT, nogil=True, error_model="numpy", fastmath={"contract", "nsz", "arcp"})


def foreign(name: str, address: int, num_arguments: int) -> Callable[..., None]:
    """A C function at an address for use inside loops; it takes pointers or addresses as integers, returns nothing."""
    _linker.add_symbol(name, address)
    pointers = [_numba.types.uintp] * num_arguments
    return _numba.types.ExternalFunction(name, _numba.types.void(*pointers))
