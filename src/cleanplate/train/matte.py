"""The project's own task: alpha and two disparity layers, by the project's network."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from cleanplate.models.network import Maps, Network
from cleanplate.train.data import Batch, Camera
from cleanplate.train.objective import objective
from cleanplate.train.optimiser import learning_rate
from cleanplate.train.recipe import Recipe
from cleanplate.train.sheet import write_sheet
from cleanplate.train.task import Objective
from cleanplate.train.validate import Figures, validate

_SHOWN = 8


@dataclass(frozen=True)
class MatteAndDepth:
    """What `recipes/first.toml` and its like teach; see `train.task.Task`."""

    recipe: Recipe

    def network(self) -> Network:
        """See `Task`."""
        return Network(self.recipe.model.widths, self.recipe.model.fusion)

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
        return objective(Maps(*outputs), batch, self.recipe.loss)

    def judge(self, network: nn.Module, batches: Iterable[Batch], show_every: int, sheet: Path) -> Figures:
        """See `Task`."""
        figures, looks = validate(network, batches, self.recipe.loss, show_every)
        write_sheet(sheet, looks[:_SHOWN])
        return figures
