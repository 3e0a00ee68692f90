import tomllib
from pathlib import Path
from typing import Any, cast, get_args

import pytest
import torch
from torch import Tensor, nn

from cleanplate.models import lite0
from cleanplate.models.lite0 import Lite0
from cleanplate.models.network import Fusion, Maps, Network, Residual

SMALL = (4, 4, 8)
SHIPPED = Path(__file__).parents[2] / "recipes" / "shipped.toml"


def _pair(seed: int = 0, size_hw: tuple[int, int] = (16, 24)) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(2, 3, *size_hw, generator=generator), torch.rand(2, 3, *size_hw, generator=generator)


def test_the_network_that_ships_stays_under_eight_megabytes() -> None:
    with SHIPPED.open("rb") as file:
        model = tomllib.load(file)["model"]
    count = sum(parameter.numel() for parameter in Network(**model).parameters())
    assert count > 1_000_000
    assert (2 + 1) * count < 8_000_000  # one file has them in 16 bits, the other in 8


@pytest.mark.parametrize("size_hw", [(8, 8), (16, 24), (8, 40)])
def test_every_map_has_the_size_of_the_picture(size_hw: tuple[int, int]) -> None:
    network = Network(SMALL).eval()
    assert network.multiple_px == 8
    for x in network(*_pair(size_hw=size_hw)):
        assert x.shape == (2, 1, *size_hw)


def test_plate_and_shot_are_told_apart() -> None:
    network = Network(SMALL).eval()
    plate, shot = _pair()
    assert not torch.allclose(network(plate, shot).alpha_logit, network(shot, plate).alpha_logit)


@pytest.mark.parametrize("rises", range(len(SMALL)))
def test_disparity_has_steps_up_of_its_own_and_still_the_size_of_the_picture(rises: int) -> None:
    network = Network(SMALL, depth_rises=rises)
    assert network.disparity_px == (2 * 2 ** (len(SMALL) - 1 - rises) if rises else 2)
    maps = cast("Maps", network(*_pair()))
    assert [x.shape for x in maps] == [(2, 1, 16, 24)] * 3
    torch.autograd.backward(maps.disparity.sum() + maps.plate_disparity.sum())
    reached = {name.split(".")[0] for name, p in network.named_parameters() if p.grad is not None}
    assert ("up" in reached, "depth_up" in reached) == ((False, True) if rises else (True, False))


def test_more_steps_up_than_there_are_levels_are_refused() -> None:
    with pytest.raises(ValueError, match="depth_rises=3"):
        Network(SMALL, depth_rises=len(SMALL))


@pytest.mark.parametrize("head", Maps._fields)
def test_heads_share_no_layer(head: str) -> None:
    network = Network(SMALL)
    torch.autograd.backward(getattr(network(*_pair()), head).sum())
    own = "alpha" if head == "alpha_logit" else head
    reached = {name.split(".")[0] for name, p in network.named_parameters() if p.grad is not None}
    assert reached & {"alpha", "disparity", "plate_disparity"} == {own}
    assert {"stem", "down", "bottom"} <= reached


def test_every_weight_takes_part() -> None:
    network = Network(SMALL)
    maps = cast("Maps", network(*_pair()))
    torch.autograd.backward(maps.alpha_logit.sum() + maps.disparity.sum() + maps.plate_disparity.sum())
    assert all(parameter.grad is not None for parameter in network.parameters())


@pytest.mark.parametrize("bias", [-100.0, 100.0])
@pytest.mark.parametrize("head", ["disparity", "plate_disparity"])
def test_disparity_is_not_bounded(head: str, bias: float) -> None:
    network = Network(SMALL).eval()
    last = cast("nn.Conv2d", list(getattr(network, head))[-1])
    nn.init.constant_(cast("Tensor", last.bias), bias)
    values = getattr(network(*_pair()), head)
    assert torch.all((values - bias).abs() < 50)


@pytest.mark.parametrize("fusion", get_args(Fusion))
def test_every_fusion_gives_every_map_at_the_size_of_the_picture(fusion: Fusion) -> None:
    maps = Network(SMALL, fusion).eval()(*_pair())
    assert [x.shape for x in maps] == [(2, 1, 16, 24)] * 3


def test_without_fusion_the_plate_is_never_looked_at_and_with_it_it_is() -> None:
    plate, shot = _pair()
    for fusion in get_args(Fusion):
        network = Network(SMALL, fusion).eval()
        same = torch.equal(network(plate, shot).alpha_logit, network(1 - plate, shot).alpha_logit)
        assert same == (fusion == "none")


