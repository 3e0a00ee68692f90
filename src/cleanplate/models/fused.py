"""What a network computes, with less work, once it learns no more."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from cleanplate.models.network import PATCH_PX, Head, Maps, Network, PlateAware, Residual, enlarged


def fused(network: Network) -> PlateAware:
    """A module that takes what `network.forward` takes, and gives what it gives in eval mode up to rounding.

    `network` is copied and stays as it is. One that does not stack its inputs is given back as it came.
    """
    return Fused(network) if network.fusion == "stack" else network


class Fused(PlateAware):
    """See `fused`. Three things are put together that take more time to take apart than to compute.

    The patches of plate, shot and their difference, and the convolution that reads them, are one convolution with a
    stride, of the shot and of what it differs by: it is linear in both. Heads that read the same features are one head
    with all their channels. A shortcut leaves its pixels out by its convolution's stride.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = deepcopy(network).eval()
        self.stem = _strided(*cast("tuple[nn.Conv2d, nn.BatchNorm2d]", self.network.stem[:2]))
        self.heads, *apart = (_side_by_side(heads) for heads in _heads(self.network))
        self.depth_heads = apart[0] if apart else None
        del self.network.stem, self.network.alpha, self.network.disparity, self.network.plate_disparity
        for level in self.network.down:
            _stride_shortcut(cast("Residual", level))

    def look(self, picture: Tensor) -> Sequence[Tensor]:
        """See `PlateAware`."""
        return self.network.look(picture)

    def maps(self, plate: Tensor, shot: Tensor, seen: list[tuple[Tensor, Tensor]]) -> Maps:
        """See `PlateAware`."""
        x = F.relu(self.stem(torch.cat([shot - 0.5, shot - plate], 1)))
        x, of_depth = self.network.rise(self.network.descend(x, seen))
        maps = self.heads(x)
        alpha = F.pixel_shuffle(maps[:, : PATCH_PX**2], PATCH_PX)
        disparities = maps[:, PATCH_PX**2 :] if self.depth_heads is None else self.depth_heads(of_depth)
        disparities = enlarged(disparities, self.network.disparity_px)
        return Maps(alpha, disparities[:, :1], disparities[:, -1:])


def _strided(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    """The stem, on patches of shot s, plate p and 2 (s - p), as a convolution of the pixels of s and d = s - p.

    With p = s - d the sum A s + B p + C 2d is (A + B) s + (2 C - B) d. What is the same in both pictures then enters
    once, and what differs stands by itself, as before: rounding to 8 bits finds no large numbers that cancel.
    """
    whole = fuse_conv_bn_eval(conv, norm)
    of_shot, of_plate, of_difference = whole.weight.chunk(3, dim=1)
    patched = torch.cat([of_shot + of_plate, 2 * of_difference - of_plate], 1)
    size = conv.kernel_size[0] * PATCH_PX
    strided = nn.Conv2d(2 * 3, conv.out_channels, size, stride=PATCH_PX, padding=PATCH_PX * (conv.kernel_size[0] // 2))
    strided.weight = nn.Parameter(F.pixel_shuffle(patched, PATCH_PX).detach())
    strided.bias = whole.bias
    return strided


@torch.no_grad()
def add_alone(norm: nn.BatchNorm2d, bias: Tensor) -> None:
    """Have a batch norm that has seen nothing yet do nothing but add."""
    norm.weight.fill_((1 + norm.eps) ** 0.5)
    cast("Tensor", norm.bias).copy_(bias)


@torch.no_grad()
def take_apart(together: Fused, network: Network) -> None:
    """Give `network` weights with which `Fused(network)` is `together`; its stem's batch norm does nothing."""
    network.load_state_dict(together.network.state_dict(), strict=False)
    conv, norm = cast("tuple[nn.Conv2d, nn.BatchNorm2d]", network.stem[:2])
    of_shot, of_difference = F.pixel_unshuffle(together.stem.weight, PATCH_PX).chunk(2, dim=1)
    conv.weight.copy_(torch.cat([of_shot, torch.zeros_like(of_shot), of_difference / 2], 1))
    add_alone(norm, cast("Tensor", together.stem.bias))
    joined = [heads for heads in (together.heads, together.depth_heads) if heads is not None]
    for heads, one in zip(_heads(network), joined, strict=True):
        wide, narrow = _convolutions(one)
        for first, last, columns, rows in _shares(heads):
            first.weight.copy_(wide.weight[columns])
            last.weight.copy_(narrow.weight[rows, columns])
            cast("Tensor", first.bias).copy_(cast("Tensor", wide.bias)[columns])
            cast("Tensor", last.bias).copy_(cast("Tensor", narrow.bias)[rows])


@torch.no_grad()
def _side_by_side(heads: Sequence[Head]) -> nn.Sequential:
    """Heads of the same features as one: their maps, one after the other."""
    *_, (first, _, columns, rows) = _shares(heads)
    wide, narrow = nn.Conv2d(first.in_channels, columns.stop, 3, padding=1), nn.Conv2d(columns.stop, rows.stop, 1)
    nn.init.zeros_(narrow.weight)  # a map is made of its own head's channels
    for first, last, columns, rows in _shares(heads):
        wide.weight[columns] = first.weight
        narrow.weight[rows, columns] = last.weight
        cast("Tensor", wide.bias)[columns] = cast("Tensor", first.bias)
        cast("Tensor", narrow.bias)[rows] = cast("Tensor", last.bias)
    return nn.Sequential(wide, nn.ReLU(), narrow)


def _shares(heads: Sequence[Head]) -> Iterator[tuple[nn.Conv2d, nn.Conv2d, slice, slice]]:
    """Both convolutions of every head, and which hidden channels and which maps of the joined head are its own."""
    column = row = 0
    for head in heads:
        first, last = _convolutions(head)
        yield first, last, slice(column, column + first.out_channels), slice(row, row + last.out_channels)
        column, row = column + first.out_channels, row + last.out_channels


def _heads(network: Network) -> list[list[Head]]:
    """Those that read the same features, together: alpha's first."""
    of_depth = [head for head in (network.disparity, network.plate_disparity) if head is not None]
    return [[network.alpha], of_depth] if len(network.depth_up) else [[network.alpha, *of_depth]]


def _convolutions(head: nn.Sequential) -> tuple[nn.Conv2d, nn.Conv2d]:
    return cast("nn.Conv2d", head[0]), cast("nn.Conv2d", head[2])


def _stride_shortcut(level: Residual) -> None:
    if level.stride > 1:
        cast("nn.Conv2d", cast("nn.Sequential", level.shortcut)[0]).stride = (level.stride, level.stride)
        level.stride = 1
