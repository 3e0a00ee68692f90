"""A recipe: one TOML file that says everything about a training run, read into frozen typed models."""

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Self, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cleanplate.errors import RecipeError
from cleanplate.models import lite0
from cleanplate.models.network import WIDTHS, Fusion, Layers, multiple_px
from cleanplate.synth.camera import Effects
from cleanplate.train.recipe_errors import describe

_FIXED = ("size_hw", "seed", "precision")
_FREE_TABLES = ("data", "export")


class Table(BaseModel):
    """One table of a recipe: nothing unknown, nothing converted, nothing changed afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Data(Table):
    """What `cleanplate synth` is to make for this run."""

    train_count: int = Field(ge=1)
    validation_count: int = Field(ge=1)
    seed: int = Field(0, ge=0)


class Model(Table):
    """The network: channels from half resolution down, where plate and shot meet, how often it looks far around.

    `pretrained`: whether it is given the features of `models.lite0`, which is kept beside the pack. `own_levels`: how
    many levels then have convolutions of its own on the way down; all, if not said. `layers`: whether disparity is two
    maps, the foreground's and the plate's, or the shot's alone. `depth_rises`: how many steps up a decoder of its own
    takes for disparity; none, if 0.
    """

    widths: tuple[int, ...] = Field(WIDTHS, min_length=2, max_length=8)
    fusion: Fusion = "stack"
    context: int = Field(0, ge=0, le=8)
    pretrained: bool = False
    own_levels: int | None = Field(None, ge=1)
    layers: Layers = 2
    depth_rises: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _positive(self) -> Self:
        if min(self.widths) < 2:
            raise ValueError(f"widths must each be >= 2, got {list(self.widths)}")
        if self.pretrained and (len(self.widths) != len(lite0.WIDTHS) or self.fusion == "pyramid"):
            raise ValueError(f"pretrained needs {len(lite0.WIDTHS)} widths and another fusion than pyramid")
        if self.own_levels is not None and not (self.pretrained and self.own_levels <= len(self.widths)):
            raise ValueError(f"own_levels must be at most {len(self.widths)}, and needs model.pretrained")
        if self.depth_rises >= len(self.widths):
            raise ValueError(f"depth_rises must be less than the number of widths, {len(self.widths)}")
        return self


class Loss(Table):
    """The weight of each term of `losses.matting.alpha_terms` and `losses.depth.disparity_terms`, by its name."""

    bce: float = Field(ge=0)
    l1: float = Field(ge=0)
    laplacian: float = Field(ge=0)
    dice: float = Field(ge=0)
    disparity: float = Field(ge=0)
    disparity_person: float = Field(ge=0)
    disparity_gradient: float = Field(ge=0)


class Optim(Table):
    """AdamW with warm-up and cosine, clipped gradients, and an exponential average of the weights.

    Every process sums the gradients of `accumulate` batches of `batch_size` before a step. `encoder_lr`: the pretrained
    encoder's own rate, which goes up and down as `lr` does; 0 leaves the encoder as it is. `start_share`: how much the
    weights that the run began with count in the average at its end (`averaging.mix`).
    """

    lr: float = Field(gt=0)
    encoder_lr: float = Field(0.0, ge=0)
    weight_decay: float = Field(ge=0)
    batch_size: int = Field(ge=1)
    accumulate: int = Field(1, ge=1)
    steps: int = Field(ge=1)
    warmup_steps: int = Field(ge=0)
    clip_norm: float = Field(gt=0)
    ema_decay: float = Field(ge=0, lt=1)
    start_share: float = Field(0.0, ge=0, lt=1)


class Run(Table):
    """Where and how the run goes; all but `size_hw`, `seed` and `precision` may change on resuming."""

    name: str = Field(min_length=1)
    version: str = Field(min_length=1)
    size_hw: tuple[int, int]
    seed: int = Field(0, ge=0)
    precision: Literal["auto", "32-true", "bf16-mixed"] = "auto"
    workers: int = Field(1, ge=0)
    threads: int = Field(1, ge=1)
    log_every: int = Field(20, ge=1)
    validate_every: int = Field(500, ge=1)
    checkpoint_every: int = Field(500, ge=1)
    checkpoint_minutes: float = Field(5.0, gt=0)


class Export(Table):
    """What the exported model's contract promises beyond what the run itself knows."""

    short_side_px: int = Field(192, ge=32, le=4096)
    licence: str = Field("Apache-2.0", min_length=1)


