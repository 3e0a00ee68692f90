"""A long work as units of files in a folder: killed at any moment, it goes on, and the files come out the same.

A unit's files come into the folder when they are whole and on the disk, and then the ledger says so. What the ledger
does not know is made again. So a unit must depend on nothing but the plan and its number.
"""

import os
import re
import secrets
import shutil
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol, cast

from cleanplate.errors import CleanplateError, InputError, InterruptedWorkError
from cleanplate.jobs.cluster import map_on_cluster
from cleanplate.jobs.ledger import Entry, Ledger
from cleanplate.jobs.processes import map_in_processes, rebuilt
from cleanplate.jobs.progress import Advance, nobody_looks, progress

_LEFTOVER = re.compile(r"\.(\d{5,}-[0-9a-f]{8}|[0-9a-f]{12})\.part")
"""Names of what was being written when a process was killed: units, and files (`imaging.files.replace_file`)."""


class MakeUnit(Protocol):
    """Makes one unit: a function at the top level of a module, or a `functools.partial` of one."""

    def __call__(self, unit: int, folder: Path, advance: Advance, /) -> Entry:
        """Write the unit's files into an empty folder and tell `advance` of every item done.

        Returns:
            What is to be known about the unit when all are finished (JSON values).
        """
        ...


@dataclass(frozen=True)
class Crew:
    """Who does the work.

    Attributes:
        num_workers: processes on this machine, 0 for this process alone; of a cluster, units at the same time.
        cluster: address of a Ray cluster ("auto", "HOST:PORT", "local"); None for processes on this machine.
    """

    num_workers: int = 0
    cluster: str | None = None


@contextmanager
def finished_units(
    folder: Path,
    plan: Mapping[str, Any],
    make: MakeUnit,
    sizes: Sequence[int],
    crew: Crew,
    *,
    what: str = "making",
    items: str = "samples",
    bytes_per_item: float = 0,
    fits: Callable[[int, Entry], bool] = lambda _unit, _entry: True,
) -> Generator[list[Entry]]:
    """Make the units that are missing in `folder`, then yield the entries of all, in order.

    When the `with` block ends well, the ledger is removed: the block writes what makes the work complete.

    Args:
        folder: for the files; it exists.
        plan: everything that decides what the files hold (JSON values); another plan is refused.
        make: makes a unit by its number.
        sizes: number of items in each unit.
        crew: who works.
        what: the work, for the progress bar.
        items: what is counted, in the plural.
        bytes_per_item: about how much an item takes, so that a disk too small is told before the work starts.
        fits: whether a finished unit still is what it would be; made again where not.

    Raises:
        InputError: another plan, no room, a folder that cannot be written, or what `make` raised.
        WorkerError: a worker has died. InterruptedWorkError: Ctrl-C. What was finished is kept each time.
    """
    with Ledger(folder, plan) as ledger:
        _remove_leftovers(folder)
        _forget_lost(ledger, fits)
        missing = {unit: size for unit, size in enumerate(sizes) if unit not in ledger.done}
        total, num_missing = sum(sizes), sum(missing.values())
        _refuse_small_disk(ledger, num_missing, items, bytes_per_item, done=total - num_missing)
        try:
            with progress(what, total, done=total - num_missing, items=items, summary=True) as advance:
                for unit, entry in _made(folder, make, missing, crew, advance):
                    ledger.add(unit, entry)
        except KeyboardInterrupt:
            raise InterruptedWorkError(f"stopped; {_kept(ledger, sizes, items)}") from None
        except CleanplateError as error:
            raise rebuilt(type(error), f"{error}; {_kept(ledger, sizes, items)}") from error
        finally:
            _remove_leftovers(folder)
        yield [ledger.done[unit] for unit in range(len(sizes))]
        ledger.close_finished()


