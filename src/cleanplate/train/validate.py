"""Look at a network on unseen scenes and people: the loss, the matte, and whether each head learns."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cleanplate.losses.depth import compose, inverse_depth, shift_and_spread
from cleanplate.models.network import Maps
from cleanplate.train.data import Batch
from cleanplate.train.figures import HeadFigures, HeadStatistics
from cleanplate.train.objective import objective
from cleanplate.train.recipe import Loss


@dataclass(frozen=True)
class Figures:
    """One validation: mean loss and its terms, IoU of alpha >= 0.5, mean error of alpha, and each head's figures."""

    loss: float
    terms: dict[str, float]
    iou: float
    mae: float
    heads: dict[str, HeadFigures]

    def row(self) -> dict[str, float]:
        """Flat, for a table."""
        heads = {f"{head}_{name}": value for head, of in self.heads.items() for name, value in of._asdict().items()}
        return {"loss": self.loss, "iou": self.iou, "mae": self.mae, **self.terms, **heads}


@dataclass(frozen=True)
class Look:
    """One sample to look at: true and estimated alpha (1, h, w) and inverse depth (2, h, w: shot's, plate's)."""

    plate: Tensor
    shot: Tensor
    alpha: Tensor
    true_alpha: Tensor
    inverse_depth: Tensor
    true_inverse_depth: Tensor


@torch.no_grad()
def validate(
    network: nn.Module, batches: Iterable[Batch], weights: Loss, show_every: int
) -> tuple[Figures, list[Look]]:
    """Judge `network` in evaluation mode on all of `batches`; every `show_every`-th sample comes back to be seen."""
    network.eval()
    heads = {name: HeadStatistics() for name in ("alpha", "disparity", "plate_disparity")}
    sums: dict[str, float] = {}
    overlaps: list[Tensor] = []
    looks: list[Look] = []
    count = 0
    for batch in batches:
        maps: Maps = network(batch.plate, batch.shot)
        result = objective(maps, batch, weights)
        alpha = maps.alpha_logit.sigmoid()
        estimate, truth, valid = on_one_scale(maps, batch)
        spread = shift_and_spread(truth, valid)[1]
        heads["alpha"].update(alpha, batch.alpha, torch.ones_like(valid[:, :1]))
        heads["disparity"].update(estimate[:, :1] / spread, truth[:, :1] / spread, valid[:, :1] & (batch.alpha >= 0.5))
        heads["plate_disparity"].update(estimate[:, 1:] / spread, truth[:, 1:] / spread, valid[:, 1:])
        overlaps.append(_overlap(alpha, batch.alpha))
        size = len(batch.alpha)
        means = {"loss": result.total, "mae": (alpha - batch.alpha).abs().mean(), **result.terms}
        for name, value in means.items():
            sums[name] = sums.get(name, 0.0) + float(value) * size
        looks += [
            Look(batch.plate[i], batch.shot[i], alpha[i], batch.alpha[i], estimate[i], truth[i])
            for i in range(size) if (count + i) % show_every == 0
        ]  # fmt: skip
        count += size
    mean = {name: value / count for name, value in sums.items()}
    figures = {name: statistics.figures() for name, statistics in heads.items()}
    iou = float(torch.cat(overlaps).nanmean())
    return Figures(mean.pop("loss"), mean, iou, mean.pop("mae"), figures), looks


def on_one_scale(maps: Maps, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """The composed estimate in the truth's units (aligned as the loss aligns), the truth, and where it is known."""
    truth, valid = inverse_depth(batch.depth_m)
    layers = compose(maps.disparity, maps.plate_disparity, batch.alpha)
    shift, spread = shift_and_spread(layers, valid)
    true_shift, true_spread = shift_and_spread(truth, valid)
    return (layers - shift) / spread * true_spread + true_shift, truth, valid


def _overlap(alpha: Tensor, truth: Tensor) -> Tensor:
    """IoU of each sample (n,), NaN where the truth is empty."""
    estimated, true = (alpha >= 0.5).flatten(1), (truth >= 0.5).flatten(1)
    union = (estimated | true).sum(1)
    return torch.where(true.any(1), (estimated & true).sum(1) / union, float("nan"))