def test_what_both_pictures_share_is_gone_after_subtraction() -> None:
    network = Network(SMALL, "subtract").eval()
    picture, other = _pair()
    assert torch.equal(network(picture, picture).alpha_logit, network(other, other).alpha_logit)


def test_a_narrow_block_learns_the_same_channels_last() -> None:
    """Torch's own strided 1x1 convolution writes past the end of memory here, and ends the process sooner or later."""
    for height in (32, 48, 64, 80) * 5:
        block, x = Residual(8, 16, 2), torch.randn(4, 8, height, 48)
        gradients: list[Tensor] = []
        for form in (torch.contiguous_format, torch.channels_last):
            cast("Any", block).to(memory_format=form)
            block.zero_grad()
            block(x.to(memory_format=form)).square().sum().backward()
            gradients.append(cast("Any", block).shortcut[0].weight.grad.clone())
        torch.testing.assert_close(*gradients, rtol=1e-3, atol=1e-2)


WITH_FEATURES = (4, 4, 8, 8, 8)


def _on_features(own_levels: int | None) -> Network:
    return Network(WITH_FEATURES, context=1, pretrained=True, own_levels=own_levels)


@pytest.mark.parametrize("own_levels", [None, 1, 3])
def test_on_features_every_map_has_the_size_of_the_picture_and_the_plate_is_seen(own_levels: int | None) -> None:
    network = _on_features(own_levels).eval()
    assert len(network.down) == (own_levels or len(WITH_FEATURES)) - 1
    plate, shot = _pair(size_hw=(64, 96))
    maps = network(plate, shot)
    assert [x.shape for x in maps] == [(2, 1, 64, 96)] * 3
    assert not torch.allclose(maps.alpha_logit, network(shot, plate).alpha_logit)


@pytest.mark.parametrize("thawed", [False, True])
@pytest.mark.parametrize("own_levels", [None, 1, 3])
def test_training_changes_of_the_pretrained_features_the_deeper_ones_if_asked(
    own_levels: int | None, thawed: bool
) -> None:
    network = _on_features(own_levels)
    if thawed:
        cast("Lite0", network.lite0).thaw()
    nn.init.ones_(cast("Any", network.context)[0].narrow[1].weight)  # an identity at first: nothing would reach it
    maps = cast("Maps", network(*_pair(size_hw=(64, 96))))
    torch.autograd.backward(maps.alpha_logit.sum() + maps.disparity.sum() + maps.plate_disparity.sum())
    for name, parameter in network.named_parameters():
        learns = thawed and name.startswith("lite0.blocks.") and int(name.split(".")[2]) >= 5
        assert (parameter.grad is None) == (name.startswith("lite0.") and not learns), name


@pytest.mark.parametrize("thawed", [False, True])
def test_only_what_learns_pays_for_its_gradients_in_float32(thawed: bool) -> None:
    features = Lite0()
    if thawed:
        features.thaw()
    seen: dict[nn.Module, bool] = {}

    def note(layer: nn.Module, _given: object, out: Tensor) -> None:
        seen[layer] = out.dtype == torch.float32

    blocks = [cast("lite0.Block", block) for block in features.blocks]
    for block in blocks:
        block.depthwise.register_forward_hook(note)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        features(torch.rand(1, 3, 64, 64))
    assert [seen[block.depthwise] for block in blocks] == [thawed and index >= 5 for index in range(len(blocks))]


@pytest.mark.parametrize(("own_levels", "pretrained"), [(2, False), (0, True), (6, True)])
def test_a_level_has_convolutions_of_its_own_or_pretrained_features(own_levels: int, pretrained: bool) -> None:
    with pytest.raises(ValueError, match=f"own_levels={own_levels}"):
        Network(WITH_FEATURES, pretrained=pretrained, own_levels=own_levels)


def test_context_is_an_identity_until_it_is_trained() -> None:
    plain, wide = Network(SMALL).eval(), Network(SMALL, context=2).eval()
    wide.load_state_dict(plain.state_dict(), strict=False)
    assert torch.equal(plain(*_pair()).disparity, wide(*_pair()).disparity)


def test_features_come_at_five_sizes() -> None:
    levels = Lite0()(torch.rand(1, 3, 64, 96))
    assert [tuple(level.shape) for level in levels] == [
        (1, width, 64 >> k, 96 >> k) for k, width in enumerate(lite0.WIDTHS, 1)
    ]
