"""Spread independent work over processes of this machine; nothing is shared but a pipe to each."""

import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, Protocol, TypeVar, cast

from cleanplate.errors import CleanplateError, WorkerError
from cleanplate.jobs.memory import keep_freed_memory
from cleanplate.jobs.progress import nobody_looks

ONE_THREAD: dict[str, str] = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "NUMBA_NUM_THREADS",
        "OPENCV_FOR_THREADS_NUM",
        "CLEANPLATE_THREADS",
    ),
    "1",
)
"""The environment of a worker, there before numpy is loaded; with one thread sums also come out the same everywhere."""

_GONE = (EOFError, BrokenPipeError, ConnectionResetError)
_FEWER = "fewer --workers need less of it"

Item_contra = TypeVar("Item_contra", contravariant=True)
Result_co = TypeVar("Result_co", covariant=True)
Item = TypeVar("Item")
Result = TypeVar("Result")

Tell = Callable[[Any], None]
"""Is told what a task says before it is done: how many more items are (`progress.Advance`), or what else it likes."""


class Task(Protocol[Item_contra, Result_co]):
    """What is done with one item. It must be importable (top level of a module); items and results are pickled."""

    def __call__(self, item: Item_contra, tell: Tell, /) -> Result_co:
        """The result; `tell` may be told of progress meanwhile, in words that are pickled."""
        ...


@dataclass(frozen=True)
class Answer(Generic[Result]):
    """How a task went in another process: its result, or what to tell the user, or the traceback of a bug."""

    result: Result | None = None
    refused: tuple[type[CleanplateError], str] | None = None
    crashed: str | None = None

    def value(self) -> Result:
        """The result; raises what the task raised."""
        if self.refused is not None:
            raise rebuilt(*self.refused)
        if self.crashed is not None:
            raise RuntimeError(f"a worker failed:\n{self.crashed}")
        return cast("Result", self.result)  # None is then what the task has returned


def answer(task: Task[Item, Result], item: Item, tell: Tell) -> Answer[Result]:
    """Do a task and catch what it raises, so that it can be sent to another process."""
    try:
        return Answer(task(item, tell))
    except CleanplateError as error:
        return Answer(refused=(type(error), str(error)))
    except MemoryError:
        return Answer(refused=(WorkerError, f"a worker process has no more memory; {_FEWER}"))
    except Exception:
        return Answer(crashed=traceback.format_exc())


def rebuilt(kind: type[CleanplateError], message: str) -> CleanplateError:
    """An error of that kind with that message, whatever arguments its class takes."""
    error = kind.__new__(kind, message)
    error.args = (message,)
    return error


def map_in_processes(
    task: Task[Item, Result], items: Iterable[Item], num_workers: int, tell: Tell = nobody_looks
) -> Iterator[tuple[Item, Result]]:
    """Yield (item, result) of every item as they get done, by `num_workers` processes with one thread each.

    Zero means this process. The processes are spawned, so behaviour is the same on Linux, macOS and Windows. They end
    when this generator does, however it does.

    Raises:
        WorkerError: a process has died, while it started or later.
        CleanplateError: what a task raised; the other tasks are given up.
    """
    if num_workers == 0:
        for item in items:
            yield item, task(item, tell)
        return
    queue = list(items)[::-1]
    workers = _start(min(num_workers, len(queue)))
    try:
        yield from _converse(workers, task, queue, tell)
    finally:
        for worker in workers:
            worker.process.kill()
        for worker in workers:
            worker.process.join()
            worker.pipe.close()


@dataclass(frozen=True, eq=False)
class _Worker:
    process: Any  # multiprocessing.context.SpawnProcess
    pipe: "Connection[Any, Any]"


def _converse(
    workers: Sequence[_Worker], task: Task[Item, Any], queue: list[Item], tell: Tell
) -> Iterator[tuple[Item, Any]]:
    """Hand out the task, and the queue from its end; a worker sends what `tell` is to be told and then its `Answer`."""
    at_work: dict[Connection[Any, Any], tuple[_Worker, Item]] = {}

    def hand_out(worker: _Worker) -> None:
        if queue:
            at_work[worker.pipe] = (worker, queue.pop())
            with suppress(*_GONE):  # the next `recv` will tell
                worker.pipe.send(at_work[worker.pipe][1])

    for worker in workers:
        with suppress(*_GONE):
            worker.pipe.send(task)
        hand_out(worker)
    while at_work:
        for pipe in wait(list(at_work)):
            worker, item = at_work[cast("Connection[Any, Any]", pipe)]
            try:
                message = worker.pipe.recv()
            except _GONE:
                raise _died(worker) from None
            if not isinstance(message, Answer):
                tell(message)
                continue
            del at_work[worker.pipe]
            yield item, cast("Answer[Any]", message).value()
            hand_out(worker)


def _start(count: int) -> list[_Worker]:
    context = multiprocessing.get_context("spawn")
    workers: list[_Worker] = []
    with _birth_conditions():
        for _ in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs,), daemon=True)
            process.start()
            theirs.close()
            workers.append(_Worker(process, ours))
    return workers


@contextmanager
def _birth_conditions() -> Generator[None]:
    """What processes started meanwhile inherit: one thread each, and deaf to Ctrl-C, which is ours to handle.

    They get no command line. `Process.start` writes what it gives them into a pipe whose other end it holds open: of
    more than a pipe holds, as the names of thousands of shots are, a process that has died by then is waited for.
    """
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    in_main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if in_main else None
    words, sys.argv = sys.argv, sys.argv[:1]
    os.environ.update(ONE_THREAD)
    try:
        yield
    finally:
        sys.argv = words
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        if in_main:
            signal.signal(signal.SIGINT, handler)


def _serve(pipe: "Connection[Any, Any]") -> None:
    """A worker's life: it ends with the process at the other end of the pipe."""
    keep_freed_memory()
    with suppress(*_GONE):
        try:
            task: Task[Any, Any] = pipe.recv()
        except Exception:  # its module cannot be imported, say
            pipe.send(Answer(crashed=traceback.format_exc()))
            return
        while True:
            item = pipe.recv()
            pipe.send(answer(task, item, pipe.send))


def _died(worker: _Worker) -> WorkerError:
    worker.process.join()
    code = worker.process.exitcode
    how = f"ended by {signal.Signals(-code).name}" if code < 0 else f"gone (exit code {code})"
    return WorkerError(f"a worker process was {how}, often because memory ran out; {_FEWER}")
