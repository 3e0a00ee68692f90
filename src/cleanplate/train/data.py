"""Samples become batches: which sample comes at which step, and what the camera does to it, is a pure function."""

import signal
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, Self, cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from cleanplate.errors import CleanplateError, WorkerError
from cleanplate.jobs.processes import rebuilt
from cleanplate.losses.depth import compose
from cleanplate.sample.record import Sample
from cleanplate.synth.camera import Effects, degrade
from cleanplate.train.order import sample_at
from cleanplate.train.sets import Samples

_VALIDATION_SEED = 20_261_122  # not the recipe's: validation is the same whatever the run


class Batch(NamedTuple):
    """Samples stacked for the network.

    `plate`, `shot`: (n, 3, h, w) in [0, 1]; `alpha`: (n, 1, h, w); `depth_m`: (n, 2, h, w), the shot's and the plate's,
    0 = unknown.
    """

    plate: Tensor
    shot: Tensor
    alpha: Tensor
    depth_m: Tensor

    def of_one_map(self) -> Self:
        """The same with one map of depth, given twice: the shot's, which is the plate's where nothing came.

        Also where something was taken away, for what a network sees there is what the plate shows.
        """
        shot_m, plate_m = self.depth_m.chunk(2, 1)
        return self._replace(depth_m=compose(shot_m, plate_m, self.alpha)[:, :1].repeat(1, 2, 1, 1))


@dataclass(frozen=True)
class Camera:
    """What a clean sample goes through before the network sees it: the camera's effects, and the network's size."""

    effects: Effects
    size_hw: tuple[int, int]

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """The sample as the network sees it; randomness comes from `rng` alone."""
        return degrade(sample, rng, self.effects, self.size_hw)


class DegradedSamples(Dataset[Sample]):
    """Samples seen through a camera.

    Position p of the endless training stream is a sample of epoch p // len in an order of (seed, epoch), with effects
    of (seed, p): a resumed run sees what an uninterrupted one would have seen. Without a seed, position p is sample p
    with effects that depend on p alone.
    """

    def __init__(self, samples: Samples, camera: Camera, seed: int | None) -> None:
        self.samples = samples
        self.camera = camera
        self.seed = seed

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, position: int) -> Sample:
        seed = _VALIDATION_SEED if self.seed is None else self.seed
        epoch, place = divmod(position, len(self.samples))
        index = position if self.seed is None else sample_at(place, len(self.samples), self.seed, epoch)
        return self.camera(self.samples[index], np.random.default_rng((seed, position)))


@dataclass(frozen=True)
class StepPositions(Sampler[list[int]]):
    """The stream positions of the batches of each step, for one of `world` processes, from `first_step` on.

    A step takes `accumulate` batches from every process. Batches of the stream are dealt to the processes in turn, so
    two processes see in a step what one that accumulates two batches sees.
    """

    batch_size: int
    first_step: int
    last_step: int
    rank: int = 0
    world: int = 1
    accumulate: int = 1

    def __len__(self) -> int:
        return (self.last_step - self.first_step) * self.accumulate

    def __iter__(self) -> Iterator[list[int]]:
        for turn in range(self.first_step * self.accumulate, self.last_step * self.accumulate):
            start = (turn * self.world + self.rank) * self.batch_size
            yield list(range(start, start + self.batch_size))


class _Refused(NamedTuple):
    """A sample that cannot be used: why, told as a value, for torch would tell it with a traceback."""

    kind: type[CleanplateError]
    said: str


