"""`cleanplate train`: a recipe and data become checkpoints."""

import shlex
from pathlib import Path

import click

from cleanplate.cli.options import folder_set_options
from cleanplate.errors import InputError, MissingExtraError


@click.command("train", short_help="Train the network by a recipe.")
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option(
    "--data",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path),
    help="Folder with train/ and validation/; given again, one with more of train/.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the run.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override one value, e.g. optim.lr=1e-3.")
@click.option(
    "--start", type=click.Path(path_type=Path), help="Run, checkpoint or MODEL.onnx whose weights the run begins with."
)
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

    train/ and validation/ are shards or folder sets; where a folder set has no depth, depth is not trained on it. With
    --start, of the run there only the weights count: steps, learning rate and average begin anew. A model file is such
    a start, too, also the one that ships.
    """
    try:
        from cleanplate.sample.opening import open_samples
        from cleanplate.train.checkpoint import newest_checkpoint, read_about
        from cleanplate.train.data import Samples, Together
        from cleanplate.train.loop import Training
        from cleanplate.train.matte import MatteAndDepth
        from cleanplate.train.pretrained import pretrained_weights
        from cleanplate.train.recipe import load_recipe
        from cleanplate.train.revive import begin_with
    except ModuleNotFoundError as error:
        raise MissingExtraError("cleanplate train", "train", error.name or "torch") from None
    loaded = load_recipe(recipe, overrides)

    def opened(folder: Path) -> Samples:
        samples = open_samples(folder, rule_words=pairs, depth_is=depth_is)
        if only := samples.about.get("only"):
            raise InputError(f"{folder}: is a test set, made with --only {only}; make one without it to train with")
        return samples

    train, validation = Together([opened(folder / "train") for folder in data]), opened(data[0] / "validation")
    goes_on = resume and newest_checkpoint(out) is not None
    begin = None if start is None else begin_with(start, loaded, train, out)
    needed = loaded.model.pretrained and begin is None and not goes_on  # else a checkpoint has them
    task = MatteAndDepth(loaded, begin, pretrained_weights() if needed else None)
    seen_before = None if begin is None else read_about(begin).training_data
    training = Training(task, train, validation, out, resume=resume, seen_before=seen_before)
    finished = training.run()
    sets = "".join(f" --data {folder}" for folder in data[1:])
    sets += "".join(f" --set {text}" for text in overrides)
    sets += "".join(f" --pairs {shlex.quote(text)}" for text in pairs)
    sets += f" --depth-is {depth_is}" if depth_is else ""
    sets += f" --start {start}" if start else ""
    if finished:
        click.echo(f"trained {training.about.step} steps; now:  cleanplate export {out} --out model.onnx")
        return 0
    click.echo(
        f"stopped after step {training.about.step}, all of it saved; go on with:  "
        f"cleanplate train {recipe} --data {data[0]} --out {out}{sets} --resume",
        err=True,
    )
    return 130
