"""The project's own task: alpha and disparity, in two layers or one, by the project's network."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cleanplate.losses.depth import shift_and_spread
from cleanplate.losses.matting import alpha_terms
from cleanplate.models.network import Maps, Network
from cleanplate.train.checkpoint import AVERAGE, load_network
from cleanplate.train.data import Batch, Camera
from cleanplate.train.objective import objective
from cleanplate.train.optimiser import learning_rate
from cleanplate.train.probe import HeadView
from cleanplate.train.recipe import Model, Recipe
from cleanplate.train.sheet import write_sheet
from cleanplate.train.task import Objective
from cleanplate.train.validate import Figures, on_one_scale, validate

_SHOWN = 8


def network_of_shape(model: Model) -> Network:
    """A network as a recipe's table `model` describes it, with fresh weights."""
    return Network(
        model.widths,
        model.fusion,
        model.context,
        pretrained=model.pretrained,
        own_levels=model.own_levels,
        layers=model.layers,
        depth_rises=model.depth_rises,
    )


@dataclass(frozen=True)
class MatteAndDepth:
    """What `recipes/shipped.toml` and its like teach; see `train.task.Task`.

    `start`: a checkpoint whose averaged weights a new run begins from, of the same network or, unless `fusion` is
    "pyramid" or "concat", of a narrower one; None begins from fresh weights.
    `pretrained`: the weights of `models.lite0`, where the recipe wants them and no checkpoint has them.
    """

    recipe: Recipe
    start: Path | None = None
    pretrained: Mapping[str, NDArray[Any]] | None = None

    def network(self) -> Network:
        """See `Task`."""
        model = self.recipe.model
        network = network_of_shape(model)
        if network.lite0 is not None:
            if self.pretrained is not None:
                network.lite0.load(self.pretrained)
            if self.recipe.optim.encoder_lr > 0:
                network.lite0.thaw()
        if self.start is not None:
            # where features of plate and shot are stacked, new channels would come between the old ones
            narrower = model.fusion not in {"pyramid", "concat"}
            load_network(self.start / AVERAGE, network, narrower=narrower)
        return network

    def camera(self, *, validating: bool) -> Camera:  # noqa: ARG002 - validation sees all that training sees
        """See `Task`."""
        return Camera(self.recipe.effects, self.recipe.run.size_hw)

    def learning_rate(self, done: int) -> float:
        """See `Task`."""
        return learning_rate(done, self.recipe.optim)

    def inputs(self, batch: Batch) -> tuple[Tensor, ...]:
        """See `Task`."""
        return batch.plate, batch.shot

    def objective(self, outputs: tuple[Tensor, Tensor, Tensor], batch: Batch) -> Objective:
        """See `Task`."""
        return objective(Maps(*outputs), self._taught(batch), self.recipe.loss)

    def heads(self, outputs: tuple[Tensor, Tensor, Tensor], batch: Batch) -> dict[str, HeadView]:
        """See `Task`; disparity is aligned with the truth as the loss aligns it, in units of the truth's spread.

        A head whose loss the recipe gives no weight is not taught, and not told of.
        """
        maps, batch = Maps(*(x.float() for x in outputs)), self._taught(batch)
        estimate, truth, valid = on_one_scale(maps, batch)
        spread = shift_and_spread(truth, valid)[1]
        (near, plate), (true_near, true_plate) = ((x / spread).chunk(2, 1) for x in (estimate, truth))
        of_alpha = alpha_terms(maps.alpha_logit, batch.alpha)
        terms = objective(maps, batch, self.recipe.loss).terms
        of_depth = {name: term for name, term in terms.items() if name not in of_alpha}
        loss = torch.stack(list(of_depth.values())).sum()
        everywhere = torch.ones_like(batch.alpha, dtype=torch.bool)
        there = valid[:, :1] & (batch.alpha >= 0.5)
        alpha, alpha_loss = maps.alpha_logit.sigmoid(), torch.stack(list(of_alpha.values())).sum()
        views = {
            "alpha": HeadView("coverage", alpha, batch.alpha, everywhere, alpha_loss, batch.shot),
            "disparity": HeadView("free", near, true_near, there, loss, batch.shot),
            "plate_disparity": HeadView("free", plate, true_plate, valid[:, 1:], loss, batch.plate),
        }
        by = {"alpha": of_alpha, "disparity": of_depth, "plate_disparity": of_depth}
        weights = self.recipe.loss
        return {head: view for head, view in views.items() if any(getattr(weights, name) for name in by[head])}

    def judge(self, network: nn.Module, batches: Iterable[Batch], show_every: int, sheet: Path) -> Figures:
        """See `Task`."""
        figures, looks = validate(network, map(self._taught, batches), self.recipe.loss, show_every)
        write_sheet(sheet, looks[:_SHOWN])
        return figures

    def _taught(self, batch: Batch) -> Batch:
        """The batch with the depth that the network is to give."""
        return batch.of_one_map() if self.recipe.model.layers == 1 else batch
