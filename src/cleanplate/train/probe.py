"""What the collapse watch sees of one training step: tensors, losses and gradients, boiled down to numbers."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm  # pyright: ignore[reportPrivateUsage] - what all batch norms are

from cleanplate.train.averaging import batch_norms
from cleanplate.train.fabric import looking_at_gradients
from cleanplate.train.figures import HeadFigures, HeadStatistics

Kind = Literal["coverage", "bounded", "free"]
"""`coverage`: 0 or 1 but for edges. `bounded`: a map in 0..1. `free`: a map of any scale."""


class HeadView(NamedTuple):
    """One head in one step, as its task hands it to the watch.

    `estimate`, `truth`: (n, 1, h, w) in the same units; `valid`: where the truth is known, bool. `loss`: this head's
    own, a scalar with its graph, every term with weight 1. `picture`: (n, 3, h, w), what the truth is about.
    """

    kind: Kind
    estimate: Tensor
    truth: Tensor
    valid: Tensor
    loss: Tensor
    picture: Tensor


class HeadSeen(NamedTuple):
    """One head in one step, in numbers.

    `figures`: on this batch. `loss`; `mse`: mean squared error. `low`, `high`: the truth's extremes; `between`: the
    share of it inside 0.02..0.98, `ends`: the smaller one of the shares below and above. `estimate_low` and
    `estimate_high`: the estimate's extremes. `gradient_norm`: of this head's loss, over all weights it reaches.
    `dead_share`: of the output channels of those weights, the share whose gradient is all 0. `kinship`: for each
    sample, how much better the truth's edges lie on those of its own picture than on those of another one (difference
    of two correlations).
    """

    kind: Kind
    figures: HeadFigures
    loss: float
    mse: float
    low: float
    high: float
    between: float
    ends: float
    estimate_low: float
    estimate_high: float
    gradient_norm: float
    dead_share: float
    kinship: tuple[float, ...]


class Seen(NamedTuple):
    """One step, in numbers.

    `input_mean`, `input_std`: of all channels the network was called with, each by itself, then averaged: channels
    may lie apart and still be flat. `heads`: those whose truth is known anywhere in the batch.
    `update`: length of what the optimiser moved the weights by, as a share of their own; `weight`: their length.
    `fresh_norms`: share of batch norms that never gathered statistics (all means 0, all variances 1). `strange_norms`:
    share of those that ran on stored statistics far from the batch's.
    """

    input_mean: float
    input_std: float
    heads: dict[str, HeadSeen]
    update: float
    weight: float
    fresh_norms: float
    strange_norms: float


class Probe:
    """Put to a network before the forward pass of a step; it changes nothing that the step computes."""

    def __init__(self, network: nn.Module) -> None:
        self._parameters = list(network.parameters())
        self._before = [parameter.detach().clone() for parameter in self._parameters]
        self._norms = batch_norms(network)
        self._strange: dict[int, bool] = {}
        self._hooks = [norm.register_forward_pre_hook(self._norm_called) for norm in self._norms]
        self._inputs = (0.0, 0.0)
        self._heads: dict[str, HeadSeen] = {}

    def look(self, inputs: Sequence[Tensor], heads: Mapping[str, HeadView]) -> None:
        """After the forward pass, before the backward one."""
        for hook in self._hooks:
            hook.remove()
        channels = torch.cat([x.detach().float().transpose(0, 1).flatten(1) for x in inputs])
        self._inputs = float(channels.mean()), float(channels.std(1).mean())
        known = {name: view for name, view in heads.items() if bool(view.valid.any())}
        self._heads = {name: _head_seen(view, self._parameters) for name, view in known.items()}

    def moved(self) -> Seen:
        """After the optimiser's step: all that was seen."""
        now = [parameter.detach() for parameter in self._parameters]
        weight = _length(self._before)
        update = _length([new - old for new, old in zip(now, self._before, strict=True)])
        kept = [norm for norm in self._norms if norm.running_mean is not None]
        fresh = sum(_is_fresh(norm) for norm in kept)
        return Seen(
            *self._inputs,
            heads=self._heads,
            update=update / max(weight, 1e-12),
            weight=weight,
            fresh_norms=fresh / len(kept) if kept else 0.0,
            strange_norms=sum(self._strange.values()) / len(kept) if kept else 0.0,
        )

    def _norm_called(self, norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if norm.training or not isinstance(norm, _BatchNorm) or norm.running_mean is None or norm.running_var is None:
            return
        x = inputs[0].detach().float()
        axes = [axis for axis in range(x.ndim) if axis != 1]
        std = norm.running_var.float().sqrt() + 1e-5
        shift = (x.mean(axes) - norm.running_mean.float()).abs() / std
        stretch = ((x.std(axes) + 1e-5) / std).log().abs()
        self._strange[id(norm)] = float(shift.median()) > _FAR or float(stretch.median()) > _FAR


_FAR = 1.5


def _is_fresh(norm: _BatchNorm) -> bool:
    if norm.running_mean is None or norm.running_var is None:
        return False
    return bool((norm.running_mean == 0).all()) and bool((norm.running_var == 1).all())


def _head_seen(view: HeadView, parameters: Sequence[nn.Parameter]) -> HeadSeen:
    estimate, truth = view.estimate.detach().float(), view.truth.detach().float()
    statistics = HeadStatistics()
    statistics.update(estimate, truth, view.valid)
    inside, guess = truth[view.valid], estimate[view.valid]
    gradients = _gradients(view.loss, parameters)
    units = [gradient.flatten(1).abs().amax(1) for gradient in gradients if gradient.ndim > 1]
    alive = torch.cat(units) > 0 if units else torch.ones(1)
    ends = [float((inside <= 0.02).float().mean()), float((inside >= 0.98).float().mean())]
    return HeadSeen(
        kind=view.kind,
        figures=statistics.figures(),
        loss=float(view.loss.detach()),
        mse=float((guess - inside).square().mean()),
        low=float(inside.min()),
        high=float(inside.max()),
        between=1 - sum(ends),
        ends=min(ends),
        estimate_low=float(guess.min()),
        estimate_high=float(guess.max()),
        gradient_norm=_length(gradients),
        dead_share=1 - float(alive.float().mean()),
        kinship=_kinship(truth, view.valid, view.picture.detach().float()),
    )


def _gradients(loss: Tensor, parameters: Sequence[nn.Parameter]) -> list[Tensor]:
    if not loss.requires_grad:
        return []
    wanted = [parameter for parameter in parameters if parameter.requires_grad]
    with looking_at_gradients():
        found = cast(
            "tuple[Tensor | None, ...]", torch.autograd.grad(loss, wanted, retain_graph=True, allow_unused=True)
        )
    return [gradient.detach() for gradient in found if gradient is not None]


def _kinship(truth: Tensor, valid: Tensor, picture: Tensor) -> tuple[float, ...]:
    """See `HeadSeen`; samples whose truth is known in less than half of the picture, or has no edges, are left out.

    Bare walls and floors have none: their depth is a ramp, which owes the texture nothing.
    """
    if len(truth) < 2:
        return ()
    known = (valid[..., 1:, 1:] & valid[..., :-1, 1:] & valid[..., 1:, :-1]).flatten(1)
    edges, drawn = _edges(truth), _edges(picture)
    own, other = (_correlation(edges, of, known) for of in (drawn, drawn.roll(1, 0)))
    fit = (known.float().mean(1) >= 0.5) & _has_edges(edges, known) & own.isfinite() & other.isfinite()
    return tuple(float(difference) for difference in (own - other)[fit])


def _has_edges(edges: Tensor, where: Tensor) -> Tensor:
    """Whether what changes does so in few places: the deviation of the edge map is well above its mean."""
    count = where.sum(1).clamp(min=1)
    mean = torch.where(where, edges, 0.0).sum(1) / count
    square = torch.where(where, edges.square(), 0.0).sum(1) / count
    return (square - mean.square()).clamp(min=0).sqrt() > 1.5 * mean


def _edges(x: Tensor) -> Tensor:
    across, down = x[..., 1:, 1:] - x[..., 1:, :-1], x[..., 1:, 1:] - x[..., :-1, 1:]
    return (across.abs() + down.abs()).mean(1).flatten(1)


def _correlation(one: Tensor, other: Tensor, where: Tensor) -> Tensor:
    """Pearson's over `where`, for each row; NaN where one of the two is flat."""
    count = where.sum(1, keepdim=True).clamp(min=1)

    def centred(x: Tensor) -> Tensor:
        mean = torch.where(where, x, 0.0).sum(1, keepdim=True) / count
        return torch.where(where, x - mean, 0.0)

    one, other = centred(one), centred(other)
    return (one * other).sum(1) / (one.square().sum(1) * other.square().sum(1)).sqrt()


def _length(tensors: Sequence[Tensor]) -> float:
    if not tensors:
        return 0.0
    return float(torch.stack([tensor.float().square().sum() for tensor in tensors]).sum().sqrt())
