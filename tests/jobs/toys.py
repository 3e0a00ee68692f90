"""Small work for the tests, in a module of its own: other processes must be able to import it."""

import errno
import os
import signal
import sys
import time
from functools import partial
from pathlib import Path

from cleanplate.errors import InputError
from cleanplate.jobs.ledger import Entry
from cleanplate.jobs.processes import Tell
from cleanplate.jobs.progress import Advance
from cleanplate.jobs.units import Crew, finished_units

SIZES = [3, 3, 3, 3, 3, 2]


def square(item: int, advance: Advance) -> int:
    advance(1)
    return item * item


def square_beside(_much: str, item: int, _tell: Tell) -> int:
    return item * item


def tell_words(item: int, tell: Tell) -> int:
    tell(f"half of {item}")
    return item


def slow_square(item: int, _advance: Advance) -> int:
    time.sleep(1)
    return item * item


def threads(_item: int, _advance: Advance) -> tuple[str | None, bool]:
    return os.environ.get("OMP_NUM_THREADS"), signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def die_at_three(item: int, _advance: Advance) -> int:
    if item == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def have_no_memory(_item: int, _tell: Tell) -> int:
    raise MemoryError


def refuse_at_three(item: int, _advance: Advance) -> int:
    if item == 3:
        raise InputError("three.png: is not wanted; leave it out")
    return item


def fail_at_three(item: int, _advance: Advance) -> float:
    return 1 / (item - 3)


def write_unit(pause_s: float, unit: int, folder: Path, advance: Advance) -> Entry:
    """Files that depend on the unit's number alone, made slowly."""
    (folder / "depth").mkdir()
    for item in range(SIZES[unit]):
        time.sleep(pause_s)
        (folder / "depth" / f"{unit}-{item}.txt").write_text(f"item {item} of unit {unit}")
        advance(1)
    (folder / f"{unit}.bin").write_bytes(bytes([unit]) * 1000)
    return {"name": f"unit {unit}"}


def write_on_a_full_disk(unit: int, folder: Path, advance: Advance) -> Entry:
    """Like `write_unit`, but there is room for two units only."""
    entry = write_unit(0, unit, folder, advance)
    if unit == 2:
        raise OSError(errno.ENOSPC, "No space left on device", str(folder / "2.bin"))
    return entry


def die_in_unit_three(unit: int, folder: Path, advance: Advance) -> Entry:
    """Like `write_unit`, but the system ends the process."""
    entry = write_unit(0, unit, folder, advance)
    if unit == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return entry


def work(folder: Path, pause_s: float, num_workers: int) -> None:
    make = partial(write_unit, pause_s)
    with finished_units(folder, {"seed": 1}, make, SIZES, Crew(num_workers)) as entries:
        (folder / "complete").write_text(" ".join(entry["name"] for entry in entries))


if __name__ == "__main__":
    work(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
