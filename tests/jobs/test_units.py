"""A work that was stopped in any way goes on, and its files are those of one that was not."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cleanplate.errors import CleanplateError, InputError, InterruptedWorkError, WorkerError
from cleanplate.jobs.ledger import LEDGER
from cleanplate.jobs.units import Crew, finished_units


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def whole(toys: Any, tmp_path: Path) -> dict[str, bytes]:
    (tmp_path / "whole").mkdir()
    toys.work(tmp_path / "whole", 0, 0)
    return files_in(tmp_path / "whole")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "d").mkdir()
    return tmp_path / "d"


def test_a_work_is_its_units_files_and_nothing_else(toys: Any, whole: dict[str, bytes]) -> None:
    items = {f"depth/{unit}-{item}.txt" for unit, size in enumerate(toys.SIZES) for item in range(size)}
    assert set(whole) == items | {f"{unit}.bin" for unit in range(6)} | {"complete"}
    assert whole["complete"] == b"unit 0 unit 1 unit 2 unit 3 unit 4 unit 5"


@pytest.mark.parametrize("num_workers", [1, 3])
def test_the_number_of_workers_changes_nothing(
    toys: Any, whole: dict[str, bytes], folder: Path, num_workers: int
) -> None:
    toys.work(folder, 0, num_workers)
    assert files_in(folder) == whole


@pytest.mark.parametrize(
    ("make", "num_workers", "failure"),
    [
        ("write_on_a_full_disk", 0, (InputError, 6, r"d: cannot be written \(No space left on device\); make room")),
        ("write_on_a_full_disk", 1, (InputError, 6, r"d: cannot be written \(No space left on device\); make room")),
        ("die_in_unit_three", 1, (WorkerError, 9, "a worker process was ended by SIGKILL")),
    ],
)
def test_what_was_finished_before_a_failure_is_kept(  # noqa: PLR0917
    toys: Any,
    whole: dict[str, bytes],
    folder: Path,
    make: str,
    num_workers: int,
    failure: tuple[type[CleanplateError], int, str],
) -> None:
    kind, num_kept, said = failure
    with (
        pytest.raises(kind, match=said) as caught,
        finished_units(folder, {"seed": 1}, getattr(toys, make), toys.SIZES, Crew(num_workers)),
    ):
        pytest.fail("the work cannot be finished")
    num_kept = 6 if kind is InputError else 9
    assert str(caught.value).endswith(
        f"; {num_kept} of 17 samples are kept, and the same command goes on with the rest"
    )
    assert set(files_in(folder)) - {LEDGER} < set(whole)
    made = [path.stat().st_mtime_ns for path in folder.glob("*.bin")]
    toys.work(folder, 0, 0)
    assert files_in(folder) == whole
    assert set(made) <= {path.stat().st_mtime_ns for path in folder.glob("*.bin")}


def test_ctrl_c_says_how_to_go_on(toys: Any, whole: dict[str, bytes], folder: Path) -> None:
    def interrupted(unit: int, staging: Path, advance: Callable[[int], None]) -> dict[str, Any]:
        if unit == 1:
            raise KeyboardInterrupt
        return toys.write_unit(0, unit, staging, advance)

    with (
        pytest.raises(InterruptedWorkError, match=r"^stopped; 3 of 17 samples are kept, and the same command goes on"),
        finished_units(folder, {"seed": 1}, interrupted, toys.SIZES, Crew()),
    ):
        pytest.fail("the work cannot be finished")
    toys.work(folder, 0, 0)
    assert files_in(folder) == whole


def test_files_that_got_lost_are_made_again(toys: Any, whole: dict[str, bytes], folder: Path) -> None:
    with (
        pytest.raises(InputError),
        finished_units(folder, {"seed": 1}, toys.write_on_a_full_disk, toys.SIZES, Crew()),
    ):
        pytest.fail("the work cannot be finished")
    (folder / "0.bin").write_bytes(b"cut off")
    (folder / "depth" / "1-0.txt").unlink()
    toys.work(folder, 0, 0)
    assert files_in(folder) == whole


def test_a_disk_too_small_is_told_before_the_work_starts(toys: Any, folder: Path) -> None:
    make = partial(toys.write_unit, 0)
    with (
        pytest.raises(InputError, match=r"d: 17 samples need about 17000000000\.0 GB and .* are free; make room"),
        finished_units(folder, {"seed": 1}, make, toys.SIZES, Crew(), bytes_per_item=1e18),
    ):
        pytest.fail("the work cannot be finished")
    assert not list(folder.iterdir())  # and binds nobody to its plan


def test_a_unit_that_is_not_what_it_would_be_is_made_again(toys: Any, whole: dict[str, bytes], folder: Path) -> None:
    made: list[int] = []

    def make(unit: int, staging: Path, advance: Any) -> Any:
        made.append(unit)
        return toys.write_unit(0, unit, staging, advance)

    for once in ("interrupted", "finished"):
        with (
            suppress(KeyError),
            finished_units(folder, {"seed": 1}, make, toys.SIZES, Crew(), fits=lambda unit, _entry: unit != 1),
        ):
            if once == "interrupted":
                raise KeyError
    assert made == [*range(len(toys.SIZES)), 1]
    assert files_in(folder) == {name: data for name, data in whole.items() if name != "complete"}


@pytest.mark.slow
def test_killed_at_any_moment_no_file_is_lost_doubled_or_different(
    toys: Any, whole: dict[str, bytes], folder: Path
) -> None:
    num_kills = 0
    while not (folder / "complete").exists():
        worker = subprocess.Popen([sys.executable, toys.__file__, folder, "0.1", "2"], start_new_session=True)
        try:
            # another moment each time, and later and later: a slow machine must come to an end too
            worker.wait(0.5 + 0.13 * (num_kills % 5) + 0.04 * num_kills)
        except subprocess.TimeoutExpired:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
            num_kills += 1
        time.sleep(0.05)
    assert num_kills >= 2
    assert files_in(folder) == whole


@pytest.mark.slow
def test_workers_end_when_their_driver_is_killed(toys: Any, folder: Path) -> None:
    driver = subprocess.Popen([sys.executable, toys.__file__, folder, "0.3", "2"])
    while not list(folder.glob(".*.part")):
        time.sleep(0.05)
    driver.kill()
    driver.wait()
    time.sleep(1.5)  # no more than one item of each worker
    assert not list(folder.glob(".*.part"))
    shutil.rmtree(folder)


class _Usage(NamedTuple):
    total: int
    used: int
    free: int


def test_a_resumed_work_is_measured_by_what_it_has_made(
    toys: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        pytest.raises(InputError),
        finished_units(folder, {"seed": 1}, toys.write_on_a_full_disk, toys.SIZES, Crew()),
    ):
        pytest.fail("the work cannot be finished")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: _Usage(9000, 9000, 3000))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    with pytest.raises(InputError, match="11 samples need about"):
        toys.work(folder, 0, 0)


def test_a_work_that_made_nothing_can_be_begun_with_another_plan(toys: Any, folder: Path) -> None:
    def fail(*_: object) -> dict[str, Any]:
        raise InputError("--ray here: no Ray cluster answers")

    with (
        pytest.raises(InputError, match="no Ray cluster answers"),
        finished_units(folder, {"seed": 2}, fail, [3], Crew()),
    ):
        pytest.fail("the work cannot be finished")
    assert files_in(folder) == {}
    toys.work(folder, 0, 0)


def test_only_what_it_may_have_written_itself_is_removed(toys: Any, whole: dict[str, bytes], folder: Path) -> None:
    for name in (".00003-0123abcd.part", ".work.part"):
        (folder / name).mkdir()
        (folder / name / "inside.txt").write_text("x")
    for name in (".0123456789ab.part", ".holiday.mp4.part"):
        (folder / name).write_text("x")
    toys.work(folder, 0, 0)
    left = {name: data for name, data in files_in(folder).items() if name not in whole}
    assert sorted(left) == [".holiday.mp4.part", ".work.part/inside.txt"]
