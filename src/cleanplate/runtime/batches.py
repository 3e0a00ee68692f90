"""Any number of shots of one plate, in batches: who works on which batch changes nothing about the results.

A plate remembers (`plate.bedside`): while camera and light stay as they were, a shot has the diagnosis of the shot
before. So a batch is shots of one folder in a row, done by one worker, and every batch begins with what the folder's
first shot has told, in this process as in any other. While the camera stands, the plate is the same to the bit for all
shots of a folder; after it was moved in the course of a folder, every batch examines it anew.
"""

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import groupby
from pathlib import Path

from cleanplate.errors import CleanplateError, WorkerError
from cleanplate.imaging.files import prepare_folder
from cleanplate.jobs.cluster import map_on_cluster
from cleanplate.jobs.processes import Tell, map_in_processes
from cleanplate.jobs.units import Crew
from cleanplate.plate.anchors import Anchor
from cleanplate.runtime.no_plate import NoPlate
from cleanplate.runtime.outputs import OutputChoice, encode_outputs, write_files
from cleanplate.runtime.plate import Plate
from cleanplate.runtime.session import Session

_FEW, _MANY = 8, 32
"""Shots a batch: few, so that many workers have something to do, or more where there are thousands."""


@dataclass(frozen=True)
class Setup:
    """What all shots share; the arguments of `Plate.open`, `look_through`, `anchor` and `anchor_by_depth`.

    Attributes:
        plate: the file, or None for `NoPlate`.
        num_threads: as of `Session`.
        key: tells this run from another in the same process, whose files may have changed.

    """

    plate: Path | None
    model: Path | None = None
    doctor: bool = True
    closer: bool = True
    anchors: tuple[Anchor, ...] = ()
    plate_depth: Path | None = None
    fov_deg: float | None = None
    num_threads: int | None = None
    key: str = field(default_factory=partial(secrets.token_hex, 8))

    def opened(self) -> "Plate | NoPlate":
        """The plate, opened once a process.

        Raises:
            InputError, ModelError, UsageError: as of `Plate.open`, `anchor` and `anchor_by_depth`.

        """
        return _desk(self).plate

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences about its metres that a user should read."""
        return _desk(self).notices


@dataclass(frozen=True)
class Order:
    """What is wanted of a shot: these products, in files whose names begin with `to` (its stem, in their folder).

    `replaced` names files in that folder which are removed when those of the shot are written.
    """

    shot: Path
    to: Path
    products: tuple[str, ...]
    replaced: tuple[str, ...] = ()


@dataclass(frozen=True)
class Batch:
    """Shots of one folder in a row; `first` is the folder's first shot, wanted or not."""

    first: Path
    orders: tuple[Order, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of a shot.

    Attributes:
        order: what was wanted.
        seconds: what it took, without writing.
        files: contents by name, to be written by `write`; empty where it failed.
        notices: sentences a user should read.
        failure: why there is nothing, None where there is.

    """

    order: Order
    seconds: float
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    notices: tuple[str, ...] = ()
    failure: str | None = None

    def write(self) -> None:
        """Write the files, all or none; their folder is made where it is missing.

        Raises:
            InputError: they cannot be written.

        """
        if not self.order.to.parent.is_dir():
            prepare_folder(self.order.to.parent)
        write_files(self.order.to.parent, self.files, self.order.replaced)


def in_batches(orders: Sequence[Order]) -> list[Batch]:
    """Orders as batches, those without products left out.

    Which shots go together follows from all orders, done or not, so a run that goes on makes the batches of a whole
    one, and never from the number of workers.
    """
    size = min(_MANY, max(_FEW, len(orders) // 64))
    batches: list[Batch] = []
    for _, group in groupby(orders, key=lambda order: order.shot.parent):
        together = list(group)
        for start in range(0, len(together), size):
            wanted = tuple(order for order in together[start : start + size] if order.products)
            if wanted:
                batches.append(Batch(together[0].shot, wanted))
    return batches


def matte_batches(
    batches: Sequence[Batch], setup: Setup, choice: OutputChoice, crew: Crew, tell: Callable[[Outcome], None]
) -> None:
    """Do all batches and tell of every shot, in this process, as soon as it is done.

    Args:
        batches: what to do.
        setup: what with; a cluster's machines read plate, model and shots under the names they have here.
        choice: what the files are, of the products that each order wants.
        crew: who works. The workers write nothing: what they made is told here, and whoever is told writes it.
        tell: one outcome after another; in order, where this process works alone.

    Raises:
        InputError: the cluster does not answer, or one of its machines cannot open the plate or the model.
        WorkerError: a worker has died.

    """
    task = _Work(setup, choice)
    try:
        if crew.cluster is None:
            for _ in map_in_processes(task, batches, crew.num_workers, tell):
                pass
            return
        collecting = _Collect(task)
        for _, outcomes in map_on_cluster(collecting, batches, crew.cluster, crew.num_workers):
            for outcome in outcomes:
                tell(outcome)
    except WorkerError as error:
        raise WorkerError(f"{error}; the shots that were finished are kept") from error


@dataclass(frozen=True)
class _Work:
    """Does a batch, in whatever process it is sent to."""

    setup: Setup
    choice: OutputChoice

    def __call__(self, batch: Batch, tell: Tell) -> None:
        for order, plate in _desk(self.setup).assigned(batch):
            tell(_outcome(order, plate, self.choice))


@dataclass(frozen=True)
class _Collect:
    """The same on a cluster, from where nothing is told before the end."""

    work: _Work

    def __call__(self, batch: Batch, _tell: Tell) -> list[Outcome]:
        outcomes: list[Outcome] = []
        self.work(batch, outcomes.append)
        return outcomes


class _Desk:
    """A worker's own plate, and what it knows after the first shot of the folder that is worked on."""

    def __init__(self, setup: Setup) -> None:
        self.notices: tuple[str, ...] = ()
        self._first: Path | None = None
        session = Session(setup.model, setup.num_threads)
        if setup.plate is None:
            self.plate: Plate | NoPlate = NoPlate(session)
            return
        self.plate = self._home = Plate.open(setup.plate, session, doctor=setup.doctor, closer=setup.closer)
        self.plate.look_through(setup.fov_deg)
        if setup.anchors:
            self.notices = self.plate.anchor(setup.anchors)
        elif setup.plate_depth:
            self.notices = self.plate.anchor_by_depth(setup.plate_depth)

    def assigned(self, batch: Batch) -> "Iterator[tuple[Order, Plate | NoPlate]]":
        """Each order with the plate that its shot is to be matted with, in turn."""
        if isinstance(self.plate, NoPlate):
            yield from ((order, self.plate) for order in batch.orders)
            return
        if batch.first != self._first:
            self._first, self._home = batch.first, self.plate.twin()
            if batch.orders[0].shot != batch.first:
                with suppress(CleanplateError, MemoryError):  # told when that shot's own turn comes
                    self._home.look_at(batch.first)
        plate = self._home.twin()
        for order in batch.orders:
            if order.shot == batch.first:  # matting is a look, too
                yield order, self._home
                plate = self._home.twin()
            else:
                yield order, plate


@lru_cache(maxsize=1)
def _desk(setup: Setup) -> _Desk:
    return _Desk(setup)


def _outcome(order: Order, plate: Plate | NoPlate, choice: OutputChoice) -> Outcome:
    started = time.perf_counter()
    try:
        matte = plate.matte(order.shot)
        files = encode_outputs(matte, plate.session.contract, order.to.name, choice.only(order.products))
    except CleanplateError as error:
        return Outcome(order, time.perf_counter() - started, failure=str(error))
    except MemoryError:
        why = f"{order.shot}: there is not enough memory for it; scale it down"
        return Outcome(order, time.perf_counter() - started, failure=why)
    return Outcome(order, time.perf_counter() - started, files, matte.notices)
