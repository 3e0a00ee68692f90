"""Loss terms for depth whose scale and shift are unknown, but must be the same for plate and foreground."""

from typing import NamedTuple

import torch
from torch import Tensor

NEAREST_M = 0.25
FARTHEST_M = 50.0

_SMALLEST_SPREAD = 1e-3  # below this a map counts as flat and is not blown up to full contrast
_SMALLEST_REGION = 64  # pixels; a sliver of a person must not outweigh a whole one


class Layers(NamedTuple):
    """The two maps of a sample, stacked (n, 2, h, w): what the shot shows, then what the plate shows."""

    value: Tensor
    valid: Tensor


def inverse_depth(depth_m: Tensor) -> tuple[Tensor, Tensor]:
    """Return inverse depth in 1/m, clamped to [1/50, 1/0.25], and where it is known (bool); depth 0 means unknown.

    >>> inverse_depth(torch.tensor([0.0, 2.0, 0.1, 100.0]))[0].tolist()
    [0.019999999552965164, 0.5, 4.0, 0.019999999552965164]
    """
    valid = depth_m > 0
    depth_m = torch.where(valid, depth_m, torch.full_like(depth_m, FARTHEST_M))
    return 1 / depth_m.clamp(NEAREST_M, FARTHEST_M), valid


def compose(foreground: Tensor, plate: Tensor, alpha: Tensor) -> Tensor:
    """The shot's depth or disparity (the foreground's where alpha >= 0.5), then the plate's, stacked: (n, 2, h, w).

    All three arguments are (n, 1, h, w).
    """
    return torch.cat([torch.where(alpha >= 0.5, foreground, plate), plate], 1)


def normalise(layers: Tensor, valid: Tensor) -> Tensor:
    """Remove the one shift and scale per sample that both layers share (Ranftl et al. 2020, MiDaS, eq. 5-6).

    `layers`: (n, 2, h, w); `valid`: the same shape, bool. Subtracts the median and divides by the mean absolute
    deviation of both layers' valid pixels together. A sample with nothing valid comes back as zeros.
    """
    shift, spread = shift_and_spread(layers, valid)
    return torch.where(valid.flatten(1).any(1).view(-1, 1, 1, 1), (layers - shift) / spread, 0.0)


def shift_and_spread(layers: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    """Return median and mean absolute deviation over all valid pixels of each sample, each (n, 1, 1, 1)."""
    known = layers.masked_fill(~valid, float("nan")).flatten(1)
    shift = known.nanmedian(1).values.nan_to_num(0.0).view(-1, 1, 1, 1)
    spread = _mean_where((layers - shift).abs(), valid, at_least=1)
    return shift, spread.view(-1, 1, 1, 1).clamp(min=_SMALLEST_SPREAD)


def disparity_terms(layers: Tensor, alpha: Tensor, truth: Tensor, valid: Tensor) -> dict[str, Tensor]:
    """Return `disparity` (L1), `disparity_person` (L1 where alpha >= 0.5) and `disparity_gradient`, each a scalar.

    `layers`: predicted `compose`d maps; `alpha`: (n, 1, h, w); `truth`: inverse depth of shot and plate; `valid`: where
    it is known; all but alpha (n, 2, h, w). Each is a mean over the samples that have any depth, and 0 if none has.
    """
    layers, truth = layers.float(), truth.float()
    error = normalise(layers, valid) - normalise(truth, valid)
    error = torch.where(valid, error, 0.0)
    person = valid[:, :1] & (alpha >= 0.5)
    usable = valid.flatten(1).any(1)
    terms = {
        "disparity": _mean_where(error.abs(), valid, at_least=1),
        "disparity_person": _mean_where(error[:, :1].abs(), person, at_least=_SMALLEST_REGION),
        "disparity_gradient": gradient_mismatch(error, valid),
    }
    return {name: term.sum() / usable.sum().clamp(min=1) for name, term in terms.items()}


def gradient_mismatch(error: Tensor, valid: Tensor, num_scales: int = 4) -> Tensor:
    """Sum over scales of the error map's mean absolute gradient (Ranftl et al. 2020, eq. 11): (n,).

    `error`: difference of two normalised maps, (n, c, h, w); `valid`: the same shape, bool: a gradient counts where
    both its pixels are known.
    """
    loss = error.new_zeros(len(error))
    for _ in range(num_scales):
        for axis in (2, 3):
            both = valid.narrow(axis, 1, valid.shape[axis] - 1) & valid.narrow(axis, 0, valid.shape[axis] - 1)
            loss = loss + _mean_where(error.diff(dim=axis).abs(), both, at_least=1)
        error, valid = error[..., ::2, ::2], valid[..., ::2, ::2]
    return loss


def _mean_where(x: Tensor, where: Tensor, at_least: int) -> Tensor:
    """Mean of x over `where` per sample (n,), of at least so many pixels; 0 where there are none."""
    total = torch.where(where, x, 0.0).flatten(1).sum(1)
    return total / where.flatten(1).sum(1).clamp(min=at_least)
