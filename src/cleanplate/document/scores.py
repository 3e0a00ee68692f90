"""What a row is worth on unseen people and unseen backgrounds, and what a network that learnt nothing would be."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from cleanplate.document.targets import depth_m_of, depth_target
from cleanplate.train.data import Batch
from cleanplate.train.figures import HeadFigures, HeadStatistics
from cleanplate.train.task import Objective

_BINS = 4096


class Estimate(NamedTuple):
    """Mask and depth target of a batch, (n, 1, h, w) in [0, 1]; None where a row does not predict it."""

    mask: Tensor | None
    depth: Tensor | None


@dataclass(frozen=True)
class Figures:
    """One validation; None where a row does not predict it.

    `iou`, `mae`: of the mask, mean over the pictures. `rmse`: over all valid pixels, in units of the target. `abs_rel`,
    `delta1`: in metres between 0.5 and 10. Correlation and std ratio of each head, mean over pictures: `heads`.
    """

    loss: float
    terms: dict[str, float]
    iou: float | None
    mae: float | None
    rmse: float | None
    abs_rel: float | None
    delta1: float | None
    heads: dict[str, HeadFigures]

    def row(self) -> dict[str, float]:
        """Flat, for a table; what is None is left out."""
        named = {name: getattr(self, name) for name in ("iou", "mae", "rmse", "abs_rel", "delta1")}
        heads = {f"{head}_{name}": value for head, of in self.heads.items() for name, value in of._asdict().items()}
        known = {name: value for name, value in named.items() if value is not None}
        return {"loss": self.loss, **{f"{name}_loss": value for name, value in self.terms.items()}, **known, **heads}


class Scores:
    """Collects `Figures` over batches."""

    def __init__(self) -> None:
        self._heads: dict[str, HeadStatistics] = {}
        self._sums: dict[str, float] = {}
        self._overlaps: list[Tensor] = []
        self._count = 0

    def update(self, estimate: Estimate, batch: Batch, objective: Objective) -> None:
        """Add a batch."""
        size = len(batch.alpha)
        self._count += size
        for name, value in {"loss": objective.total, **objective.terms}.items():
            self._add(name, float(value) * size)
        if estimate.mask is not None:
            self._overlaps.append(_overlap(estimate.mask, batch.alpha))
            self._add("mae", float((estimate.mask - batch.alpha).abs().flatten(1).mean(1).sum()))
            everywhere = torch.ones_like(batch.alpha, dtype=torch.bool)
            self._head("mask").update(estimate.mask, batch.alpha, everywhere)
        if estimate.depth is not None:
            self._depth(estimate.depth, batch.depth_m[:, :1])

    def figures(self) -> Figures:
        """All batches so far."""
        means = {
            name: self._sums[name] / self._count for name in ("loss", "mask", "depth", "mae") if name in self._sums
        }
        pixels = self._sums.get("pixels", 0.0)
        of_depth = {name: self._sums[name] / pixels for name in ("squared", "relative", "near") if pixels}
        return Figures(
            loss=means["loss"],
            terms={name: means[name] for name in ("mask", "depth") if name in means},
            iou=float(torch.cat(self._overlaps).nanmean()) if self._overlaps else None,
            mae=means.get("mae"),
            rmse=math.sqrt(of_depth["squared"]) if of_depth else None,
            abs_rel=of_depth.get("relative"),
            delta1=of_depth.get("near"),
            heads={name: statistics.figures() for name, statistics in self._heads.items()},
        )

    def _depth(self, estimate: Tensor, depth_m: Tensor) -> None:
        truth, valid = depth_target(depth_m)
        self._head("depth").update(estimate, truth, valid)
        guess_m, true_m = depth_m_of(estimate)[valid], depth_m_of(truth)[valid]
        self._add("pixels", float(valid.sum()))
        self._add("squared", float((estimate - truth)[valid].double().square().sum()))
        self._add("relative", float(((guess_m - true_m).abs() / true_m).double().sum()))
        self._add("near", float((torch.maximum(guess_m / true_m, true_m / guess_m) < 1.25).sum()))

    def _head(self, name: str) -> HeadStatistics:
        return self._heads.setdefault(name, HeadStatistics())

    def _add(self, name: str, value: float) -> None:
        self._sums[name] = self._sums.get(name, 0.0) + value


@dataclass(frozen=True)
class Blanks:
    """What predicts depth without looking: the training set's median, and its mean picture (1, 1, h, w)."""

    median: float
    mean: Tensor

    @classmethod
    def of(cls, batches: Iterable[Batch]) -> "Blanks":
        """Of every batch of the training set, as they come out of a camera without effects."""
        histogram = torch.zeros(_BINS, dtype=torch.float64)
        total = count = torch.zeros(())
        for batch in batches:
            truth, valid = depth_target(batch.depth_m[:, :1])
            histogram += torch.histc(truth[valid], _BINS, 0, 1).double()
            total = total + torch.where(valid, truth, 0.0).sum(0, keepdim=True)
            count = count + valid.sum(0, keepdim=True)
        middle = int((histogram.cumsum(0) >= histogram.sum() / 2).nonzero()[0])
        return cls((middle + 0.5) / _BINS, total / count.clamp(min=1))

    def rmse(self, batches: Iterable[Batch]) -> tuple[float, float]:
        """RMSE of the median and of the mean picture over all valid pixels of `batches`."""
        squared, pixels = torch.zeros(2, dtype=torch.float64), 0.0
        for batch in batches:
            truth, valid = depth_target(batch.depth_m[:, :1])
            errors = [(truth - self.median)[valid], (truth - self.mean)[valid]]
            squared += torch.stack([error.double().square().sum() for error in errors])
            pixels += float(valid.sum())
        constant, mean_image = (squared / pixels).sqrt().unbind()
        return float(constant), float(mean_image)


def _overlap(mask: Tensor, truth: Tensor) -> Tensor:
    """IoU of each sample (n,), NaN where the truth is empty."""
    estimated, true = (mask >= 0.5).flatten(1), (truth >= 0.5).flatten(1)
    union = (estimated | true).sum(1)
    return torch.where(true.any(1), (estimated & true).sum(1) / union, float("nan"))


def what_is_missing(row: dict[str, float | None]) -> list[str]:
    """Why a row of the table does not count as learning (docs/document.md says the rules); empty where it does."""
    complaints: list[str] = []

    def ask(name: str, fine: bool) -> None:
        if not fine:
            complaints.append(name)

    if (iou := row["iou"]) is not None:
        ask("IoU < 0.9", iou >= 0.9)
    correlation, ratio, rmse = row["depth_correlation"], row["std_ratio"], row["rmse"]
    constant, mean_image = row["rmse_constant"], row["rmse_mean_image"]
    if None not in {correlation, ratio, rmse, constant, mean_image}:
        ask("correlation < 0.9", (correlation or 0) >= 0.9)
        ask("std ratio outside 0.8..1.2", 0.8 <= (ratio or 0) <= 1.2)
        ask("RMSE > half the constant's", (rmse or 0) <= 0.5 * (constant or 0))
        ask("RMSE >= the mean image's", (rmse or 0) < (mean_image or 0))
    return complaints