class Batches(DataLoader[Batch]):
    """Batches from other processes; what these refuse is raised here as they raised it, in one sentence."""

    def __iter__(self) -> Any:
        """Every batch.

        Raises:
            CleanplateError: a sample cannot be used.

        """
        for made in super().__iter__():
            if isinstance(made, _Refused):
                raise rebuilt(made.kind, made.said)
            yield made

    def dismiss(self) -> None:
        """End the processes; an exception on its way out would keep them, and Python then waits for them for ever."""
        if self._iterator is not None:  # kept only where there are processes
            iterator = cast("Any", self._iterator)
            try:
                iterator._shutdown_workers()  # torch has no public word for it
            except RuntimeError as error:
                if not _tells_a_death(error):
                    raise
                for worker in iterator._workers:  # one has died of being dismissed: nobody misses it
                    worker.kill()
            self._iterator = None


def _tells_a_death(error: RuntimeError) -> bool:
    """Whether torch tells that a process of a loader has died."""
    return str(error).startswith("DataLoader worker")


@contextmanager
def deaths_told() -> Generator[None]:
    """Tell in a sentence that a process of `Batches` has died: torch raises it wherever this process is.

    Raises:
        WorkerError: one has.

    """
    try:
        yield
    except RuntimeError as error:
        if not _tells_a_death(error):
            raise
        raise WorkerError(
            f"a process that makes batches has died ({str(error).strip().rstrip('.')}), often because memory ran out; "
            "fewer run.workers need less of it, and --resume goes on after the last checkpoint"
        ) from error


@dataclass(frozen=True)
class _Answers(Dataset["Sample | _Refused"]):
    samples: DegradedSamples

    def __getitem__(self, position: int) -> "Sample | _Refused":
        try:
            return self.samples[position]
        except CleanplateError as error:
            return _Refused(type(error), str(error))


def _collated(answers: "list[Sample | _Refused]") -> "Batch | _Refused":
    refused = next((answer for answer in answers if isinstance(answer, _Refused)), None)
    return refused or collate(cast("list[Sample]", answers))


def training_batches(samples: DegradedSamples, positions: StepPositions, num_workers: int) -> Batches:
    """Batches in the order of `positions`, made by `num_workers` processes (0: by this one)."""
    return _loader(samples, positions, num_workers)


def validation_batches(samples: DegradedSamples, batch_size: int, num_workers: int) -> Batches:
    """Every sample once, in order, in batches of at most `batch_size`."""
    count = len(samples)
    chunks = [list(range(start, min(start + batch_size, count))) for start in range(0, count, batch_size)]
    return _loader(samples, chunks, min(1, num_workers))


def _loader(samples: DegradedSamples, chunks: Sampler[list[int]] | list[list[int]], workers: int) -> Batches:
    return Batches(
        cast("Dataset[Batch]", _Answers(samples)),  # torch names a loader after its samples; `_collated` makes batches
        batch_sampler=chunks,
        num_workers=workers,
        collate_fn=_collated,
        worker_init_fn=_start_worker if workers else None,
        multiprocessing_context="spawn" if workers else None,  # the same on every system, and no forked threads
        prefetch_factor=4 if workers else None,
        persistent_workers=workers > 0,
        pin_memory=torch.cuda.is_available(),
    )


def _start_worker(_worker: int) -> None:
    # A terminal or a scheduler signals the whole group; the answer is the main process's, which saves first.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def collate(samples: list[Sample]) -> Batch:
    """Stack samples of one size into a batch; pictures come out channels-last in memory, without a copy."""

    def stack(arrays: list[NDArray[np.float32]]) -> Tensor:
        return torch.as_tensor(np.stack(arrays)).permute(0, 3, 1, 2)

    return Batch(
        plate=stack([sample.plate for sample in samples]),
        shot=stack([sample.shot for sample in samples]),
        alpha=stack([sample.alpha[..., None] for sample in samples]),
        depth_m=stack([np.stack([sample.shot_depth_m, sample.plate_depth_m], -1) for sample in samples]),
    )


def on_device(batches: Iterable[Batch], device: torch.device) -> Iterator[Batch]:
    """Batches where the network is."""
    for batch in batches:
        yield Batch(*(tensor.to(device, non_blocking=True) for tensor in batch))
