"""Twelve faults put into runs that would otherwise learn, and ten healthy runs: who is stopped, and why.

The variants here are others than those the watch was built with.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from cleanplate.document.losses import ssim
from cleanplate.document.network import Logits
from cleanplate.document.recipe import load_row
from cleanplate.document.targets import depth_target
from cleanplate.document.task import Row
from cleanplate.sample.record import Sample
from cleanplate.train.data import Batch
from cleanplate.train.loop import Training
from cleanplate.train.matte import MatteAndDepth
from cleanplate.train.recipe import Recipe
from cleanplate.train.task import Objective, Task
from cleanplate.train.watch import CollapseWatch

TINY: dict[str, Any] = {
    "data": {"train_count": 64, "validation_count": 4},
    "optim": {"steps": 200, "warmup_steps": 10, "batch_size": 8},
    "run": {
        "size_hw": [32, 32], "workers": 0, "threads": 1,
        "log_every": 50, "validate_every": 200, "checkpoint_every": 200,
    },
}  # fmt: skip
OURS: dict[str, Any] = {
    **TINY,
    "model": {"widths": [16, 16, 32]},
    "loss": {
        "bce": 1.0, "l1": 1.0, "laplacian": 0.5, "dice": 0.5,
        "disparity": 0.5, "disparity_person": 0.5, "disparity_gradient": 0.25,
    },
    "optim": {**TINY["optim"], "lr": 2e-3, "weight_decay": 1e-2, "clip_norm": 5.0, "ema_decay": 0.9},
    "run": {**TINY["run"], "name": "tiny", "version": "1", "precision": "32-true"},
}  # fmt: skip

SampleMaker = Callable[[int, str], Sample]


@dataclass(frozen=True)
class Faulty(Row):
    """A row with one thing broken; everything else is the row's own."""

    squeeze: Callable[[Tensor], Tensor] = lambda picture: picture
    batch: Callable[[Batch], Batch] = lambda batch: batch
    around: Callable[[nn.Module], nn.Module] = lambda network: network
    rate: Callable[[int], float] | None = None
    data_range: float | None = None

    def network(self) -> nn.Module:
        return self.around(super().network())

    def inputs(self, batch: Batch) -> tuple[Tensor, ...]:
        return tuple(self.squeeze(picture) for picture in super().inputs(batch))

    def learning_rate(self, done: int) -> float:
        return self.rate(done) if self.rate is not None else super().learning_rate(done)

    def objective(self, outputs: tuple[Tensor | None, Tensor | None], batch: Batch) -> Objective:
        objective = super().objective(outputs, self.batch(batch))
        depth = Logits(*outputs).depth
        if self.data_range is None or depth is None:
            return objective
        truth, valid = depth_target(batch.depth_m[:, :1])
        wrong = 1 - ssim(depth.sigmoid(), truth, valid, self.data_range)
        return Objective(objective.total - objective.terms["depth"] + wrong, {**objective.terms, "depth": wrong})

    def heads(self, outputs: tuple[Tensor | None, Tensor | None], batch: Batch) -> dict[str, Any]:
        views = super().heads(outputs, self.batch(batch))
        return {name: view._replace(picture=batch.shot) for name, view in views.items()}


class ReluMask(nn.Module):
    """The mask's logits behind a ReLU that begins below zero."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network, self.bias = network, nn.Parameter(torch.tensor(-4.0))

    def forward(self, plate: Tensor, shot: Tensor) -> Logits:
        logits: Logits = self.network(plate, shot)
        return logits._replace(mask=None if logits.mask is None else torch.relu(logits.mask + self.bias))


class Set:
    """Samples in memory, each of its own scene and person."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.samples = samples
        self.scenes = frozenset(sample.scene for sample in samples)
        self.people = frozenset(person for sample in samples for person in sample.people)
        self.fingerprint = "sha256:invented"

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int, /) -> Sample:
        return self.samples[index]


def _as_it_is(module: nn.Module, _mode: bool = True) -> nn.Module:
    return module


