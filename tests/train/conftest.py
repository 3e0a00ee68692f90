"""Invented scenes with exact truth: a textured wall and floor, a disc of another texture standing before them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch

from cleanplate.imaging import Image
from cleanplate.models.network import Network
from cleanplate.sample.record import Sample
from cleanplate.sample.shards import write_shards
from cleanplate.train.checkpoint import About, Weights, save_checkpoint
from cleanplate.train.matte import MatteAndDepth
from cleanplate.train.optimiser import make_optimizer
from cleanplate.train.recipe import Recipe, load_recipe

SIZE_HW = (32, 64)

RECIPE = """
[data]
train_count = 8
validation_count = 4

[model]
widths = [8, 8, 16]

[loss]
bce = 1.0
l1 = 1.0
laplacian = 0.5
dice = 0.5
disparity = 0.5
disparity_person = 0.5
disparity_gradient = 0.25

[optim]
lr = 2e-3
weight_decay = 1e-2
batch_size = 4
steps = 6
warmup_steps = 2
clip_norm = 5.0
ema_decay = 0.9

[run]
name = "tiny"
version = "1"
size_hw = [32, 64]
precision = "32-true"
workers = 0
log_every = 2
validate_every = 3
checkpoint_every = 2

[export]
short_side_px = 32
"""


def _texture(rng: np.random.Generator, size_hw: tuple[int, int]) -> Image:
    coarse = rng.random((size_hw[0] // 8, size_hw[1] // 8, 3), dtype=np.float32)
    return np.kron(coarse, np.ones((8, 8, 1), np.float32))


def make_sample(index: int, who: str, size_hw: tuple[int, int] = SIZE_HW) -> Sample:
    rng = np.random.default_rng(index)
    plate = _texture(rng, size_hw)
    rows, columns = np.mgrid[: size_hw[0], : size_hw[1]].astype(np.float32)
    plate_depth_m = 2 + 4 * (1 - rows / size_hw[0]) + rng.uniform(0, 2) * columns / size_hw[1]
    middle, radius = rng.uniform(0.35, 0.65, 2) * size_hw, rng.uniform(0.2, 0.4) * size_hw[0]
    distance = np.hypot(rows - middle[0], columns - middle[1])
    alpha = np.clip(radius - distance + 0.5, 0, 1).astype(np.float32)
    shot = alpha[..., None] * _texture(rng, size_hw) + (1 - alpha[..., None]) * plate
    near_m = 0.6 + 0.6 * (distance / radius)
    return Sample(
        key=f"{who}_{index:04d}",
        scene=f"{who}_scene_{index}",
        people=(f"{who}_person_{index}",),
        plate=plate,
        shot=shot,
        alpha=alpha,
        plate_depth_m=plate_depth_m.astype(np.float32),
        shot_depth_m=np.asarray(np.where(alpha >= 0.5, near_m, plate_depth_m), np.float32),
    )


class Listed:
    """Samples in memory."""

    def __init__(self, who: str, count: int, size_hw: tuple[int, int] = SIZE_HW) -> None:
        self.samples = [make_sample(index, who, size_hw) for index in range(count)]
        self.scenes = frozenset(sample.scene for sample in self.samples)
        self.people = frozenset(person for sample in self.samples for person in sample.people)
        self.fingerprint = f"sha256:{who}{count}"

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int, /) -> Sample:
        return self.samples[index]


SampleMaker = Callable[[str, int], Listed]


@pytest.fixture
def make_samples() -> SampleMaker:
    """Invented samples: `make_samples("train", 8)`; other names give other scenes and other people."""
    return Listed


@pytest.fixture
def train() -> Listed:
    return Listed("train", 8)


@pytest.fixture
def validation() -> Listed:
    return Listed("validation", 4)


@pytest.fixture
def recipe_file(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(RECIPE, encoding="utf-8")
    return path


@pytest.fixture
def recipe(recipe_file: Path) -> Recipe:
    return load_recipe(recipe_file)


@pytest.fixture
def data(tmp_path: Path, train: Listed, validation: Listed) -> Path:
    write_shards(tmp_path / "data" / "train", train.samples, {})
    write_shards(tmp_path / "data" / "validation", validation.samples, {})
    return tmp_path / "data"


@pytest.fixture
def run(recipe: Recipe, tmp_path: Path) -> Path:
    """The folder of a run that has made one step: a network and its average, which differ."""
    torch.default_generator.manual_seed(0)
    network, average = Network(recipe.model.widths), Network(recipe.model.widths)
    optimizer = make_optimizer(network, recipe.optim)
    maps = network(torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32))
    torch.autograd.backward([x.sum() for x in maps])
    cast("Any", optimizer).step()
    about = About(7, recipe.model_dump(mode="json"), "sha256:abc", "sha256:def", "c0ffee")
    save_checkpoint(tmp_path / "run", Weights(network, average, optimizer), about)
    return tmp_path / "run"


@pytest.fixture
def pretrained_run(recipe: Recipe, tmp_path: Path) -> Path:
    """The folder of a run of a tiny network on pretrained features, none of which have learnt anything."""
    model = recipe.model.model_copy(
        update={"widths": (8, 8, 8, 8, 8), "context": 1, "pretrained": True, "own_levels": 3}
    )
    recipe = recipe.model_copy(update={"model": model})
    network = MatteAndDepth(recipe).network()
    optimizer = make_optimizer(network, recipe.optim)
    network(*torch.rand(2, 2, 3, 32, 64)).alpha_logit.sum().backward()
    cast("Any", optimizer).step()
    about = About(7, recipe.model_dump(mode="json"), "sha256:abc", "sha256:def", "c0ffee")
    save_checkpoint(tmp_path / "run", Weights(network, network, optimizer), about)
    return tmp_path / "run"
