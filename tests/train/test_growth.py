from pathlib import Path

import pytest
import torch
from safetensors.torch import save
from torch import nn

from cleanplate.errors import InputError
from cleanplate.models.network import Fusion, Network
from cleanplate.train.checkpoint import load_network
from cleanplate.train.growth import grown
from cleanplate.train.matte import MatteAndDepth
from cleanplate.train.recipe import Recipe

NARROW, WIDE = (4, 4, 8), (4, 6, 12)


def _stirred(network: nn.Module) -> nn.Module:
    """Every weight, bias, mean and variance is another than at the beginning."""
    generator = torch.Generator().manual_seed(0)
    for tensor in network.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(tensor + 0.2 * torch.rand(tensor.shape, generator=generator))
    return network.eval()


def test_a_wider_network_gives_what_the_narrow_one_gave_and_can_learn_more() -> None:
    narrow, wide = _stirred(Network(NARROW, context=1)), _stirred(Network(WIDE, context=1))
    wide.load_state_dict(grown(narrow.state_dict(), wide))
    plate, shot = torch.rand(2, 1, 3, 16, 24, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        for truth, got in zip(narrow(plate, shot), wide(plate, shot), strict=True):
            torch.testing.assert_close(got, truth, rtol=1e-5, atol=1e-5)
    torch.autograd.backward([x.square().mean() for x in wide(plate, shot)])
    match = wide.get_submodule("up.0.match.0")
    assert isinstance(match, nn.Conv2d)
    assert match.weight.grad is not None
    assert (match.weight[:, NARROW[-1] :][: NARROW[-2]] == 0).all()
    assert match.weight.grad[:, NARROW[-1] :].abs().max() > 0


def test_a_network_of_one_layer_begins_with_the_foregrounds_of_one_of_two() -> None:
    two, one = _stirred(Network(NARROW)), _stirred(Network(NARROW, layers=1))
    one.load_state_dict(grown(two.state_dict(), one))
    plate, shot = torch.rand(2, 1, 3, 16, 24, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        wanted, got = two(plate, shot), one(plate, shot)
    assert torch.equal(wanted.alpha_logit, got.alpha_logit)
    assert torch.equal(wanted.disparity, got.disparity)
    assert torch.equal(wanted.disparity, got.plate_disparity)


@pytest.mark.parametrize("other", [Network((4, 4, 6)), Network((4, 4, 8, 8)), Network(NARROW, fusion="pyramid")])
def test_what_is_no_narrower_form_is_refused(tmp_path: Path, other: Network) -> None:
    (tmp_path / "x.safetensors").write_bytes(save(Network(NARROW).state_dict()))
    with pytest.raises(InputError, match="belongs to another network"):
        load_network(tmp_path / "x.safetensors", other, narrower=True)


def test_where_features_are_stacked_a_narrower_network_is_refused(recipe: Recipe, tmp_path: Path) -> None:
    def task(widths: tuple[int, ...], fusion: Fusion, start: Path | None = None) -> MatteAndDepth:
        model = recipe.model.model_copy(update={"widths": widths, "fusion": fusion})
        return MatteAndDepth(recipe.model_copy(update={"model": model}), start)

    (tmp_path / "ema.safetensors").write_bytes(save(task(NARROW, "subtract").network().state_dict()))
    task(WIDE, "subtract", tmp_path).network()
    (tmp_path / "ema.safetensors").write_bytes(save(task(NARROW, "pyramid").network().state_dict()))
    with pytest.raises(InputError, match="belongs to another network"):
        task(WIDE, "pyramid", tmp_path).network()


def test_only_who_asks_gets_a_network_grown(tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").write_bytes(save(Network(NARROW).state_dict()))
    load_network(tmp_path / "x.safetensors", Network(WIDE), narrower=True)
    with pytest.raises(InputError, match="belongs to another network"):
        load_network(tmp_path / "x.safetensors", Network(WIDE))
