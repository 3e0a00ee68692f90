"""What the watch sees of a step is what the tensors say, and seeing changes nothing."""

from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from cleanplate.train.probe import HeadView, Probe, Seen

ROWS, COLUMNS = 16, 24


def _batch() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    truth = torch.zeros(4, 1, ROWS, COLUMNS)
    for number in range(4):
        truth[number, :, 2 + number : 8 + number, 3 * number + 2 : 3 * number + 9] = 1
    return truth + 0.02 * torch.rand(truth.shape, generator=generator), truth


def _network(bias: float = 0.0) -> nn.Sequential:
    torch.default_generator.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 2, 1))
    nn.init.constant_(cast("Tensor", cast("nn.BatchNorm2d", network[1]).bias), bias)
    return network


def _step(network: nn.Module, *, paired: bool = True, lr: float = 0.1, watched: bool = True) -> Seen | None:
    grey, truth = _batch()
    picture = grey.expand(-1, 3, -1, -1)
    optimizer = torch.optim.SGD(network.parameters(), lr=lr)
    probe = Probe(network) if watched else None
    out: Tensor = network(picture)
    losses = [(out[:, number : number + 1] - truth).square().mean() for number in range(2)]
    if probe is not None:
        right = truth if paired else truth.roll(2, 0)
        valid = torch.ones_like(truth, dtype=torch.bool)
        views = {
            "first": HeadView("coverage", out[:, :1], right, valid, losses[0], picture),
            "second": HeadView("free", out[:, 1:], right, valid, losses[1], picture),
            "unknown": HeadView("free", out[:, 1:], right, ~valid, losses[1], picture),
        }
        probe.look((picture,), views)
    torch.autograd.backward(losses[0] + losses[1])
    cast("Any", optimizer).step()
    return None if probe is None else probe.moved()


def test_looking_changes_nothing_that_a_step_computes() -> None:
    watched, alone = _network(), _network()
    _step(watched)
    _step(alone, watched=False)
    for mine, other in zip(watched.state_dict().values(), alone.state_dict().values(), strict=True):
        assert torch.equal(mine, other)


def test_gradients_are_each_heads_own_and_the_update_is_what_the_weights_moved() -> None:
    network = _network()
    before = torch.cat([p.detach().flatten().clone() for p in network.parameters()])
    seen = _step(network)
    after = torch.cat([p.detach().flatten() for p in network.parameters()])
    assert seen is not None
    lengths = [float(x.square().sum().sqrt()) for x in (after - before, before)]
    assert seen.update == pytest.approx(lengths[0] / lengths[1], rel=1e-4)
    assert seen.weight == pytest.approx(lengths[1], rel=1e-5)
    first, second = seen.heads["first"], seen.heads["second"]
    assert first.gradient_norm != pytest.approx(second.gradient_norm, rel=0.01)
    assert first.loss == pytest.approx(first.mse, rel=1e-4)
    assert (first.low, first.high, first.between) == (0, 1, 0)
    assert set(seen.heads) == {"first", "second"}


def test_the_other_heads_own_unit_is_dead_for_a_head_and_behind_a_dead_layer_all_are() -> None:
    alive, dead = _step(_network()), _step(_network(bias=-100.0))
    assert alive is not None
    assert dead is not None
    assert alive.heads["first"].dead_share == pytest.approx(1 / 10)
    assert dead.heads["first"].dead_share == 1


def test_a_truth_is_kin_to_its_own_picture_and_not_to_anothers() -> None:
    paired, shuffled = _step(_network()), _step(_network(), paired=False)
    assert paired is not None
    assert shuffled is not None
    assert min(paired.heads["first"].kinship) > 0.3
    assert max(shuffled.heads["first"].kinship) < 0.1


def test_batch_norms_that_never_gathered_or_run_on_foreign_statistics_are_counted() -> None:
    network = _network()
    healthy = _step(network)
    norm = cast("nn.BatchNorm2d", network[1])
    norm.reset_running_stats()
    norm.momentum = 0.0
    fresh = _step(network)
    norm.momentum = 0.1
    _step(network)
    cast("Tensor", norm.running_mean).add_(50)
    network.eval()
    strange = _step(network)
    assert healthy is not None
    assert fresh is not None
    assert strange is not None
    assert (healthy.fresh_norms, healthy.strange_norms) == (0, 0)
    assert (fresh.fresh_norms, fresh.strange_norms) == (1, 0)
    assert (strange.fresh_norms, strange.strange_norms) == (0, 1)


def test_depth_without_edges_says_nothing_about_pairs() -> None:
    network, (grey, _) = _network(), _batch()
    picture = grey.expand(-1, 3, -1, -1)
    ramp = torch.linspace(0, 1, ROWS).view(1, 1, -1, 1).square().expand(4, 1, ROWS, COLUMNS)
    probe = Probe(network)
    out: Tensor = network(picture)
    view = HeadView("free", out[:, :1], ramp, torch.ones_like(ramp, dtype=torch.bool), out.mean(), picture)
    probe.look((picture,), {"floor": view})
    assert probe.moved().heads["floor"].kinship == ()
