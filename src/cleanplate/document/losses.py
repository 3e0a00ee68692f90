"""The losses that the document tried on depth, and the one that later attempts settled on."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from cleanplate.losses.depth import gradient_mismatch
from cleanplate.losses.matting import soft_dice

DepthLoss = Literal["bce", "mse", "l1", "ssim", "l1_ssim_grad"]
MaskLoss = Literal["bce", "bce_dice"]

_RADIUS_PX, _SIGMA_PX = 5, 1.5
_C1, _C2 = 0.01, 0.03


def mask_loss(logit: Tensor, target: Tensor, kind: MaskLoss) -> Tensor:
    """Cross-entropy, or cross-entropy and Dice: a scalar. Both (n, channels, h, w), the target in [0, 1]."""
    logit, target = logit.float(), target.float()
    entropy = F.binary_cross_entropy_with_logits(logit, target)
    return entropy if kind == "bce" else entropy + soft_dice(logit.sigmoid(), target)


def depth_loss(logit: Tensor, target: Tensor, valid: Tensor, kind: DepthLoss) -> Tensor:
    """What is wrong with a depth image: a scalar, mean over the pixels where it is known.

    `logit`, `target`: (n, channels, h, w), the target in [0, 1]; `valid`: (n, 1, h, w) bool. All but `bce` compare the
    logit's sigmoid. `l1_ssim_grad` is 0.1 L1 + (1 - SSIM) / 2 + gradients (Alhashim & Wonka 2018, DenseDepth, eq. 1-5).
    """
    logit, target = logit.float(), target.float()
    valid = valid.expand_as(target)
    estimate = logit.sigmoid()
    if kind == "bce":
        return _mean_where(F.binary_cross_entropy_with_logits(logit, target, reduction="none"), valid)
    if kind == "mse":
        return _mean_where((estimate - target).square(), valid)
    if kind == "l1":
        return _mean_where((estimate - target).abs(), valid)
    if kind == "ssim":
        return 1 - ssim(estimate, target, valid)
    error = torch.where(valid, estimate - target, 0.0)
    absolute = _mean_where(error.abs(), valid)
    steps = gradient_mismatch(error, valid, num_scales=1).mean()
    return 0.1 * absolute + (1 - ssim(estimate, target, valid)) / 2 + steps


def ssim(estimate: Tensor, target: Tensor, valid: Tensor, data_range: float = 1.0) -> Tensor:
    """Mean structural similarity over the `valid` pixels: a scalar in -1..1, 1 for equal pictures.

    All (n, channels, h, w). Where the target is unknown it counts as the estimate. `data_range` is the largest value
    the pictures can have less the smallest. Source: Wang et al. 2004, eq. 13, with its 11x11 Gaussian window.

    >>> picture = torch.rand(1, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    >>> round(ssim(picture, picture, picture >= 0).item(), 4)
    1.0
    """
    target = torch.where(valid, target, estimate)
    window = _window(estimate)

    def blur(x: Tensor) -> Tensor:
        n, channels = x.shape[:2]
        padded = F.pad(x.flatten(0, 1)[:, None], (_RADIUS_PX,) * 4, mode="replicate")
        columns = F.conv2d(padded, window.view(1, 1, -1, 1))
        return F.conv2d(columns, window.view(1, 1, 1, -1)).view(n, channels, *x.shape[2:])

    mean_e, mean_t = blur(estimate), blur(target)
    var_e, var_t = blur(estimate.square()) - mean_e.square(), blur(target.square()) - mean_t.square()
    both = blur(estimate * target) - mean_e * mean_t
    c1, c2 = (_C1 * data_range) ** 2, (_C2 * data_range) ** 2
    means = (2 * mean_e * mean_t + c1) / (mean_e.square() + mean_t.square() + c1)
    return _mean_where(means * (2 * both + c2) / (var_e + var_t + c2), valid)


def _window(like: Tensor) -> Tensor:
    x = torch.arange(-_RADIUS_PX, _RADIUS_PX + 1, dtype=like.dtype, device=like.device)
    weights = torch.exp(-x.square() / (2 * _SIGMA_PX**2))
    return weights / weights.sum()


def _mean_where(x: Tensor, where: Tensor) -> Tensor:
    return torch.where(where, x, 0.0).sum() / where.sum().clamp(min=1)
