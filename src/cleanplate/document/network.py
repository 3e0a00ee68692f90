"""The document's network, from its published layer table: a ResNet encoder, a U-Net decoder, and one last layer."""

from itertools import pairwise
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from cleanplate.models.network import WIDTHS, Network, Residual, enlarged

LEVELS = (64, 128, 256, 512, 1024)
MULTIPLE_PX = 2 ** (len(LEVELS) - 1)

_STEM, _FEATURES = 32, 128
# Torch 2.13 writes past its memory in the gradient of a channels-last 1x1 convolution of stride 2 over 8 channels.
_NARROWEST = 16


class Logits(NamedTuple):
    """What a network of the document says; None where it was not asked.

    `mask`: (n, 1 or 3, h, w), `depth`: (n, 1 or 3, h, w); the sigmoid of both is in the targets' 0..1.
    """

    mask: Tensor | None
    depth: Tensor | None


class Original(nn.Module):
    """The network of the document's trials.

    Args:
        channels: of mask and depth; 0 leaves one out. Both must be the same where they share the last layer.
        width: every layer has this share of its channels, and 16 at least: the same network for a small machine.
        fusion: the stem's two maps are concatenated, or subtracted as in its trial with the mask alone.
        mask_from: "stem": the mask branches off before the encoder, as in the document; "decoder": it sees the U-Net.
        shared_last: mask and depth end in the same layer, as in the document.
        stem: it sees plate and shot in one batch, "together", or one after the other, "apart", as in the document. The
            weights are the same, and so is what they compute once they are taught. But batch norm, while it learns,
            gives whatever it sees the same statistics: apart, who stands in the shot shifts all features of what is
            behind beside the plate's, and the batch norms above take the statistics of that; in use, with one set of
            statistics for both pictures, that shift is gone, and theirs are wrong.

    Call it with plate and shot, (n, 3, h, w) each, scaled as `document.preprocessing` does; h and w multiples of 16.
    Returns `Logits`.
    """

    def __init__(
        self,
        channels: tuple[int, int] = (1, 1),
        width: float = 1.0,
        fusion: Literal["concat", "subtract"] = "concat",
        mask_from: Literal["stem", "decoder"] = "stem",
        *,
        shared_last: bool = True,
        stem: Literal["together", "apart"] = "together",
    ) -> None:
        super().__init__()

        def wide(count: int) -> int:
            return max(_NARROWEST, round(count * width))

        mask, depth = channels
        if shared_last and mask and depth and mask != depth:
            raise ValueError(f"mask and depth share their last layer, so they need as many channels, not {channels}")
        levels = [wide(level) for level in LEVELS]
        self.fusion, self.together = fusion, stem == "together"
        self.stem = _stem(wide(_STEM))
        fused = wide(_STEM) * (2 if fusion == "concat" else 1)
        self.unet = UNet(fused, levels, wide(_FEATURES)) if depth or mask_from == "decoder" else None
        self.early = _conv_bn_relu(fused, wide(_FEATURES)) if mask and mask_from == "stem" else None
        self.last_mask = _conv(wide(_FEATURES), mask) if mask else None
        shared = shared_last and mask > 0 and depth > 0
        self.last_depth = self.last_mask if shared else _conv(wide(_FEATURES), depth) if depth else None

    def forward(self, plate: Tensor, shot: Tensor) -> Logits:
        """See the class."""
        if self.together:
            of_plate, of_shot = self.stem(torch.cat([plate, shot])).chunk(2)
        else:
            of_plate, of_shot = self.stem(plate), self.stem(shot)
        fused = of_plate - of_shot if self.fusion == "subtract" else torch.cat([of_plate, of_shot], 1)
        decoded = None if self.unet is None else self.unet(fused)
        for_mask = decoded if self.early is None else self.early(fused)
        return Logits(
            None if self.last_mask is None else self.last_mask(for_mask),
            None if self.last_depth is None else self.last_depth(decoded),
        )


class UNet(nn.Module):
    """Encoder and decoder: (n, inputs, h, w) -> (n, outputs, h, w)."""

    def __init__(self, inputs: int, levels: list[int], outputs: int) -> None:
        super().__init__()
        first, deepest, above = levels[0], levels[-1], levels[-2]
        self.enter = _conv_bn_relu(inputs, first)
        self.encoder = nn.ModuleList(
            [Residual(first, first, 1), *(Residual(fine, coarse, 2) for fine, coarse in pairwise(levels))]
        )
        falling = list(reversed(levels))
        self.deepest = Residual(deepest, above, 1)
        self.blocks = nn.ModuleList(
            [Residual(above, above, 1), *(Residual(coarse, fine, 1) for coarse, fine in pairwise(falling[1:]))]
        )
        merged = [*falling[1:-1], outputs]
        self.merges = nn.ModuleList(_conv_bn_relu(2 * skip, out) for skip, out in zip(falling[1:], merged, strict=True))

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        x = self.enter(x)
        skips: list[Tensor] = []
        for level in self.encoder:
            x = level(x)
            skips.append(x)
        x = self.deepest(enlarged(skips.pop()))
        for number, (block, merge) in enumerate(zip(self.blocks, self.merges, strict=True)):
            x = block(x if number == 0 else enlarged(x))
            x = merge(torch.cat([x, skips.pop()], 1))
        return x


class Ours(nn.Module):
    """The project's own network under the document's targets: one depth map, the foreground's where it sees one."""

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        self.network = Network([max(4, round(channels * width)) for channels in WIDTHS])

    def forward(self, plate: Tensor, shot: Tensor) -> Logits:
        """See `Original`; plate and shot are in [0, 1], h and w multiples of 32."""
        maps = self.network(plate, shot)
        return Logits(maps.alpha_logit, torch.where(maps.alpha_logit > 0, maps.disparity, maps.plate_disparity))


def num_weights(network: nn.Module) -> int:
    """Weights that are learnt, each counted once."""
    return sum(parameter.numel() for parameter in network.parameters())


def _stem(channels: int) -> nn.Sequential:
    """3x3 on the colours, 3x3 within each channel, 1x1 across them (depthwise separable: Howard et al. 2017)."""
    return nn.Sequential(
        _conv(3, channels), nn.BatchNorm2d(channels), nn.ReLU(inplace=True),
        _conv(channels, channels, groups=channels), _conv(channels, channels, size=1),
        nn.BatchNorm2d(channels), nn.ReLU(inplace=True),
    )  # fmt: skip


def _conv(inputs: int, outputs: int, size: int = 3, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size, padding=size // 2, groups=groups, bias=False)


def _conv_bn_relu(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(_conv(inputs, outputs), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))
