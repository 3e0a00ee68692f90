"""Is each head learning? Three figures that a blank map cannot fake, and a watch that stops a run gone blank."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from cleanplate.errors import RecipeError

_FEWEST_PX = 64
_FLAT = 0.01  # a truth this flat has nothing to correlate with
_COLLAPSED = 0.05
_STRIKES = 2

_CAUSES = {
    "alpha": "a learning rate too high, inputs far from [0, 1], or alpha files that do not belong to their shots",
    "disparity": "a learning rate too high, depth that is mostly unknown, or depth files mis-paired with their shots",
    "plate_disparity": "a learning rate too high, depth that is mostly unknown, or depth files mis-paired with plates",
}


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


class CollapseWatch:
    """Stops a run when a head is blank at two validations in a row.

    With `stops=False` it only notes what it would have stopped for. Either way `alarms` has it in words.
    """

    def __init__(self, stops: bool = True) -> None:
        self.stops = stops
        self.alarms: list[str] = []
        self._strikes: dict[str, int] = {}

    def see(self, step: int, heads: Mapping[str, HeadFigures]) -> None:
        """Look at one validation.

        Raises:
            RecipeError: a head's std ratio or |correlation| was under 0.05 this time and the last.

        """
        for head, figures in heads.items():
            blank = figures.std_ratio < _COLLAPSED or abs(figures.correlation) < _COLLAPSED
            self._strikes[head] = self._strikes.get(head, 0) + 1 if blank else 0
            if self._strikes[head] >= _STRIKES:
                self._raise(
                    f"step {step}: the {head} head has collapsed (std ratio {figures.std_ratio:.3f}, correlation "
                    f"{figures.correlation:.3f}, {_STRIKES} validations in a row); likely {_CAUSES.get(head, 'causes')}"
                )

    def _raise(self, alarm: str) -> None:
        self.alarms.append(alarm)
        if self.stops:
            raise RecipeError(alarm)
