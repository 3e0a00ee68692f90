import re
from typing import Any, cast

import pytest
import torch
from torch import nn

from cleanplate.train.matte import MatteAndDepth
from cleanplate.train.optimiser import learning_rate, make_optimizer, set_rate
from cleanplate.train.recipe import Recipe


def test_the_rate_warms_up_peaks_and_falls_to_a_hundredth(recipe: Recipe) -> None:
    optim = recipe.optim.model_copy(update={"lr": 1.0, "warmup_steps": 10, "steps": 110})
    rates = [learning_rate(step, optim) for step in range(111)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9] == rates[10] == 1.0
    assert rates[60] == pytest.approx(0.505)
    assert rates[110] == pytest.approx(0.01)
    assert rates[:10] == sorted(rates[:10])
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_without_warm_up_the_first_step_has_the_full_rate(recipe: Recipe) -> None:
    assert learning_rate(0, recipe.optim.model_copy(update={"lr": 1.0, "warmup_steps": 0})) == 1.0


def test_weight_decay_spares_biases_and_batch_norms(recipe: Recipe) -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    optimizer = make_optimizer(network, recipe.optim.model_copy(update={"weight_decay": 1.0, "lr": 0.1}))
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    cast("Any", optimizer).step()
    after = dict(network.named_parameters())
    assert torch.allclose(after["0.weight"], before["0.weight"] * 0.9)
    assert all(torch.equal(after[name], before[name]) for name in ("0.bias", "1.weight", "1.bias"))


def test_a_pretrained_encoder_has_a_rate_of_its_own_and_keeps_its_first_blocks(recipe: Recipe) -> None:
    shape = recipe.model.model_copy(update={"widths": (8, 8, 8, 8, 8), "pretrained": True})
    optim = recipe.optim.model_copy(update={"lr": 0.01, "encoder_lr": 0.001, "weight_decay": 0.0})
    network = MatteAndDepth(recipe.model_copy(update={"model": shape, "optim": optim})).network()
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    optimizer = make_optimizer(network, optim)
    for parameter in network.parameters():
        parameter.grad = torch.ones_like(parameter)
    set_rate(optimizer, optim.lr)
    cast("Any", optimizer).step()
    for name, after in network.named_parameters():
        first = re.match(r"lite0\.(stem|blocks\.[0-4])\.", name)
        moved = 0.0 if first else 0.001 if name.startswith("lite0.") else 0.01
        assert torch.allclose(before[name] - after, torch.tensor(moved), atol=1e-5), name
