import pickle
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cleanplate.errors import InputError
from cleanplate.sample.record import Sample
from cleanplate.sample.shards import ShardReader
from cleanplate.synth.camera import Effects
from cleanplate.train.data import (
    Camera,
    DegradedSamples,
    StepPositions,
    collate,
    training_batches,
    validation_batches,
)
from cleanplate.train.sets import Samples, Together, check_disjoint

SIZE_HW = (32, 64)


def test_every_epoch_shows_every_sample_once_in_another_order(train: Samples) -> None:
    stream = DegradedSamples(train, Camera(Effects(), SIZE_HW), seed=3)
    epochs = [[stream[epoch * 8 + place].key for place in range(8)] for epoch in range(2)]
    assert set(epochs[0]) == set(epochs[1]) == {sample.key for sample in map(train.__getitem__, range(8))}
    assert epochs[0] != epochs[1]


def test_sets_together_are_one_after_the_other_with_all_their_scenes(train: Samples, validation: Samples) -> None:
    both = Together([train, validation])
    keys = [both[index].key for index in range(len(both))]
    assert keys == [samples[index].key for samples in (train, validation) for index in range(len(samples))]
    assert (both.scenes, both.people) == (train.scenes | validation.scenes, train.people | validation.people)
    assert both.fingerprint == f"{train.fingerprint}+{validation.fingerprint}"
    assert Together([train]).fingerprint == train.fingerprint
    for index in (-1, len(both)):
        with pytest.raises(IndexError):
            both[index]


def test_the_names_of_sets_together_are_asked_for_only_when_somebody_wants_them(train: Samples) -> None:
    class Unasked:
        fingerprint = "sha256:unasked"

        @property
        def scenes(self) -> frozenset[str]:
            raise InputError("asked")

        people = scenes

        def __len__(self) -> int:
            return 1

        def __getitem__(self, index: int, /) -> Sample:
            return train[index]

    both = Together([Unasked(), train])
    assert both[0].key == train[0].key
    with pytest.raises(InputError, match="asked"):
        _ = both.scenes


def test_a_position_is_the_same_picture_whoever_asks_and_another_one_elsewhere(train: Samples) -> None:
    stream, again = (DegradedSamples(train, Camera(Effects(), SIZE_HW), seed=3) for _ in range(2))
    first = [stream[position] for position in range(24)]
    assert all(np.array_equal(again[position].shot, first[position].shot) for position in reversed(range(24)))
    same = [sample for sample in first if sample.key == first[0].key]
    assert len(same) == 3
    assert not np.array_equal(same[0].shot, same[1].shot)
    assert not np.array_equal(DegradedSamples(train, Camera(Effects(), SIZE_HW), seed=4)[0].shot, first[0].shot)


@dataclass
class _Large:
    """As many samples as nobody could list, which tell their number."""

    samples: Samples
    scenes: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    fingerprint: str = ""

    def __len__(self) -> int:
        return 10**15

    def __getitem__(self, index: int, /) -> Sample:
        return replace(self.samples[0], key=str(index))


def test_the_order_of_a_set_of_any_size_is_known_at_once(train: Samples) -> None:
    stream = DegradedSamples(_Large(train), Camera(Effects(), SIZE_HW), seed=3)
    numbers = [int(stream[10**15 * epoch + place].key) for epoch in range(2) for place in range(10)]
    assert len(set(numbers)) == 20
    assert min(numbers) < 3 * 10**14 < 7 * 10**14 < max(numbers) < 10**15
    assert len(pickle.dumps(stream)) < len(pickle.dumps(train)) + 2000


def test_resuming_continues_the_stream_where_it_stopped() -> None:
    whole = list(StepPositions(4, 0, 6))
    assert list(StepPositions(4, 2, 6)) == whole[2:]
    assert len(StepPositions(4, 2, 6)) == 4


def test_processes_share_the_stream_without_overlap() -> None:
    ranks = [list(StepPositions(4, 0, 3, rank, 2)) for rank in range(2)]
    together = [position for step in zip(*ranks, strict=True) for chunk in step for position in chunk]
    assert together == list(range(24))


def test_two_processes_see_in_a_step_what_one_that_accumulates_sees() -> None:
    ranks = [list(StepPositions(4, 1, 3, rank, 2)) for rank in range(2)]
    alternating = [chunk for step in zip(*ranks, strict=True) for chunk in step]
    assert list(StepPositions(4, 1, 3, accumulate=2)) == alternating
    assert len(StepPositions(4, 1, 3, accumulate=2)) == 4


