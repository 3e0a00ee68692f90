"""Invented scenes with exact truth: a textured wall, a disc of another texture standing before it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cleanplate.imaging import Image
from cleanplate.sample.record import Sample
from cleanplate.sample.shards import write_shards

SIDE_PX = 32


def _texture(rng: np.random.Generator) -> Image:
    cells = rng.random((SIDE_PX // 8, SIDE_PX // 8, 3), dtype=np.float32)
    return np.kron(cells, np.ones((8, 8, 1), np.float32))


def _sample(index: int, who: str = "train") -> Sample:
    rng = np.random.default_rng(index)
    plate = _texture(rng)
    rows, columns = np.mgrid[:SIDE_PX, :SIDE_PX].astype(np.float32)
    plate_depth_m = 1 + 4 * (1 - rows / SIDE_PX) + rng.uniform(0, 2) * columns / SIDE_PX
    middle, radius = rng.uniform(0.35, 0.65, 2) * SIDE_PX, rng.uniform(0.2, 0.4) * SIDE_PX
    distance = np.hypot(rows - middle[0], columns - middle[1])
    alpha = np.clip(radius - distance + 0.5, 0, 1).astype(np.float32)
    return Sample(
        key=f"{who}_{index:04d}",
        scene=f"{who}_scene_{index}",
        people=(f"{who}_person_{index}",),
        plate=plate,
        shot=alpha[..., None] * _texture(rng) + (1 - alpha[..., None]) * plate,
        alpha=alpha,
        plate_depth_m=plate_depth_m.astype(np.float32),
        shot_depth_m=np.asarray(np.where(alpha >= 0.5, 0.6 + 0.3 * distance / radius, plate_depth_m), np.float32),
    )


@pytest.fixture
def sample() -> Sample:
    return _sample(0)


@pytest.fixture
def make_sample() -> Callable[[int, str], Sample]:
    """Invented samples: `make_sample(3, "train")`; another name gives another scene and another person."""
    return _sample


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_shards(tmp_path / "data" / "train", (_sample(index) for index in range(8)), {})
    write_shards(tmp_path / "data" / "validation", (_sample(index, "validation") for index in range(4)), {})
    return tmp_path / "data"


@pytest.fixture
def recipes() -> Path:
    return Path(__file__).parents[2] / "recipes" / "document"
