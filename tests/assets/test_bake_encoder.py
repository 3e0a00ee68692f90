"""The encoder that is baked does what the one in the package does."""

from pathlib import Path

import torch
from torch import nn

from cleanplate.assets.bake_encoder import FILE, PACKAGE, VERSION, bake_encoder
from cleanplate.assets.gather import Downloads
from cleanplate.models.lite0 import SHAPES, STEM_WIDTH, Lite0


class _Theirs(nn.Module):
    """Convolutions and batch norms, named as in the package."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = nn.Conv2d(3, STEM_WIDTH, 3, 2, bias=False)
        self._bn0 = _norm(STEM_WIDTH)
        self._blocks = nn.ModuleList()
        for shape in SHAPES:
            block, wide = nn.Module(), shape.inputs * shape.expansion
            if shape.expansion > 1:
                block.add_module("_expand_conv", nn.Conv2d(shape.inputs, wide, 1, bias=False))
                block.add_module("_bn0", _norm(wide))
            depthwise = nn.Conv2d(wide, wide, shape.size, shape.stride, groups=wide, bias=False)
            block.add_module("_depthwise_conv", depthwise)
            block.add_module("_bn1", _norm(wide))
            block.add_module("_project_conv", nn.Conv2d(wide, shape.outputs, 1, bias=False))
            block.add_module("_bn2", _norm(shape.outputs))
            self._blocks.append(block)

    def levels(self, picture: torch.Tensor) -> list[torch.Tensor]:
        x = nn.functional.relu6(self._bn0(self._conv_stem(_same((picture * 255 - 127) / 128, 3, 2))))
        after: list[torch.Tensor] = []
        for shape, block in zip(SHAPES, self._blocks, strict=True):
            parts = dict(block.named_children())
            y = nn.functional.relu6(parts["_bn0"](parts["_expand_conv"](x))) if "_bn0" in parts else x
            y = nn.functional.relu6(parts["_bn1"](parts["_depthwise_conv"](_same(y, shape.size, shape.stride))))
            y = parts["_bn2"](parts["_project_conv"](y))
            x = x + y if shape.stride == 1 and shape.inputs == shape.outputs else y
            after.append(x)
        return [after[index] for index in (0, 2, 4, 10, 11)]


def _same(x: torch.Tensor, size: int, stride: int) -> torch.Tensor:
    """Padded as TensorFlow's SAME: the output has a side of ceil(side / stride), what is odd comes at the end."""
    total = [max((-(-side // stride) - 1) * stride + size - side, 0) for side in (x.shape[3], x.shape[2])]
    return nn.functional.pad(x, [part for needed in total for part in (needed // 2, needed - needed // 2)])


def _norm(width: int) -> nn.BatchNorm2d:
    norm = nn.BatchNorm2d(width, eps=1e-3)
    for tensor, low, high in (
        (norm.weight, 0.5, 1.5), (norm.bias, -0.5, 0.5), (norm.running_mean, -0.5, 0.5), (norm.running_var, 0.5, 2.0),
    ):  # fmt: skip
        assert tensor is not None
        nn.init.uniform_(tensor, low, high)
    return norm


def test_batch_norms_are_folded_without_a_trace(tmp_path: Path) -> None:
    theirs = _Theirs().eval()
    content = tmp_path / "pip" / f"{PACKAGE}-{VERSION}" / "content"
    (content / FILE).parent.mkdir(parents=True)
    torch.save({**theirs.state_dict(), "_fc.bias": torch.zeros(1000)}, content / FILE)
    arrays, (source,) = bake_encoder(Downloads(tmp_path))
    ours = Lite0()
    ours.load(arrays)
    picture = torch.rand(2, 3, 64, 96)
    for mine, wanted in zip(ours(picture), theirs.levels(picture), strict=True):
        torch.testing.assert_close(mine, wanted, rtol=1e-4, atol=1e-4)
    assert source.licence == "Apache-2.0"
