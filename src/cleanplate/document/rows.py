"""Which rows there are; each is trained by itself through the trainer, and keeps its result beside its checkpoints."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from torch import nn

from cleanplate.document.network import num_weights
from cleanplate.document.recipe import DocumentRecipe, load_row
from cleanplate.document.scores import Blanks, Figures, what_is_missing
from cleanplate.document.task import Row
from cleanplate.errors import InputError, InterruptedWorkError, RecipeError
from cleanplate.imaging.files import prepare_folder, replace_file
from cleanplate.sample.shards import ShardReader
from cleanplate.train.checkpoint import AVERAGE, load_network, read_about
from cleanplate.train.data import Batch, DegradedSamples, validation_batches
from cleanplate.train.loop import Training
from cleanplate.train.runs import newest_checkpoint
from cleanplate.train.sets import First, Samples
from cleanplate.train.watch import CollapseWatch

ROWS = (
    "mask_subtract", "mask_concat", "mask_subtract_offset", "mask_concat_offset",
    "original", "trial1_depth_rgb", "trial1_depth_colour", "trial2_both_rgb", "trial2_both_colour",
    "trial3a_depth_grey", "trial3b_both_grey",
    "size_96", "size_192", "network_small", "loss_mse", "loss_ssim", "loss_bce", "loss_l1_ssim_grad",
    "jitter_joint", "jitter_independent", "stage_small", "stage_full",
    "as_it_was", "mended_inputs", "mended_rate", "mended_last", "mended_stem", "mended_jitter", "mended_loss",
    "mended_drawing", "mended_all",
)  # fmt: skip
"""Every row, in the order of the report; each is `recipes/document/ROW.toml`."""

FULL_ROWS = ("full_original", "full_trial2_both_rgb", "full_trial3b_both_grey")
"""The same at full width on 40,000 pairs: only when named, they want a GPU."""

COLUMNS = (
    "row", "width", "parameters", "images", "epochs", "train_loss", "validation_loss", "iou", "mae",
    "depth_correlation", "std_ratio", "rmse", "rmse_constant", "rmse_mean_image", "abs_rel", "delta1", "seconds",
)  # fmt: skip
"""Of the table; what does not apply to a row is None."""

NUM_SHOWN = 3
_BATCH = 16


def train_row(row: str, recipes: Path, data: Path, runs: Path, changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """Train one row, or go on with it, or only read what it gave before: its result, as `RUNS/ROW/result.json` has it.

    `data`: folder of the shards train/ and validation/. A row whose recipe does not have to learn runs to its end
    whatever the watch says; any other is stopped by it, and its result says why.

    Raises:
        InputError: no data, or fewer than the recipe asks for.
        RecipeError: a recipe that cannot be used; a result of another recipe or of other data; a stage whose first
            collapsed.

    """
    recipe = load_row(recipes, row, changes)
    out, sets = runs / row, _sets(recipe, data)
    if (done := read_result(runs, row)) is not None:
        for key, what, now in (
            ("recipe", "another recipe", recipe.model_dump(mode="json")),
            ("data", "other data", _fingerprints(sets)),
        ):
            if done[key] != now:
                raise RecipeError(f"{out}: holds a result of {what}; delete that folder to train the row again")
        return done
    if recipe.stage.weights_of is None:
        alarms = _trained(recipe, sets, runs, out)
        result = _result(row, Row(recipe), sets, source=out, out=out, alarms=alarms)
    else:
        source = _finished(runs, recipe.stage.weights_of)
        result = _result(row, Row(recipe), sets, source=source, out=out, alarms=[])
    with replace_file(out / "result.json") as temporary:
        temporary.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return result


def _sets(recipe: DocumentRecipe, data: Path) -> tuple[First, First]:
    counts = {"train": recipe.data.train_count, "validation": recipe.data.validation_count}
    train, validation = (_first(data / name, count) for name, count in counts.items())
    return train, validation


def _first(folder: Path, count: int) -> First:
    samples = ShardReader(folder)
    if len(samples) < count:
        raise InputError(f"{folder}: holds {len(samples)} samples, the row asks for {count}; make the data again")
    return First(samples, count)


def _fingerprints(sets: tuple[Samples, Samples]) -> list[str]:
    return [samples.fingerprint for samples in sets]


def _trained(recipe: DocumentRecipe, sets: tuple[First, First], runs: Path, out: Path) -> list[str]:
    """Train to the end, or to where the watch stops it: what the watch said."""
    watch = CollapseWatch(stops=recipe.row.must_learn)
    task = Row(recipe, _start(recipe, runs))
    training = Training(task, *sets, out, resume=newest_checkpoint(out) is not None, watch=watch)
    try:
        finished = training.run()
    except RecipeError:
        if not watch.said:
            raise
        training.save()
        return watch.said
    if not finished:
        raise InterruptedWorkError(f"{out}: stopped after step {training.about.step}; the same command goes on")
    return watch.said


def read_result(runs: Path, row: str) -> dict[str, Any] | None:
    """What `train_row` has kept; None where the row is not finished."""
    path = runs / row / "result.json"
    if not path.exists():
        return None
    return cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8")))


def _start(recipe: DocumentRecipe, runs: Path) -> Path | None:
    """The averaged weights of the row that this one begins from."""
    if recipe.stage.after is None:
        return None
    folder = _finished(runs, recipe.stage.after)
    result = read_result(runs, recipe.stage.after)
    if result is not None and result["alarms"]:
        raise RecipeError(f"{folder}: has collapsed ({result['alarms'][0]}); mend that row before the one after it")
    return _newest(folder) / AVERAGE


def _finished(runs: Path, row: str) -> Path:
    if read_result(runs, row) is None:
        raise RecipeError(f"{runs / row}: is not trained yet; name {row} before the row that needs it")
    return runs / row


def _newest(folder: Path) -> Path:
    newest = newest_checkpoint(folder)
    if newest is None:
        raise InputError(f"{folder}: has no checkpoint; delete that folder to train the row again")
    return newest


def _result(
    row: str, task: Row, sets: tuple[Samples, Samples], *, source: Path, out: Path, alarms: list[str]
) -> dict[str, Any]:
    """What there is to say about the weights that lie in the run `source`."""
    prepare_folder(out)
    recipe = task.recipe
    train, validation = sets
    network = task.network()
    load_network(_newest(source) / AVERAGE, network)
    figures = task.judge(network, _clean(task, validation), _every(validation), out / "looks.png")
    constant = mean_image = None
    if recipe.targets.depth != "none":
        constant, mean_image = Blanks.of(_clean(task, train)).rmse(_clean(task, validation))
    done, log = read_about(_newest(source)).step, _train_log(source)
    images = done * recipe.optim.batch_size * recipe.optim.accumulate
    table: dict[str, Any] = {
        "row": row,
        "width": recipe.network.width,
        "parameters": num_weights(network),
        "images": images,
        "epochs": round(images / len(train), 2),
        "train_loss": _last_epoch(log, done - recipe.steps_per_epoch),
        "validation_loss": figures.loss,
        **_measured(figures),
        "rmse_constant": constant,
        "rmse_mean_image": mean_image,
        "seconds": round(_seconds(log, recipe)),
    }
    return {
        "table": {name: table[name] for name in COLUMNS},
        "says": recipe.row.says,
        "must_learn": recipe.row.must_learn,
        "missing": what_is_missing(table),
        "alarms": alarms,
        "under_independent_jitter": _under_jitter(task, network, validation, out),
        "data": _fingerprints(sets),
        "recipe": recipe.model_dump(mode="json"),
    }


def _clean(task: Row, samples: Samples) -> Iterable[Batch]:
    return validation_batches(DegradedSamples(samples, task.camera(validating=True), None), _BATCH, 0)


def _every(validation: Samples) -> int:
    return max(1, len(validation) // NUM_SHOWN)


def _measured(figures: Figures) -> dict[str, float | None]:
    depth = figures.heads.get("depth")
    return {
        "iou": figures.iou,
        "mae": figures.mae,
        "depth_correlation": None if depth is None else depth.correlation,
        "std_ratio": None if depth is None else depth.std_ratio,
        "rmse": figures.rmse,
        "abs_rel": figures.abs_rel,
        "delta1": figures.delta1,
    }


def _under_jitter(task: Row, network: nn.Module, validation: Samples, out: Path) -> dict[str, float | None] | None:
    """The same figures on validation whose plate and shot are jittered each by itself; None for rows without jitter."""
    if task.recipe.inputs.jitter == "none":
        return None
    inputs = task.recipe.inputs.model_copy(update={"jitter": "independent", "flip_p": 0.0})
    shaken = Row(task.recipe.model_copy(update={"inputs": inputs})).camera(validating=False)
    batches = validation_batches(DegradedSamples(validation, shaken, None), _BATCH, 0)
    return _measured(task.judge(network, batches, _every(validation), out / "jittered.png"))


def _train_log(out: Path) -> list[dict[str, float]]:
    with (out / "train.csv").open(encoding="utf-8", newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def _last_epoch(log: list[dict[str, float]], first: float) -> float:
    """Mean training loss over the windows that end in the last epoch."""
    losses = [row["loss"] for row in log if row["step"] > first] or [log[-1]["loss"]]
    return sum(losses) / len(losses)


def _seconds(log: list[dict[str, float]], recipe: DocumentRecipe) -> float:
    """Time spent in training steps, by the log: it outlives interruptions."""
    images, before, total = recipe.optim.batch_size * recipe.optim.accumulate, 0.0, 0.0
    for row in log:
        total += (row["step"] - before) * images / row["images_per_s"]
        before = row["step"]
    return total
