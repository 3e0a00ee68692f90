"""What depth and mask are taught as, how a prediction is read back, and how the document drew it."""

from typing import Literal

import cv2
import numpy as np
import torch
from torch import Tensor

from cleanplate.document.preprocessing import MEAN, STD

NEAREST_M, FARTHEST_M = 0.5, 10.0
"""Inverse depth between these becomes 1 and 0; what is nearer or farther counts as this near or far."""

Form = Literal["none", "grey", "rgb", "colour"]
"""`grey`: one channel. `rgb`: the same three times. `colour`: through a colour map."""

_LUT = torch.as_tensor(
    cv2.applyColorMap(np.arange(256, dtype=np.uint8)[:, None], cv2.COLORMAP_PLASMA)[:, 0, ::-1].astype(np.float32) / 255
)
"""Colours (256, 3) of 0, 1/255 ... 1: plasma, in which the teacher network's authors drew depth."""

_MOST_PIXELS = 1 << 16


def num_channels(form: Form) -> int:
    """How many channels a form has.

    >>> [num_channels(form) for form in ("none", "grey", "rgb", "colour")]
    [0, 1, 3, 3]
    """
    return {"none": 0, "grey": 1}.get(form, 3)


def depth_target(depth_m: Tensor) -> tuple[Tensor, Tensor]:
    """Return inverse depth under the one affine map of the whole set, in [0, 1], and where it is known (bool).

    >>> target, valid = depth_target(torch.tensor([0.0, 0.4, 0.5, 1.0, 10.0, 30.0]))
    >>> [round(x, 3) for x in target.tolist()], valid.tolist()
    ([0.0, 1.0, 1.0, 0.474, 0.0, 0.0], [False, True, True, True, True, True])
    """
    valid = depth_m > 0
    inverse = 1 / torch.where(valid, depth_m, torch.full_like(depth_m, FARTHEST_M))
    return ((inverse - 1 / FARTHEST_M) / (1 / NEAREST_M - 1 / FARTHEST_M)).clamp(0, 1), valid


def depth_m_of(target: Tensor) -> Tensor:
    """Metres, from 0.5 to 10, of what `depth_target` made.

    >>> [round(x, 3) for x in depth_m_of(depth_target(torch.tensor([0.4, 2.0, 30.0]))[0]).tolist()]
    [0.5, 2.0, 10.0]
    """
    return 1 / (target.clamp(0, 1) * (1 / NEAREST_M - 1 / FARTHEST_M) + 1 / FARTHEST_M)


def encode(target: Tensor, form: Form) -> Tensor:
    """Put (n, 1, h, w) in [0, 1] into a form: (n, channels, h, w) in [0, 1]."""
    if form == "colour":
        codes = (target[:, 0] * 255).round().long()
        return _LUT.to(target.device)[codes].permute(0, 3, 1, 2)
    return target.expand(-1, num_channels(form), -1, -1)


def decode(picture: Tensor, form: Form) -> Tensor:
    """Read (n, channels, h, w) back as (n, 1, h, w) in [0, 1]: the channels' mean, or the nearest colour's value."""
    if form != "colour":
        return picture.mean(1, keepdim=True)
    pixels = picture.permute(0, 2, 3, 1).reshape(-1, 3)
    lut = _LUT.to(picture)
    parts = [pixels[start : start + _MOST_PIXELS] for start in range(0, len(pixels), _MOST_PIXELS)]
    nearest = [torch.cdist(part, lut).argmin(1) for part in parts]
    values = torch.cat(nearest).to(picture.dtype) / 255
    return values.view(len(picture), 1, *picture.shape[2:])


def drawn_as_it_was(values: Tensor) -> Tensor:
    """Draw (n, 1 or 3, h, w) by the document's rule: `x * std * 255 + mean * 255`, clipped to [0, 1]; (n, 3, h, w).

    It undoes the normalisation of 0..255 inputs on numbers that never were normalised: all but a sliver is black or
    white. A logit is white from about -1.8 on, which is a probability of 0.14.

    >>> drawn_as_it_was(torch.tensor([-3.0, -1.78, 0.0, 0.5]).view(4, 1, 1, 1)).mean((1, 2, 3)).tolist()
    [0.0, 1.0, 1.0, 1.0]
    """
    mean, std = (values.new_tensor(numbers).view(1, 3, 1, 1) for numbers in (MEAN, STD))
    return (values * std * 255 + mean * 255).clamp(0, 1)
