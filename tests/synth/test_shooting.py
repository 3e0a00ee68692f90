"""Data sets: reproducible, disjoint by seed, and exact."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from cleanplate.sample.shards import ShardReader
from cleanplate.synth.generate import generate
from cleanplate.synth.geometry.mesh import bounds
from cleanplate.synth.people.looks import random_looks
from cleanplate.synth.places.furnishing import overlap
from cleanplate.synth.places.rooms import make_scene
from cleanplate.synth.shooting import Plan, make_samples
from cleanplate.synth.staging import Cast, stage

TINY = (48, 64)


@pytest.mark.slow
def test_one_plan_gives_one_data_set_however_many_processes_make_it(tmp_path: Path) -> None:
    first = generate(tmp_path / "a", 4, Plan(3, TINY, 2))
    assert generate(tmp_path / "b", 4, Plan(3, TINY, 2), num_processes=2) == first
    assert generate(tmp_path / "c", 4, Plan(4, TINY, 2)) != first
    a, c = ShardReader(tmp_path / "a"), ShardReader(tmp_path / "c")
    assert len(a) == 4
    assert not a.scenes & c.scenes
    assert not a.people & c.people


@pytest.mark.slow
@pytest.mark.parametrize("index", range(3))
def test_foreground_is_nearer_than_the_plate_behind_it(index: int) -> None:
    for sample in make_samples(Plan(9, TINY, 3), (0, index)):
        inside = (sample.alpha >= 0.99) & (sample.plate_depth_m > 0)
        assert (sample.shot_depth_m[inside] <= sample.plate_depth_m[inside] + 1e-3).all()
        outside = sample.alpha == 0
        np.testing.assert_array_equal(sample.shot_depth_m[outside], sample.plate_depth_m[outside])
        assert sample.plate.min() >= 0
        assert sample.plate.max() <= 1


@pytest.mark.slow
def test_alpha_of_a_data_set_has_many_levels() -> None:
    samples = [sample for index in range(3) for sample in make_samples(Plan(9, TINY, 3), (0, index))]
    levels = {float(value) for sample in samples for value in np.unique(sample.alpha)}
    assert len(levels) >= 16


@pytest.mark.parametrize("seed", range(12))
def test_furniture_stands_in_the_room_and_not_in_other_furniture(seed: int) -> None:
    scene = make_scene(np.random.default_rng(seed), TINY)
    for a, b in pairwise(scene.obstacles):
        assert not overlap(a, b)
    low, high = scene.floor_m
    assert (scene.obstacles[:, :2] >= low - 1e-3).all()
    assert (scene.obstacles[:, 2:] <= high + 1e-3).all()
    assert low[0] < scene.camera.eye[0] < high[0]


@pytest.mark.parametrize("seed", range(6))
def test_actors_stand_on_the_floor_of_their_scene(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scene = make_scene(rng, TINY)
    cast = Cast({"a": random_looks(rng), "b": random_looks(rng)})
    actors, names = stage(rng, scene, cast)
    assert set(names) <= {"a", "b"}
    if actors:
        lo, hi = bounds(actors)
        assert lo[2] > -0.4  # the feet of somebody small on a low seat may reach below
        assert (lo[:2] > scene.floor_m[0] - 1.2).all()
        assert (hi[:2] < scene.floor_m[1] + 1.2).all()