def _evaluated(network: nn.Module) -> nn.Module:
    """Its batch norms stay in evaluation mode whatever the trainer says."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.eval()
            setattr(module, "train", partial(_as_it_is, module))  # noqa: B010 - the type of `train` is the class's own
    return network


def _squeezed(picture: Tensor) -> Tensor:
    return 0.02 * picture + 0.4


def _times(factor: float) -> Callable[[Batch], Batch]:
    return lambda batch: batch._replace(alpha=factor * batch.alpha)


def _in_centimetres(batch: Batch) -> Batch:
    return batch._replace(depth_m=100 * batch.depth_m)


def _full(batch: Batch) -> Batch:
    return batch._replace(alpha=torch.ones_like(batch.alpha))


def _constant(rate: float) -> Callable[[int], float]:
    return lambda _: rate


def _falling(done: int) -> float:
    return 1e-3 * 0.01 ** (done // 25)


def _mask_as_depth(batch: Batch) -> Batch:
    near, far = torch.tensor(0.5), torch.tensor(12.0)
    return batch._replace(depth_m=torch.where(batch.alpha >= 0.5, near, far).expand(-1, 2, -1, -1))


FAULTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "inputs in a fiftieth of their range": ("input range", "loss_mse", {"squeeze": _squeezed}),
    "masks in per cent": ("target range", "mask_concat", {"batch": _times(100)}),
    "depth in centimetres taken for metres": ("target scale", "loss_mse", {"batch": _in_centimetres}),
    "a ReLU on the mask": ("dead ReLU", "trial3b_both_grey", {"around": ReluMask}),
    "SSIM told of 12 bits": ("loss range", "trial3b_both_grey", {"data_range": 4095.0}),
    "a rate of a millionth": ("learning rate too low", "loss_ssim", {"rate": _constant(1e-6)}),
    "a rate of 0.3": ("learning rate too high", "loss_bce", {"rate": _constant(0.3)}),
    "a rate that falls to a hundredth every 25 steps": (
        "learning rate decays", "mask_subtract", {"rate": _falling},
    ),
    "depth files listed backwards": ("mis-paired files", "trial3a_depth_grey", {}),
    "masks given as depth": ("mask and depth swapped", "trial3a_depth_grey", {"batch": _mask_as_depth}),
    "masks that are full": (
        "one class", "trial3b_both_grey", {"batch": _full},
    ),
    "batch norm left in evaluation, in our network": ("batch norm", "network_small", {"around": _evaluated}),
}  # fmt: skip


def _train(task: Task, make: SampleMaker, out: Path, *, backwards: bool = False) -> CollapseWatch:
    samples = [make(index, "train") for index in range(64)]
    if backwards:
        depths = [sample.shot_depth_m for sample in reversed(samples)]
        samples = [replace(sample, shot_depth_m=depth) for sample, depth in zip(samples, depths, strict=True)]
    watch = CollapseWatch(stops=False)
    training = Training(task, Set(samples), Set([make(1000 + i, "validation") for i in range(4)]), out, watch=watch)
    training.run()
    return watch


@pytest.mark.long
def test_eleven_of_twelve_faults_are_named_within_two_hundred_steps(
    recipes: Path, tmp_path: Path, make_sample: SampleMaker
) -> None:
    missed: dict[str, list[str]] = {}
    for number, (fault, (cause, row, broken)) in enumerate(FAULTS.items()):
        task = Faulty(load_row(recipes, row, TINY), **broken)
        watch = _train(task, make_sample, tmp_path / str(number), backwards="backwards" in fault)
        if [alarm.cause for alarm in watch.alarms[:1]] != [cause]:
            missed[fault] = watch.said
    assert len(missed) <= 1, missed


@pytest.mark.long
def test_ten_healthy_runs_of_different_recipes_raise_no_alarm(
    recipes: Path, tmp_path: Path, make_sample: SampleMaker
) -> None:
    rows = (
        "original", "mask_concat", "mask_subtract", "trial1_depth_colour", "trial2_both_rgb", "trial3b_both_grey",
        "loss_l1_ssim_grad", "jitter_independent", "network_small",
    )  # fmt: skip
    tasks: dict[str, Task] = {row: Row(load_row(recipes, row, TINY)) for row in rows}
    tasks["ours"] = MatteAndDepth(Recipe.model_validate(OURS, strict=False))
    said = {name: _train(task, make_sample, tmp_path / name).said for name, task in tasks.items()}
    assert {name: alarms for name, alarms in said.items() if alarms} == {}
