"""Work in other processes: every result once, one thread each, and a clear word when something goes wrong."""

from typing import Any

import pytest

from cleanplate.errors import InputError, MissingExtraError, WorkerError
from cleanplate.jobs.processes import map_in_processes, rebuilt


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