def _made(
    folder: Path, make: MakeUnit, missing: Mapping[int, int], crew: Crew, advance: Advance
) -> Iterator[tuple[int, Entry]]:
    if crew.cluster is None:
        yield from map_in_processes(partial(_make_here, make, folder), missing, crew.num_workers, advance)
        return
    for unit, (entry, files) in map_on_cluster(partial(_make_away, make), missing, crew.cluster, crew.num_workers):
        with _staging(folder, unit) as staging:
            for name, data in files.items():
                (staging / name).parent.mkdir(parents=True, exist_ok=True)
                (staging / name).write_bytes(data)
            entry["files"] = _settle(staging, folder)
        yield unit, entry
        advance(missing[unit])


def _make_here(make: MakeUnit, folder: Path, unit: int, advance: Advance) -> Entry:
    """Make a unit and move its files into `folder`."""
    with _staging(folder, unit) as staging:
        entry = make(unit, staging, advance)
        return entry | {"files": _settle(staging, folder)}


def _make_away(make: MakeUnit, unit: int, _advance: Advance) -> tuple[Entry, dict[str, bytes]]:
    """Make a unit on a machine that does not see the folder: its entry, and the files' contents by name."""
    with TemporaryDirectory() as staging:
        entry = make(unit, Path(staging), nobody_looks)
        return entry, {name: (Path(staging) / name).read_bytes() for name in _files_in(Path(staging))}


@contextmanager
def _staging(folder: Path, unit: int) -> Generator[Path]:
    """A new folder inside `folder`, gone afterwards; where writing fails, the sentence names `folder`."""
    staging = folder / f".{unit:05d}-{secrets.token_hex(4)}.part"
    try:
        staging.mkdir()
        yield staging
    except InputError as error:
        raise InputError(str(error).replace(str(staging), str(folder))) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"{folder}: cannot be written ({reason}); make room and check the permissions") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _settle(staging: Path, folder: Path) -> dict[str, int]:
    """Move the files from `staging` into `folder`, once they are on the disk; their sizes by name."""
    sizes: dict[str, int] = {}
    for name in _files_in(staging):
        with (staging / name).open("rb+") as file:
            os.fsync(file.fileno())
        sizes[name] = (staging / name).stat().st_size
    folders: set[Path] = set()
    for name in sizes:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (staging / name).replace(target)
        folders.add(target.parent)
    for changed in folders:
        _sync_folder(changed)
    return sizes


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":  # elsewhere a folder cannot be opened
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _remove_leftovers(folder: Path) -> None:
    for path in folder.glob(".*.part"):
        if not _LEFTOVER.fullmatch(path.name):
            continue  # somebody else's
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _forget_lost(ledger: Ledger, fits: Callable[[int, Entry], bool]) -> None:
    """Units whose files somebody removed or cut off, of which nothing is known, or that do not fit, are made again."""
    for unit, entry in list(ledger.done.items()):
        files: object = entry.get("files")
        sizes = cast("dict[str, int]", files) if isinstance(files, dict) else None
        lost = sizes is None or any(_size(ledger.folder / name) != size for name, size in sizes.items())
        if lost or not fits(unit, entry):
            del ledger.done[unit]


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _refuse_small_disk(ledger: Ledger, num_missing: int, items: str, bytes_per_item: float, *, done: int) -> None:
    if done:
        known = sum(size for entry in ledger.done.values() for size in entry["files"].values())
        bytes_per_item = known / done
    needed, free = num_missing * bytes_per_item, shutil.disk_usage(ledger.folder).free
    if needed > free:
        raise InputError(
            f"{ledger.folder}: {num_missing} {items} need about {_amount(needed)} and {_amount(free)} are free; "
            "make room, or name a folder on a larger disk"
        )


def _amount(num_bytes: float) -> str:
    return f"{num_bytes / 1e9:.1f} GB" if num_bytes >= 1e9 else f"{num_bytes / 1e6:.1f} MB"


def _kept(ledger: Ledger, sizes: Sequence[int], items: str) -> str:
    num_done = sum(sizes[unit] for unit in ledger.done)
    return f"{num_done} of {sum(sizes)} {items} are kept, and the same command goes on with the rest"