@pytest.mark.slow
def test_worker_processes_give_the_batches_of_none(data: Path) -> None:
    def batches(workers: int) -> list[torch.Tensor]:
        stream = DegradedSamples(ShardReader(data / "train"), Camera(Effects(), SIZE_HW), seed=3)
        return [tensor for batch in training_batches(stream, StepPositions(4, 1, 3), workers) for tensor in batch]

    assert all(torch.equal(a, b) for a, b in zip(batches(0), batches(1), strict=True))


def test_validation_is_every_sample_once_and_the_same_every_time(validation: Samples) -> None:
    fixed = DegradedSamples(validation, Camera(Effects(empty_p=0, removed_p=0), SIZE_HW), seed=None)
    assert [fixed[place].key for place in range(4)] == [validation[place].key for place in range(4)]
    first, second = (list(validation_batches(fixed, 3, 0)) for _ in range(2))
    assert [len(batch.alpha) for batch in first] == [3, 1]
    assert all(torch.equal(a, b) for one, two in zip(first, second, strict=True) for a, b in zip(one, two, strict=True))


def test_a_batch_keeps_colours_alpha_and_both_depths_in_their_places(train: Samples) -> None:
    batch = collate([train[0], train[1]])
    sample = train[1]
    assert batch.shot.shape == (2, 3, *SIZE_HW)
    assert np.array_equal(batch.shot[1].permute(1, 2, 0).numpy(), sample.shot)
    assert np.array_equal(batch.plate[1, 2].numpy(), sample.plate[..., 2])
    assert np.array_equal(batch.alpha[1, 0].numpy(), sample.alpha)
    assert np.array_equal(batch.depth_m[1, 0].numpy(), sample.shot_depth_m)
    assert np.array_equal(batch.depth_m[1, 1].numpy(), sample.plate_depth_m)
    assert batch.shot.is_contiguous(memory_format=torch.channels_last)


@dataclass
class _Named:
    """Samples of which only the names matter."""

    scenes: frozenset[str]
    people: frozenset[str]
    fingerprint: str = ""

    def __len__(self) -> int:
        return 0

    def __getitem__(self, index: int, /) -> Sample:
        raise IndexError(index)


def test_validation_that_training_has_seen_is_refused() -> None:
    train = _Named(frozenset({"hall", "cellar"}), frozenset({"ann", "bob"}))
    check_disjoint(train, _Named(frozenset({"attic"}), frozenset({"cleo"})))
    with pytest.raises(InputError, match=r"^training and validation data share 1 scene\(s\), for example 'hall'"):
        check_disjoint(train, _Named(frozenset({"attic", "hall"}), frozenset({"cleo"})))
    with pytest.raises(InputError, match=r"^training and validation data share 2 person\(s\), for example 'ann'"):
        check_disjoint(train, _Named(frozenset({"attic"}), frozenset({"bob", "ann"})))


@pytest.mark.parametrize("workers", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_a_sample_that_cannot_be_used_is_told_in_its_own_words(data: Path, workers: int) -> None:
    (tar,) = (data / "validation").glob("*.tar")
    content = tar.read_bytes()
    last = content.rindex(b"\x89PNG")
    tar.write_bytes(content[:last] + bytes(8) + content[last + 8 :])
    samples = DegradedSamples(ShardReader(data / "validation"), Camera(Effects(), SIZE_HW), None)
    batches = validation_batches(samples, 2, workers)
    told = iter(batches)
    assert len(next(told).alpha) == 2
    with pytest.raises(InputError, match=rf"^{re.escape(str(tar))}: sample 3 cannot be read[^\n]*$"):
        next(told)
    batches.dismiss()


class _Dying:
    """Stands for a loader's iterator whose process dies while it is dismissed."""

    def __init__(self, said: str) -> None:
        self.said, self.killed = said, 0
        self._workers = [self]

    def _shutdown_workers(self) -> None:
        raise RuntimeError(self.said)

    def kill(self) -> None:
        self.killed += 1


def test_a_process_that_dies_of_being_dismissed_is_no_failure(train: Samples) -> None:
    batches: Any = validation_batches(DegradedSamples(train, Camera(Effects(), SIZE_HW), None), 2, 1)
    dying = batches._iterator = _Dying("DataLoader worker (pid 7) is killed by signal: Aborted.")
    batches.dismiss()
    assert (batches._iterator, dying.killed) == (None, 1)
    batches._iterator = _Dying("no such thing")
    with pytest.raises(RuntimeError, match="no such thing"):
        batches.dismiss()
