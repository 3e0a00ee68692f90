"""What EfficientNet-Lite0 sees in a picture: an encoder that has seen a million photographs."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

PREFIX = "lite0."
"""What the names of its weights begin with in a network (`network.Network.lite0`)."""


class Shape(NamedTuple):
    """One inverted residual block: 1x1 to `expansion` times the inputs, depthwise, 1x1 to the outputs."""

    expansion: int
    size: int
    stride: int
    inputs: int
    outputs: int


STEM_WIDTH = 32
SHAPES = (
    Shape(1, 3, 1, 32, 16),
    Shape(6, 3, 2, 16, 24),
    Shape(6, 3, 1, 24, 24),
    Shape(6, 5, 2, 24, 40),
    Shape(6, 5, 1, 40, 40),
    Shape(6, 3, 2, 40, 80),
    Shape(6, 3, 1, 80, 80),
    Shape(6, 3, 1, 80, 80),
    Shape(6, 5, 1, 80, 112),
    Shape(6, 5, 1, 112, 112),
    Shape(6, 5, 1, 112, 112),
    Shape(6, 5, 2, 112, 192),
)
"""The first twelve of its sixteen blocks: what comes after holds four fifths of its weights, for classes."""

_FROZEN = 5
"""How many blocks no training changes."""

_LEVELS = (0, 2, 4, 10, 11)
WIDTHS = tuple(SHAPES[index].outputs for index in _LEVELS)
"""Channels of what it gives, from half of the picture's size down, each half the size of the one before."""

_MEAN, _SPREAD = 127 / 255, 128 / 255


def _conv(inputs: int, outputs: int, size: int, stride: int, groups: int = 1) -> nn.Conv2d:
    """A convolution for `_padded`, which pads what strides."""
    return nn.Conv2d(inputs, outputs, size, stride, size // 2 if stride == 1 else 0, groups=groups)


def _padded(conv: nn.Conv2d, x: Tensor) -> Tensor:
    """A convolution padded as TensorFlow pads: one of stride 2 more at the end than at the beginning.

    Padded alike on all sides it would give the same features a pixel to the other side, but other ones at the borders
    than it was trained on: what is learnt from them costs a tenth more loss (docs/log.md). Sides are even.
    """
    end = conv.kernel_size[0] // 2
    return conv(x if conv.stride[0] == 1 else F.pad(x, (end - 1, end, end - 1, end)))


def _each_by_itself(conv: nn.Conv2d, x: Tensor) -> Tensor:
    """A depthwise convolution, in float32 where its weights learn.

    In bf16 its gradients take torch 2.13 three times as long on a CPU, a fifth of a training step (docs/log.md).
    """
    if not (conv.weight.requires_grad and torch.is_autocast_enabled(x.device.type)):
        return _padded(conv, x)
    with torch.autocast(x.device.type, enabled=False):
        return _padded(conv, x.float())


class Block(nn.Module):
    """See `Shape`."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width = shape.inputs * shape.expansion
        self.expand = nn.Conv2d(shape.inputs, width, 1) if shape.expansion > 1 else nn.Identity()
        self.depthwise = _conv(width, width, shape.size, shape.stride, width)
        self.project = nn.Conv2d(width, shape.outputs, 1)
        self.adds = shape.stride == 1 and shape.inputs == shape.outputs

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        wide = F.relu6(self.expand(x)) if isinstance(self.expand, nn.Conv2d) else x
        y = self.project(F.relu6(_each_by_itself(self.depthwise, wide)))
        return x + y if self.adds else y


class Lite0(nn.Module):
    """Features of a picture at five sizes; its weights come from `load`, and are frozen until `thaw` is called.

    Pictures (n, 3, h, w) RGB in [0, 1], sides multiples of 32, give maps (n, `WIDTHS`[k], h / 2^(k+1), w / 2^(k+1)).
    Batch norms are part of the convolutions.

    Source: Tan and Le, EfficientNet, 2019; its Lite variant (no squeeze-and-excitation, ReLU6).
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = _conv(3, STEM_WIDTH, 3, 2)
        self.blocks = nn.ModuleList(Block(shape) for shape in SHAPES)
        self.requires_grad_(False)

    def forward(self, picture: Tensor) -> list[Tensor]:
        """See the class."""
        x = F.relu6(_padded(self.stem, (picture - _MEAN) / _SPREAD))
        levels: list[Tensor] = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in _LEVELS:
                levels.append(x)
        return levels

    def thaw(self) -> None:
        """Let training change the blocks from index 5 on, which see the picture at an eighth of its size or less.

        They have 19 in 20 of the weights. Those before them stay frozen: they see edges and colours, take most of the
        computing time, and suffer most from 8 bits.
        """
        self.blocks[_FROZEN:].requires_grad_(True)

    def load(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take the weights, named as `state_dict` names them."""
        self.load_state_dict({name: torch.as_tensor(array) for name, array in arrays.items()})
