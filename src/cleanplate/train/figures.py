"""Is a head learning? Three figures that a blank map cannot fake."""

from typing import NamedTuple

import torch
from torch import Tensor

_FEWEST_PX = 64
_FLAT = 0.01  # a truth this flat has nothing to correlate with


class HeadFigures(NamedTuple):
    """How one head does against the truth, per picture, then averaged.

    `std_ratio`: std(estimate) / std(truth); `correlation`: Pearson's; `gain`: 1 - RMSE / RMSE of the picture's best
    constant: 1 is perfect, 0 no better than blank. NaN where no picture could be judged.
    """

    std_ratio: float
    correlation: float
    gain: float


class HeadStatistics:
    """Collects `HeadFigures` over batches."""

    def __init__(self) -> None:
        self._pictures: list[Tensor] = []

    def update(self, estimate: Tensor, truth: Tensor, where: Tensor) -> None:
        """Add a batch: all (n, 1, h, w); only pixels `where` (bool) count; flat or tiny truths are passed over."""
        keep = where.flatten(1)
        estimate, truth = estimate.flatten(1).double(), truth.flatten(1).double()
        count = keep.sum(1).clamp(min=1)

        def mean(x: Tensor) -> Tensor:
            return torch.where(keep, x, 0.0).sum(1) / count

        def centred(x: Tensor) -> Tensor:
            return x - mean(x)[:, None]

        estimate_std, truth_std = mean(centred(estimate).square()).sqrt(), mean(centred(truth).square()).sqrt()
        covariance = mean(centred(estimate) * centred(truth))
        rmse = mean((estimate - truth).square()).sqrt()
        figures = torch.stack(
            [
                estimate_std / truth_std,
                covariance / (estimate_std * truth_std).clamp(min=1e-12),
                1 - rmse / truth_std,
            ],
            1,
        )
        self._pictures.append(figures[(keep.sum(1) >= _FEWEST_PX) & (truth_std > _FLAT)].cpu())

    def figures(self) -> HeadFigures:
        """Averages over all pictures judged so far."""
        mean = torch.cat([torch.empty(0, 3, dtype=torch.float64), *self._pictures]).mean(0)
        return HeadFigures(float(mean[0]), float(mean[1]), float(mean[2]))
