"""What training minimises agrees with what the composed map can show."""

import torch

from cleanplate.losses.depth import inverse_depth
from cleanplate.models.network import Maps
from cleanplate.train.data import Batch
from cleanplate.train.matte import MatteAndDepth
from cleanplate.train.objective import objective
from cleanplate.train.recipe import Recipe


def _batch(shot_m: float) -> Batch:
    plate_m = torch.linspace(1, 5, 32).expand(1, 1, 32, 32).clone()
    alpha = torch.zeros(1, 1, 32, 32)
    alpha[..., 4:12, 4:12] = 1
    there = plate_m.clone()
    there[..., 4:12, 4:12] = 0.8
    there[..., 20:28, 20:28] = shot_m
    grey = torch.rand(1, 3, 32, 32)
    return Batch(grey, grey, alpha, torch.cat([there, plate_m], 1))


def test_where_something_was_taken_away_the_plates_depth_is_right(recipe: Recipe) -> None:
    for shot_m in (4.0, 9.0):
        batch = _batch(shot_m)
        near, plate = (inverse_depth(depth_m)[0] for depth_m in batch.depth_m.chunk(2, 1))
        maps = Maps(40 * batch.alpha - 20, near, plate)
        assert objective(maps, batch, recipe.loss).total < 1e-3


def test_one_map_is_taught_the_shots_depth_with_the_plates_where_nothing_came(recipe: Recipe) -> None:
    batch = _batch(4.0)
    one = batch.of_one_map()
    shot_m, plate_m = batch.depth_m.chunk(2, 1)
    assert torch.equal(one.depth_m[:, :1], one.depth_m[:, 1:])
    assert torch.equal(one.depth_m[:, :1], torch.where(batch.alpha >= 0.5, shot_m, plate_m))
    disparity = inverse_depth(one.depth_m[:, :1])[0]
    single = recipe.model_copy(update={"model": recipe.model.model_copy(update={"layers": 1})})
    outputs = 40 * batch.alpha - 20, disparity, disparity
    assert MatteAndDepth(single).objective(outputs, batch).total < 1e-3
    assert MatteAndDepth(recipe).objective(outputs, batch).total > 0.05


def test_a_foreground_at_the_wrong_distance_costs(recipe: Recipe) -> None:
    batch = _batch(4.0)
    near, plate = (inverse_depth(depth_m)[0] for depth_m in batch.depth_m.chunk(2, 1))
    assert objective(Maps(40 * batch.alpha - 20, near / 3, plate), batch, recipe.loss).total > 0.05
