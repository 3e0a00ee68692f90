"""The network on one screen: a plain 3x3 U-Net that sees plate and shot together, with three separate heads."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import accumulate, pairwise, zip_longest
from typing import Literal, NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cleanplate.models import lite0

WIDTHS = (32, 64, 96, 128, 128)
PATCH_PX = 2
"""Side of the patches that enter as one position: at full resolution the picture is mostly work and little to learn."""

Fusion = Literal["stack", "pyramid", "concat", "subtract", "none"]
"""How plate and shot meet. At the input: `stack` (both and their difference). After a stem that both share: `concat`,
`subtract`. At every level of an encoder that both share: `pyramid`. `none`: the network never sees the plate."""

Layers = Literal[1, 2]
"""How many maps of disparity a network gives."""


class Maps(NamedTuple):
    """What the network says about one batch; every map is (n, 1, h, w).

    `alpha_logit`: its sigmoid is alpha. `disparity`, `plate_disparity`: the foreground's and the plate's inverse depth,
    larger = nearer, both on ONE unknown scale and shift per sample. With `layers=1` both are the same map, the shot's:
    the foreground's where something came and the plate's elsewhere.
    """

    alpha_logit: Tensor
    disparity: Tensor
    plate_disparity: Tensor


def _conv_bn(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    return nn.Sequential(conv, nn.BatchNorm2d(outputs))


def _conv_bn_relu(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    return _conv_bn(inputs, outputs, size, stride).append(nn.ReLU(inplace=True))


class Residual(nn.Module):
    """A residual basic block (He et al. 2015): (n, inputs, h, w) -> (n, outputs, h / stride, w / stride)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = _conv_bn_relu(inputs, outputs, stride=stride)
        self.second = _conv_bn(outputs, outputs)
        same = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if same else _conv_bn(inputs, outputs, size=1)
        self.stride = stride
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        # Leaving pixels out before a 1x1 convolution is the same as its stride; the gradient of one with a stride, in
        # torch 2.13, channels last and with fewer than 16 channels, writes past the end of memory.
        kept = x if self.stride == 1 else x[..., :: self.stride, :: self.stride]
        return self.relu(self.second(self.first(x)) + self.shortcut(kept))


class Context(nn.Module):
    """Adds what the surroundings say, far and wide: (n, width, h, w) -> the same; an identity until it is trained.

    A wide depthwise convolution, then two that mix channels (Liu et al. 2022, ConvNeXt, with batch norm): where the
    picture is smallest, two of them see all of a room for a tenth of the network's weights and next to no work.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.around = nn.Sequential(
            nn.Conv2d(width, width, 7, padding=3, groups=width, bias=False), nn.BatchNorm2d(width)
        )
        self.widen = _conv_bn_relu(width, 2 * width, 1)
        self.narrow = _conv_bn(2 * width, width, 1)
        nn.init.zeros_(cast("Tensor", self.narrow[1].weight))

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        return x + self.narrow(self.widen(self.around(x)))


class Head(nn.Sequential):
    """Features to maps, sharing no layer with any other head: (n, inputs, h, w) -> (n, outputs, h, w)."""

    def __init__(self, inputs: int, outputs: int = 1) -> None:
        hidden = inputs // 2
        super().__init__(nn.Conv2d(inputs, hidden, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(hidden, outputs, 1))


class Rise(nn.Module):
    """One step up the decoder: (n, inputs, h, w) and the skip (n, outputs, 2h, 2w) -> (n, outputs, 2h, 2w).

    Channels are matched before the size doubles and the skip is added, not stacked (Chaurasia & Culurciello 2017,
    LinkNet): half the work of stacking, which would sit where the picture is largest.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.match = _conv_bn(inputs, outputs, size=1)
        self.merge = _conv_bn_relu(outputs, outputs)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """See the class."""
        return self.merge(enlarged(self.match(x)) + skip)


def enlarged(x: Tensor, times: int = 2) -> Tensor:
    """Maps at so many times their size, interpolated."""
    return F.interpolate(x, scale_factor=float(times), mode="bilinear", align_corners=False)


