"""A network put together for use computes what it computed before."""

from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from cleanplate.models.fused import Fused, fused
from cleanplate.models.network import Network

WIDTHS = (4, 6, 8, 8, 10)
KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "context": {"context": 1},
    "pretrained": {"pretrained": True, "own_levels": 3},
    "one layer": {"layers": 1},
    "depth apart": {"depth_rises": 3},
    "depth apart, one layer": {"depth_rises": 1, "layers": 1},
}


def _lived_in(seed: int, **options: Any) -> Network:
    """A network whose batch norms have seen something."""
    torch.default_generator.manual_seed(seed)
    network = Network(WIDTHS, **options).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for values, low, high in ((module.running_mean, -1, 1), (module.running_var, 0.5, 2), (module.bias, -1, 1)):
                nn.init.uniform_(cast("Tensor", values), low, high)
            nn.init.uniform_(module.weight, 0.5, 2)
    return network


@pytest.mark.parametrize("size_hw", [(32, 32), (64, 96)])
@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_the_maps_are_the_same(options: dict[str, Any], size_hw: tuple[int, int]) -> None:
    network = _lived_in(0, **options)
    plate, shot = torch.rand(2, 2, 3, *size_hw, generator=torch.Generator().manual_seed(1))
    before = {name: values.clone() for name, values in network.state_dict().items()}
    with torch.no_grad():
        wanted, got = network(plate, shot), fused(network)(plate, shot)
        again = fused(network)(plate, shot, network.look(plate), network.look(shot))
    for truth, maps, seen_before in zip(wanted, got, again, strict=True):
        assert (maps - truth).abs().max() < 1e-4 * truth.std()
        assert torch.equal(seen_before, maps)
    assert all(torch.equal(values, before[name]) for name, values in network.state_dict().items())


def test_every_convolution_that_was_put_together_is_gone() -> None:
    network = _lived_in(0)
    module = fused(network)
    assert isinstance(module, Fused)
    convolutions = [sum(isinstance(part, nn.Conv2d) for part in each.modules()) for each in (network, module)]
    assert convolutions[1] == convolutions[0] - 4  # three heads of two became one of two
    assert len(list(module.stem.parameters())) == 2


def test_one_that_does_not_stack_its_inputs_stays_itself() -> None:
    network = Network(WIDTHS, "subtract")
    assert fused(network) is network
