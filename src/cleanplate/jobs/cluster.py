"""Spread independent work over a Ray cluster; results travel back, so its machines need share no disk."""

import os
import socket
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeVar

from cleanplate.errors import InputError, MissingExtraError, WorkerError
from cleanplate.jobs.processes import ONE_THREAD, Answer, Task, answer
from cleanplate.jobs.progress import nobody_looks

Item = TypeVar("Item")
Result = TypeVar("Result")

_ANSWER_WITHIN_S = 5.0


def map_on_cluster(
    task: Task[Item, Result], items: Iterable[Item], address: str, num_at_once: int
) -> Iterator[tuple[Item, Result]]:
    """Yield (item, result) of every item as they get done, each on one core of a Ray cluster.

    An item whose machine goes away is done again on another. Every machine needs the same cleanplate.

    Args:
        task: as for `map_in_processes`; what it tells leads nowhere.
        items: what to do.
        address: "auto" the cluster this machine belongs to, "HOST:PORT" that one, "local" a new one on this machine.
        num_at_once: items in work at the same time; 0 = as many as the cluster has cores, and one more for each four.

    Raises:
        MissingExtraError: Ray is not installed.
        InputError: no cluster answers at the address.
        WorkerError: an item could not be done, however often it was tried.
        CleanplateError: what a task raised.
    """
    ray = _connected(address, num_at_once)
    remote = ray.remote(num_cpus=1, max_retries=3, runtime_env={"env_vars": ONE_THREAD})(_answer_remotely)
    num_cores = int(ray.cluster_resources().get("CPU", 1))
    limit = num_at_once or num_cores + max(1, num_cores // 4)
    waiting = iter(items)
    at_work: dict[Any, Item] = {}
    try:
        shared = ray.put(task)  # once to each machine, however many the items
        while True:
            while len(at_work) < limit and (item := next(waiting, None)) is not None:
                at_work[remote.remote(shared, item)] = item
            if not at_work:
                return
            (done,), _ = ray.wait(list(at_work), num_returns=1)
            yield at_work.pop(done), _fetched(ray, done).value()
            del done  # or its result stays in the store
    finally:
        for reference in at_work:
            ray.cancel(reference, force=True)
        ray.shutdown()


def refuse_without_ray() -> None:
    """Raise MissingExtraError where Ray is not installed, before anything is begun that it would work on."""
    if find_spec("ray") is None:
        raise MissingExtraError("--ray", "ray", "Ray")


def _answer_remotely(task: Task[Item, Result], item: Item) -> Answer[Result]:
    return answer(task, item, nobody_looks)


def _connected(address: str, num_workers: int) -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent to anybody
    refuse_without_ray()
    ray = import_module("ray")
    options: dict[str, Any] = {"logging_level": "ERROR", "log_to_driver": False}
    try:
        host, colon, port = address.rpartition(":")
        if colon and not host.startswith("ray:"):  # Ray itself would try for minutes
            socket.create_connection((host, int(port)), timeout=_ANSWER_WITHIN_S).close()
        if address == "local":
            ray.init("local", num_cpus=num_workers or None, include_dashboard=False, **options)
        else:
            ray.init(address, **options)
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(
            f"--ray {address}: no Ray cluster answers; start one with  ray start --head  and give its HOST:PORT, "
            "or say  --ray local"
        ) from error
    return ray


def _fetched(ray: Any, reference: Any) -> Answer[Any]:
    try:
        return ray.get(reference)
    except ray.exceptions.RayError as error:
        reason = str(error).strip().splitlines()[-1]  # the others are the traceback
        raise WorkerError(f"Ray gave a unit up ({reason})") from error
