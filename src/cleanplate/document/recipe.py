"""The recipe of a row: the trainer's tables, and what the document varied."""

import tomllib
from pathlib import Path
from typing import Any, Literal, Self, cast

from pydantic import Field, model_validator

from cleanplate.document.losses import DepthLoss, MaskLoss
from cleanplate.document.network import MULTIPLE_PX
from cleanplate.document.preprocessing import Scaling
from cleanplate.document.targets import Form
from cleanplate.errors import RecipeError
from cleanplate.train.recipe import Table, TrainingRecipe, recipe_from_json

_OURS_MULTIPLE_PX = 32
_LIKE = "like"
_BASE = "base"


class RowTable(Table):
    """What the row is: which row of the document, in words, and whether it is required to learn."""

    says: str = Field(min_length=1)
    must_learn: bool = True


class NetworkTable(Table):
    """The document's network or ours; see `document.network.Original`."""

    kind: Literal["document", "ours"] = "document"
    width: float = Field(gt=0, le=1)
    fusion: Literal["concat", "subtract"] = "concat"
    mask_from: Literal["stem", "decoder"] = "decoder"
    shared_last: bool = False
    stem: Literal["together", "apart"] = "together"


class InputsTable(Table):
    """How pictures reach it; `flip_p`: share of samples mirrored left to right, `jitter_strength` as ColorJitter's."""

    scaling: Scaling = "imagenet"
    flip_p: float = Field(0.5, ge=0, le=1)
    jitter: Literal["none", "joint", "independent"] = "none"
    jitter_strength: float = Field(0.2, ge=0, lt=1)


class TargetsTable(Table):
    """As what mask and depth are taught; `drawn` is how the report draws what comes out."""

    mask: Literal["none", "grey", "rgb"] = "grey"
    depth: Form = "grey"
    drawn: Literal["honest", "as_it_was"] = "honest"


class LossTable(Table):
    """The loss of each; `depth_weight` is what depth's is multiplied with."""

    mask: MaskLoss = "bce"
    depth: DepthLoss = "l1"
    depth_weight: float = Field(1.0, gt=0)


class ScheduleTable(Table):
    """`cosine` is the trainer's own; `hundredth` multiplies the rate by 0.01 after every second epoch."""

    kind: Literal["cosine", "hundredth"] = "cosine"


class StageTable(Table):
    """What a row takes from another one.

    `after`: it begins with that row's weights, and refuses to where those have collapsed. `weights_of`: it has that
    row's weights and only shows them differently; nothing is trained.
    """

    after: str | None = None
    weights_of: str | None = None


class DocumentRecipe(TrainingRecipe):
    """One row."""

    row: RowTable
    network: NetworkTable
    inputs: InputsTable
    targets: TargetsTable
    loss: LossTable
    schedule: ScheduleTable
    stage: StageTable

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        targets, network, size_hw = self.targets, self.network, list(self.run.size_hw)
        multiple = _OURS_MULTIPLE_PX if network.kind == "ours" else MULTIPLE_PX
        if any(side % multiple for side in size_hw):
            raise ValueError(f"run.size_hw: must be multiples of {multiple}, got {size_hw}")
        if targets.mask == targets.depth == "none":
            raise ValueError("targets: must ask for mask or depth")
        if network.kind == "ours" and (targets.mask, targets.depth) != ("grey", "grey"):
            raise ValueError("targets: must be grey for the network `ours`")
        if network.shared_last and "none" not in {targets.mask, targets.depth} and targets.mask != targets.depth:
            raise ValueError("network.shared_last: needs mask and depth in the same form")
        return self

    @property
    def steps_per_epoch(self) -> float:
        """Steps in which every training sample comes once."""
        return self.data.train_count / (self.optim.batch_size * self.optim.accumulate)


def load_row(folder: Path, row: str, changes: dict[str, Any] | None = None) -> DocumentRecipe:
    """Read `FOLDER/ROW.toml`, which says only how it differs from the row that it is `like` (without: from `base`).

    `changes` are tables laid over all of them.

    Raises:
        RecipeError: the first problem, in one line that names the row's file.

    """
    merged = _merged(_table(folder, row, ()), changes or {})
    return recipe_from_json(DocumentRecipe, merged, str(folder / f"{row}.toml"))


def _table(folder: Path, row: str, below: tuple[str, ...]) -> dict[str, Any]:
    path = folder / f"{row}.toml"
    try:
        own: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read ({error.strerror}); name a row that has a recipe") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"{path}: is not valid TOML: {error}") from None
    like = own.pop(_LIKE, None if row == _BASE else _BASE)
    if like is None:
        return own
    if like in (*below, row):
        raise RecipeError(f"{path}: is like {like}, which is like it; leave one `like` out")
    return _merged(_table(folder, str(like), (*below, row)), own)


def _merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    result = dict(under)
    for key, value in over.items():
        old = result.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        result[key] = _merged(cast("dict[str, Any]", old), cast("dict[str, Any]", value)) if both else value
    return result
