"""Loss terms for alpha, each of them least where alpha is the soft truth itself."""

import torch.nn.functional as F
from torch import Tensor

_BINOMIAL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)


def alpha_terms(logit: Tensor, alpha: Tensor) -> dict[str, Tensor]:
    """Return the four terms `bce`, `l1`, `laplacian`, `dice`, each a scalar, mean over the batch, in float32.

    `logit`: (n, 1, h, w), any real. `alpha`: (n, 1, h, w) true coverage in [0, 1]; edges are soft.
    """
    logit, alpha = logit.float(), alpha.float()
    estimate = logit.sigmoid()
    return {
        "bce": F.binary_cross_entropy_with_logits(logit, alpha),
        "l1": (estimate - alpha).abs().mean(),
        "laplacian": laplacian(estimate, alpha),
        "dice": soft_dice(estimate, alpha),
    }


def soft_dice(estimate: Tensor, alpha: Tensor) -> Tensor:
    """One minus the Dice overlap with squared masses (Milletari et al. 2016, V-Net), mean over samples.

    Both (n, 1, h, w) in [0, 1]. Unlike the form with plain masses it is 0 exactly where the two agree, soft edges
    included. 0.2 % of the number of pixels is added to the denominator, so that where the truth is empty a few wrong
    pixels cost little instead of everything.

    >>> import torch
    >>> soft_dice(torch.full((1, 1, 4, 4), 0.3), torch.full((1, 1, 4, 4), 0.3)).item()
    0.0
    """
    axes = (1, 2, 3)
    slack = 0.002 * alpha[0].numel()
    masses = estimate.square().sum(axes) + alpha.square().sum(axes) + slack
    return ((estimate - alpha).square().sum(axes) / masses).mean()


def laplacian(estimate: Tensor, alpha: Tensor, num_levels: int = 5) -> Tensor:
    """L1 between Laplacian pyramids, coarse levels weighing more (Hou & Liu 2019, context-aware matting, eq. 3).

    Both (n, 1, h, w) in [0, 1]; the sides must halve `num_levels` - 1 times. The pyramid is linear, so the pyramid of
    the difference is taken once.
    """
    rest, loss = estimate - alpha, estimate.new_zeros(())
    for level in range(num_levels):
        coarse = _halved(rest)
        detail = rest - F.interpolate(coarse, size=rest.shape[-2:], mode="bilinear", align_corners=False)
        loss = loss + 2**level * detail.abs().mean()
        rest = coarse
    return loss / num_levels


def _halved(x: Tensor) -> Tensor:
    """Blurred, every second pixel; torch takes eight times as long over those that are thrown away."""
    kernel = x.new_tensor(_BINOMIAL)
    x = F.pad(x, (2, 2, 2, 2), mode="replicate")
    return F.conv2d(F.conv2d(x, kernel.view(1, 1, 5, 1), stride=(2, 1)), kernel.view(1, 1, 1, 5), stride=(1, 2))
