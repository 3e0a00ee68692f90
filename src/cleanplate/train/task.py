"""What is learnt, apart from how: the seam between the training loop and whoever has something to teach."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from torch import Tensor, nn

from cleanplate.train.data import Batch, Camera
from cleanplate.train.figures import HeadFigures
from cleanplate.train.probe import HeadView
from cleanplate.train.recipe import TrainingRecipe


class Objective(NamedTuple):
    """`total` is what is minimised, `terms` are its parts before weighing, all scalars."""

    total: Tensor
    terms: dict[str, Tensor]


class Judgement(Protocol):
    """One validation."""

    @property
    def loss(self) -> float:
        """By which the best checkpoint is chosen: smaller is better."""
        ...

    @property
    def heads(self) -> Mapping[str, HeadFigures]:
        """How each head does; the collapse watch looks at them."""
        ...

    def row(self) -> dict[str, float]:
        """Every figure by its name, for a table."""
        ...


class Task(Protocol):
    """Everything about a run that the loop does not need to know.

    The loop batches samples, steps, averages, logs, saves, resumes and watches. `outputs` below is whatever the task's
    own network returns; the loop only hands it on.
    """

    @property
    def recipe(self) -> TrainingRecipe:
        """The whole recipe, as checkpoints keep it."""
        ...

    def network(self) -> nn.Module:
        """A network with fresh weights; called once, right after the generator was seeded."""
        ...

    def camera(self, *, validating: bool) -> Camera:
        """What a clean sample goes through before the network sees it."""
        ...

    def learning_rate(self, done: int) -> float:
        """The rate of the step after `done` others; a pure function."""
        ...

    def inputs(self, batch: Batch) -> tuple[Tensor, ...]:
        """What the network is called with."""
        ...

    def objective(self, outputs: Any, batch: Batch) -> Objective:
        """The loss of `outputs` against the batch's truth, and its terms."""
        ...

    def heads(self, outputs: Any, batch: Batch) -> dict[str, HeadView]:
        """What the collapse watch is to see of `outputs`; asked now and then."""
        ...

    def judge(self, network: nn.Module, batches: Iterable[Batch], show_every: int, sheet: Path) -> Judgement:
        """Look at `network` on all of `batches`, and draw every `show_every`-th sample into the picture `sheet`."""
        ...
