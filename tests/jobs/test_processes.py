"""Work in other processes: every result once, one thread each, and a clear word when something goes wrong."""

import multiprocessing.resource_tracker
import multiprocessing.spawn
import os
import shutil
import sys
import threading
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from cleanplate.errors import InputError, MissingExtraError, WorkerError
from cleanplate.jobs.processes import map_in_processes, rebuilt

FALSE = shutil.which("false")


@pytest.mark.parametrize("num_workers", [0, 1, 3])
def test_every_item_is_done_once_and_counted(toys: Any, num_workers: int) -> None:
    told: list[int] = []
    results = dict(map_in_processes(toys.square, range(7), num_workers, told.append))
    assert results == {item: item * item for item in range(7)}
    assert sum(told) == 7


@pytest.mark.parametrize("num_workers", [0, 2])
def test_what_a_task_says_before_it_is_done_arrives_before_its_result(toys: Any, num_workers: int) -> None:
    heard: list[object] = []
    for item, result in map_in_processes(toys.tell_words, range(4), num_workers, heard.append):
        assert f"half of {item}" in heard
        assert result == item
    assert sorted(map(str, heard)) == [f"half of {item}" for item in range(4)]


def test_a_worker_has_one_thread_and_leaves_ctrl_c_to_its_driver(toys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert list(map_in_processes(toys.threads, [0], 1)) == [(0, ("1", True))]
    assert toys.os.environ["OMP_NUM_THREADS"] == "5"


def test_a_worker_ended_by_the_system_is_one_sentence(toys: Any) -> None:
    with pytest.raises(
        WorkerError, match=r"^a worker process was ended by SIGKILL.*; fewer --workers need less of it$"
    ):
        list(map_in_processes(toys.die_at_three, range(6), 2))


@pytest.mark.skipif(FALSE is None, reason="there is no program that ends at once")
@pytest.mark.parametrize("large", ["nothing", "task", "command line"])
def test_a_worker_that_dies_while_it_starts_is_not_waited_for(
    toys: Any, monkeypatch: pytest.MonkeyPatch, large: str
) -> None:
    more_than_a_pipe_holds = "x" * 1_000_000
    task = partial(toys.square_beside, more_than_a_pipe_holds) if large == "task" else toys.square
    if large == "command line":
        monkeypatch.setattr(sys, "argv", ["cleanplate", more_than_a_pipe_holds])
    multiprocessing.resource_tracker.ensure_running()  # multiprocessing's own process is no worker
    monkeypatch.setattr(multiprocessing.spawn, "_python_exe", os.fsencode(str(FALSE)))
    before, failures = list(sys.argv), list[str]()

    def run() -> None:
        with pytest.raises(WorkerError) as failure:
            list(map_in_processes(task, range(4), 2))
        failures.append(str(failure.value))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(30)
    assert [words.partition(",")[0] for words in failures] == ["a worker process was gone (exit code 1)"]
    assert sys.argv == before


def test_a_task_that_a_worker_cannot_import_comes_with_the_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here_alone.py").write_text("def task(item, _tell):\n    return item\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    task = import_module("here_alone").task
    (tmp_path / "here_alone.py").write_text("raise ImportError('no library')\n")
    with pytest.raises(RuntimeError, match=r"(?s)a worker failed:.*ImportError: no library"):
        list(map_in_processes(task, range(4), 2))


@pytest.mark.parametrize("num_workers", [0, 1])
def test_what_a_worker_tells_the_user_is_told(toys: Any, num_workers: int) -> None:
    with pytest.raises(InputError, match=r"^three\.png: is not wanted; leave it out$"):
        list(map_in_processes(toys.refuse_at_three, range(6), num_workers))


def test_a_bug_in_a_worker_comes_with_its_traceback(toys: Any) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)fail_at_three.*ZeroDivisionError"):
        list(map_in_processes(toys.fail_at_three, range(6), 1))


def test_an_error_is_the_same_after_its_journey() -> None:
    error = MissingExtraError("cleanplate synth", "synth", "embreex")
    again = rebuilt(type(error), str(error))
    assert (type(again), str(again), again.exit_code) == (MissingExtraError, str(error), 2)


def test_a_worker_without_memory_is_one_sentence(toys: Any) -> None:
    with pytest.raises(WorkerError, match=r"^a worker process has no more memory; fewer --workers need less of it$"):
        list(map_in_processes(toys.have_no_memory, [0], 1))