class TrainingRecipe(Table):
    """What the training loop asks of every recipe; a task adds tables of its own."""

    data: Data
    optim: Optim
    run: Run

    @model_validator(mode="after")
    def _warms_up_in_time(self) -> Self:
        if self.optim.warmup_steps > self.optim.steps:
            raise ValueError(f"optim.warmup_steps: must be <= optim.steps, got {self.optim.warmup_steps}")
        return self

    @property
    def has_encoder(self) -> bool:
        """Whether the network stands on a pretrained encoder."""
        return False

    @model_validator(mode="after")
    def _trains_what_is_there(self) -> Self:
        if self.optim.encoder_lr and not self.has_encoder:
            raise ValueError("optim.encoder_lr: needs model.pretrained, there is no encoder to train")
        return self


class Recipe(TrainingRecipe):
    """One training run of the project's own network."""

    model: Model = Field(default_factory=lambda: Model.model_validate({}))
    effects: Effects = Field(default_factory=Effects)
    loss: Loss
    export: Export = Field(default_factory=lambda: Export.model_validate({}))

    @property
    def multiple_px(self) -> int:
        """What the sides of the network's input must be multiples of."""
        return multiple_px(self.model.widths)

    @property
    def has_encoder(self) -> bool:
        """See `TrainingRecipe`."""
        return self.model.pretrained

    @property
    def num_features(self) -> int:
        """How many features the network is given of a plate."""
        return len(lite0.WIDTHS) if self.has_encoder else 0

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        size_hw, multiple = list(self.run.size_hw), self.multiple_px
        if min(size_hw) < multiple or any(side % multiple for side in size_hw):
            raise ValueError(f"run.size_hw: must be multiples of {multiple}, got {size_hw}")
        if self.export.short_side_px % multiple:
            raise ValueError(f"export.short_side_px: must be a multiple of {multiple}, got {self.export.short_side_px}")
        return self


AnyRecipe = TypeVar("AnyRecipe", bound=TrainingRecipe)


def load_recipe(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe of the project's own network; see `read_recipe`."""
    return read_recipe(Recipe, path, overrides)


def read_recipe(kind: type[AnyRecipe], path: Path, overrides: Sequence[str] = ()) -> AnyRecipe:
    """Read a recipe; `overrides` are `key=value` texts such as `optim.lr=1e-3`, whose values are TOML.

    Raises:
        RecipeError: the first problem, in one line: `recipes/shipped.toml: optim.lr: must be > 0, got -1`.

    """
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(
            f"{path}: cannot be read ({error.strerror}); give a recipe such as recipes/shipped.toml"
        ) from None
    except UnicodeDecodeError:
        raise RecipeError(f"{path}: is no text file; give a recipe such as recipes/shipped.toml") from None
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{path}: is not valid TOML: {error}") from None
    except RecursionError:
        raise RecipeError(f"{path}: is nested too deeply; give a recipe such as recipes/shipped.toml") from None
    overridden = [override(table, text) for text in overrides]
    return _parse(kind, table, str(path), overridden)


def recipe_from_json(kind: type[AnyRecipe], table: object, where: str) -> AnyRecipe:
    """Read back what `model_dump(mode="json")` of such a recipe gave; `where` begins every error.

    Raises:
        RecipeError: it is not a recipe of this version.

    """
    return _parse(kind, table, where, ())


def first_change(before: TrainingRecipe, after: TrainingRecipe) -> str | None:
    """The dotted key of the first difference that a run cannot be resumed across; None where there is none."""
    earlier, later = before.model_dump(), after.model_dump()
    for table in (name for name in earlier if name not in _FREE_TABLES):
        old, new = earlier[table], later[table]
        for key in old:
            if old[key] != new[key] and (table != "run" or key in _FIXED):
                return f"{table}.{key}"
    return None


def _parse(kind: type[AnyRecipe], table: object, where: str, overridden: Sequence[str]) -> AnyRecipe:
    # By way of JSON: there pydantic's strict mode knows that a list is how a file writes a tuple.
    try:
        return kind.model_validate_json(json.dumps(table, default=str))
    except ValidationError as error:
        key, problem = describe(error, kind)
        raise RecipeError(f"{'--set' if key in overridden else where}: {key}{': ' if key else ''}{problem}") from None


def override(table: dict[str, Any], text: str) -> str:
    """Put one `key=value` into the tables of a recipe and return the key.

    Raises:
        RecipeError: it is not written so, or the key leads through a value.

    """
    key, equals, value = text.partition("=")
    *tables, last = key.split(".")
    if not equals or not key or not all((*tables, last)):
        raise RecipeError(f"--set {text}: write it as key=value, for example --set optim.lr=1e-3")
    for name in tables:
        inner = table.setdefault(name, {})
        if not isinstance(inner, dict):
            raise RecipeError(f"--set {text}: {name} is a value, not a table")
        table = cast("dict[str, Any]", inner)
    try:
        table[last] = tomllib.loads(f"value = {value}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        table[last] = value  # a bare word is meant as text
    return key
