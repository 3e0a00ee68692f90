"""`cleanplate train`: a recipe and data become checkpoints."""

import shlex
from collections.abc import Iterable
from pathlib import Path

import click

from cleanplate.cli.options import FilePath, folder_set_options
from cleanplate.errors import InputError, MissingExtraError, UsageError


@click.command("train", short_help="Train the network by a recipe.")
@click.argument("recipe", type=FilePath())
@click.option(
    "--data",
    required=True,
    multiple=True,
    type=FilePath(),
    help="Folder with train/ and validation/; repeat it to add the train/ of further folders.",
)
@click.option("--out", required=True, type=FilePath(), help="Folder of the run.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override one value, e.g. optim.lr=1e-3.")
@click.option("--start", type=FilePath(), help="Run, checkpoint or MODEL.onnx whose weights the run begins with.")
@click.option("--resume", is_flag=True, help="Go on with the run in --out.")
@folder_set_options
def command(
    *,
    recipe: Path,
    data: tuple[Path, ...],
    out: Path,
    overrides: tuple[str, ...],
    start: Path | None,
    resume: bool,
    pairs: tuple[str, ...],
    depth_is: str | None,
) -> int:
    """Train the network by RECIPE, a TOML file such as recipes/shipped.toml.

    train/ and validation/ are shards or folder sets; a folder set without depth trains the matte only. --start takes
    only the weights of a run: steps, learning rate and average begin anew. It may also be a model file, such as the one
    in the package.
    """
    try:
        from cleanplate.sample.opening import is_foreign_set, open_samples
        from cleanplate.train.checkpoint import read_about
        from cleanplate.train.loop import Training
        from cleanplate.train.matte import MatteAndDepth
        from cleanplate.train.pretrained import pretrained_weights
        from cleanplate.train.recipe import load_recipe
        from cleanplate.train.revive import begin_with
        from cleanplate.train.runs import newest_checkpoint
        from cleanplate.train.sets import Samples, Together
    except ModuleNotFoundError as error:
        raise MissingExtraError("cleanplate train", "train", error.name or "torch") from None
    loaded = load_recipe(recipe, overrides)

    folders = [*(folder / "train" for folder in data), data[0] / "validation"]
    foreign = set(filter(is_foreign_set, folders))  # the others say themselves what --pairs and --depth-is say of these
    if (pairs or depth_is) and not foreign:
        raise UsageError("--pairs, --depth-is: all of these sets record names and depth themselves; leave both out")

    def opened(folder: Path) -> Samples:
        rule_words, meaning = (pairs, depth_is) if folder in foreign else ((), None)
        samples = open_samples(folder, rule_words=rule_words, depth_is=meaning)
        if only := samples.about.get("only"):
            raise InputError(f"{folder}: is a test set, made with --only {only}; make one without it to train with")
        return samples

    train, validation = Together([opened(folder) for folder in folders[:-1]]), opened(folders[-1])
    goes_on = resume and newest_checkpoint(out) is not None
    if resume and not goes_on:
        click.echo(f"cleanplate: {out}: holds no run to go on with; a new one begins", err=True)
    begin = None if start is None else begin_with(start, loaded, train, out)
    needed = loaded.model.pretrained and begin is None and not goes_on  # else a checkpoint has them
    task = MatteAndDepth(loaded, begin, pretrained_weights() if needed else None)
    seen_before = None if begin is None else read_about(begin).training_data
    training = Training(task, train, validation, out, resume=resume, seen_before=seen_before)
    finished = training.run()
    words = ["cleanplate", "train", str(recipe), *_each("--data", data), "--out", str(out), *_each("--set", overrides)]
    words += [*_each("--pairs", pairs), *_each("--depth-is", [depth_is]), *_each("--start", [start]), "--resume"]
    if finished:
        export = shlex.join(["cleanplate", "export", str(out), "--out", "model.onnx"])
        click.echo(f"trained {training.about.step} steps; now:  {export}")
        return 0
    told = f"stopped after step {training.about.step}, all of it saved; go on with:  {shlex.join(words)}"
    click.echo(told, err=True)
    return 130


def _each(option: str, values: Iterable[object]) -> list[str]:
    """The option before each value that is given."""
    return [word for value in values if value is not None for word in (option, str(value))]
