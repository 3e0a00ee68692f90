"""How a row is taught and judged, through the trainer's own seam."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from cleanplate.document.losses import depth_loss, mask_loss
from cleanplate.document.network import Logits, Original, Ours
from cleanplate.document.pictures import write_looks
from cleanplate.document.preprocessing import JitteringCamera, scaled
from cleanplate.document.recipe import DocumentRecipe
from cleanplate.document.scores import Estimate, Figures, Scores
from cleanplate.document.targets import decode, depth_target, encode, num_channels
from cleanplate.synth.camera import Effects
from cleanplate.train.checkpoint import load_network
from cleanplate.train.data import Batch, Camera
from cleanplate.train.optimiser import learning_rate
from cleanplate.train.probe import HeadView
from cleanplate.train.task import Objective


@dataclass(frozen=True)
class Row:
    """One row of the document as a `train.task.Task`.

    Attributes:
        recipe: of the row.
        start: `ema.safetensors` of the row it begins from; None = fresh weights.

    """

    recipe: DocumentRecipe
    start: Path | None = None

    def network(self) -> nn.Module:
        """See `Task`."""
        table, targets = self.recipe.network, self.recipe.targets
        if table.kind == "ours":
            network = Ours(table.width)
        else:
            channels = num_channels(targets.mask), num_channels(targets.depth)
            network = Original(
                channels,
                table.width,
                table.fusion,
                table.mask_from,
                shared_last=table.shared_last,
                stem=table.stem,
            )
        if self.start is not None:
            load_network(self.start, network)
        return network

    def camera(self, *, validating: bool) -> Camera:
        """See `Task`; validation is the same for every row: no flip, no jitter."""
        table, size_hw = self.recipe.inputs, self.recipe.run.size_hw
        if validating:
            return Camera(Effects.none(), size_hw)
        effects = replace(Effects.none(), flip_p=table.flip_p)
        if table.jitter == "none":
            return Camera(effects, size_hw)
        return JitteringCamera(effects, size_hw, table.jitter_strength, table.jitter == "independent")

    def learning_rate(self, done: int) -> float:
        """See `Task`."""
        if self.recipe.schedule.kind == "cosine":
            return learning_rate(done, self.recipe.optim)
        return self.recipe.optim.lr * 0.01 ** int(done / self.recipe.steps_per_epoch / 2)

    def inputs(self, batch: Batch) -> tuple[Tensor, ...]:
        """See `Task`."""
        scaling = self.recipe.inputs.scaling
        return scaled(batch.plate, scaling), scaled(batch.shot, scaling)

    def objective(self, outputs: tuple[Tensor | None, Tensor | None], batch: Batch) -> Objective:
        """See `Task`."""
        logits, targets, table = Logits(*outputs), self.recipe.targets, self.recipe.loss
        terms: dict[str, Tensor] = {}
        total = batch.alpha.new_zeros(())
        if logits.mask is not None:
            terms["mask"] = mask_loss(logits.mask, encode(batch.alpha, targets.mask), table.mask)
            total = total + terms["mask"]
        if logits.depth is not None:
            truth, valid = depth_target(batch.depth_m[:, :1])
            terms["depth"] = depth_loss(logits.depth, encode(truth, targets.depth), valid, table.depth)
            total = total + table.depth_weight * terms["depth"]
        return Objective(total, terms)

    def heads(self, outputs: tuple[Tensor | None, Tensor | None], batch: Batch) -> dict[str, HeadView]:
        """See `Task`."""
        estimate, terms = self.estimate(outputs), self.objective(outputs, batch).terms
        views: dict[str, HeadView] = {}
        if estimate.mask is not None:
            everywhere = torch.ones_like(batch.alpha, dtype=torch.bool)
            views["mask"] = HeadView("coverage", estimate.mask, batch.alpha, everywhere, terms["mask"], batch.shot)
        if estimate.depth is not None:
            truth, valid = depth_target(batch.depth_m[:, :1])
            views["depth"] = HeadView("bounded", estimate.depth, truth, valid, terms["depth"], batch.shot)
        return views

    def estimate(self, outputs: tuple[Tensor | None, Tensor | None]) -> Estimate:
        """Mask and depth target (n, 1, h, w) in [0, 1], read back from whichever form they were taught in."""
        logits, targets = Logits(*outputs), self.recipe.targets
        return Estimate(
            None if logits.mask is None else decode(logits.mask.float().sigmoid(), targets.mask),
            None if logits.depth is None else decode(logits.depth.float().sigmoid(), targets.depth),
        )

    @torch.no_grad()
    def judge(self, network: nn.Module, batches: Iterable[Batch], show_every: int, sheet: Path) -> Figures:
        """See `Task`; the sheet has the predictions alone, as the row draws them, one sample beside the other."""
        network.eval()
        scores, shown, count = Scores(), list[Logits](), 0
        for batch in batches:
            outputs = Logits(*network(*self.inputs(batch)))
            scores.update(self.estimate(outputs), batch, self.objective(outputs, batch))
            for place in range(len(batch.alpha)):
                if (count + place) % show_every == 0:
                    shown.append(Logits(*(None if x is None else x[place : place + 1] for x in outputs)))
            count += len(batch.alpha)
        write_looks(sheet, shown, self.estimate, self.recipe.targets.drawn)
        return scores.figures()