class PlateAware(nn.Module, ABC):
    """Takes a plate and a shot, and gives `Maps`.

    `plate`, `shot`: (n, 3, h, w) RGB in [0, 1]. `of_plate`, `of_shot`: what `look` gave of them, where that is known
    already.
    """

    @abstractmethod
    def look(self, picture: Tensor) -> Sequence[Tensor]:
        """What is seen in a picture by itself, whatever it is compared with; nothing where nothing is pretrained."""

    @abstractmethod
    def maps(self, plate: Tensor, shot: Tensor, seen: list[tuple[Tensor, Tensor]]) -> Maps:
        """The maps, given level by level what is seen in plate and shot."""

    def forward(
        self,
        plate: Tensor,
        shot: Tensor,
        of_plate: Sequence[Tensor] | None = None,
        of_shot: Sequence[Tensor] | None = None,
    ) -> Maps:
        """See the class."""
        of_plate = self.look(plate) if of_plate is None else of_plate
        of_shot = self.look(shot) if of_shot is None else of_shot
        return self.maps(plate, shot, list(zip(of_plate, of_shot, strict=True)))


class Network(PlateAware):
    """Alpha and disparity of a shot, given the plate.

    Sides of the pictures are multiples of `multiple_px`. Alpha is found for every pixel, disparity at `disparity_px`
    times fewer on a side, and then enlarged.

    Args:
        widths: channels from half resolution down, each level half the size of the one before.
        fusion: how plate and shot meet (`Fusion`).
        context: how many `Context` blocks look far around at the coarsest level.
        pretrained: whether every level also gets the features that `lite0.Lite0` has of the shot, and how they differ
            from those of the plate; whoever makes the network gives `lite0` its weights.
        own_levels: how many levels, from the finest, have convolutions of the network's own on the way down; the
            coarser ones have the pretrained features alone. None: all levels.
        layers: 2 gives two maps of disparity, the foreground's and that of the plate behind it; 1 the shot's alone.
        depth_rises: how many steps up from the coarsest level a decoder that disparity has to itself takes; 0: it is
            told from the features that alpha is told from.

    Raises:
        ValueError: `own_levels` is less than all without `pretrained`, or not from 1 to the number of levels; or
            `depth_rises` is as many as the levels or more.
    """

    def __init__(
        self,
        widths: Sequence[int] = WIDTHS,
        fusion: Fusion = "stack",
        context: int = 0,
        *,
        pretrained: bool = False,
        own_levels: int | None = None,
        layers: Layers = 2,
        depth_rises: int = 0,
    ) -> None:
        super().__init__()
        num_own = len(widths) if own_levels is None else own_levels
        if not (num_own == len(widths) or (pretrained and 1 <= num_own < len(widths))):
            raise ValueError(f"own_levels={own_levels}: levels without convolutions of their own need pretrained ones")
        if not 0 <= depth_rises < len(widths):
            raise ValueError(f"depth_rises={depth_rises}: from the coarsest of {len(widths)} levels there are fewer")
        self.fusion: Fusion = fusion
        self.multiple_px = multiple_px(widths)
        steps = list(pairwise(widths))
        self.stem = _conv_bn_relu(PATCH_PX**2 * (9 if fusion == "stack" else 3), widths[0])
        met = {"pyramid": widths, "concat": widths[:1], "subtract": widths[:1]}.get(fusion, ())
        self.meet = nn.ModuleList(_conv_bn_relu((1 if fusion == "subtract" else 2) * width, width, 1) for width in met)
        self.down = nn.ModuleList(Residual(fine, coarse, 2) for fine, coarse in steps[: num_own - 1])
        self.lite0 = lite0.Lite0() if pretrained else None
        seen = lite0.WIDTHS if pretrained else ()
        self.learn = nn.ModuleList(_conv_bn(2 * theirs, ours, 1) for theirs, ours in zip(seen, widths, strict=False))
        self.bottom = nn.Identity() if pretrained else Residual(widths[-1], widths[-1], 1)
        self.context = nn.Sequential(*(Context(widths[-1]) for _ in range(context)))
        self.up = nn.ModuleList(Rise(coarse, fine) for fine, coarse in reversed(steps))
        self.depth_up = nn.ModuleList(Rise(coarse, fine) for fine, coarse in steps[::-1][:depth_rises])
        depth_level = len(steps) - depth_rises if depth_rises else 0
        self.disparity_px = int(PATCH_PX * 2**depth_level)
        self.alpha = Head(widths[0], PATCH_PX**2)
        self.disparity = Head(widths[depth_level])
        self.plate_disparity = Head(widths[depth_level]) if layers == 2 else None

    def look(self, picture: Tensor) -> Sequence[Tensor]:
        """See `PlateAware`."""
        return () if self.lite0 is None else self.lite0(picture)

    def maps(self, plate: Tensor, shot: Tensor, seen: list[tuple[Tensor, Tensor]]) -> Maps:
        """See `PlateAware`."""
        x, of_depth = self.rise(self._pyramid(plate, shot, seen))
        alpha = F.pixel_shuffle(self.alpha(x), PATCH_PX)
        disparity = enlarged(self.disparity(of_depth), self.disparity_px)
        if self.plate_disparity is None:
            return Maps(alpha, disparity, disparity)
        return Maps(alpha, disparity, enlarged(self.plate_disparity(of_depth), self.disparity_px))

    def descend(self, x: Tensor, seen: Sequence[tuple[Tensor, Tensor]]) -> list[Tensor]:
        """From fused features at half resolution down, level by level; `seen` of plate and shot is added to them."""
        if not seen:
            return list(accumulate(self.down, lambda x, level: level(x), initial=x))
        learnt = [learn(torch.cat([s, s - p], 1)) for learn, (p, s) in zip(self.learn, seen, strict=True)]
        levels = [F.relu(x + learnt[0])]
        for down, more in zip_longest(self.down, learnt[1:]):
            levels.append(F.relu(more if down is None else down(levels[-1]) + more))
        return levels

    def rise(self, levels: list[Tensor]) -> tuple[Tensor, Tensor]:
        """From the coarsest level up again: the features that alpha is told from, and those that disparity is."""
        *skips, coarsest = levels
        bottom = self.context(self.bottom(coarsest))
        x = risen(bottom, self.up, skips)
        return x, risen(bottom, self.depth_up, skips) if len(self.depth_up) else x

    def _pyramid(self, plate: Tensor, shot: Tensor, seen: list[tuple[Tensor, Tensor]]) -> list[Tensor]:
        """Features of both pictures, fused, from half resolution down."""
        patches = (F.pixel_unshuffle(picture - 0.5, PATCH_PX) for picture in (plate, shot))
        if self.fusion == "pyramid":
            both = list(accumulate(self.down, lambda x, level: level(x), initial=self.stem(torch.cat(list(patches)))))
            halves = (features.chunk(2) for features in both)
            return [meet(torch.cat([s, s - p], 1)) for meet, (p, s) in zip(self.meet, halves, strict=True)]
        return self.descend(self._fused(*patches), seen)

    def _fused(self, plate: Tensor, shot: Tensor) -> Tensor:
        """Of the patches of both, the features they enter the encoder with: (n, widths[0], h / 2, w / 2)."""
        if self.fusion == "stack":
            # The difference drawn out: far from zero, it would drown in the first batch norm.
            return self.stem(torch.cat([shot, plate, 2 * (shot - plate)], 1))
        of_shot = self.stem(shot)
        if self.fusion == "none":
            return of_shot
        of_plate, (meet,) = self.stem(plate), self.meet
        return meet(of_shot - of_plate if self.fusion == "subtract" else torch.cat([of_shot, of_plate], 1))


def risen(x: Tensor, up: nn.ModuleList, skips: Sequence[Tensor]) -> Tensor:
    """Features after the steps `up`, each of which adds the next finer of `skips`, the finest of which is the first."""
    for level, skip in zip(up, skips[::-1][: len(up)], strict=True):
        x = level(x, skip)
    return x


def multiple_px(widths: Sequence[int]) -> int:
    """What the sides of the pictures must be multiples of."""
    return int(PATCH_PX * 2 ** (len(widths) - 1))
