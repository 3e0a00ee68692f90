"""`cleanplate train`: a recipe and data become checkpoints."""

import shlex
from pathlib import Path

import click

from cleanplate.cli.options import folder_set_options
from cleanplate.errors import MissingExtraError


@click.command("train", short_help="Train the network by a recipe.")
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Folder with train/ and validation/.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the run.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override one value, e.g. optim.lr=1e-3.")
@click.option("--resume", is_flag=True, help="Go on with the run in --out.")
@folder_set_options
def command(
    *,
    recipe: Path,
    data: Path,
    out: Path,
    overrides: tuple[str, ...],
    resume: bool,
    pairs: tuple[str, ...],
    depth_is: str | None,
) -> int:
    """Train the network by RECIPE, a TOML file such as recipes/shipped.toml.

    train/ and validation/ are shards or folder sets; where a folder set has no depth, depth is not trained on it.
    """
    try:
        from cleanplate.sample.opening import open_samples
        from cleanplate.train.loop import Training
        from cleanplate.train.matte import MatteAndDepth
        from cleanplate.train.recipe import load_recipe
    except ModuleNotFoundError as error:
        raise MissingExtraError("cleanplate train", "train", error.name or "torch") from None
    loaded = load_recipe(recipe, overrides)
    train, validation = (
        open_samples(data / name, rule_words=pairs, depth_is=depth_is) for name in ("train", "validation")
    )
    training = Training(MatteAndDepth(loaded), train, validation, out, resume=resume)
    finished = training.run()
    sets = "".join(f" --set {text}" for text in overrides)
    sets += "".join(f" --pairs {shlex.quote(text)}" for text in pairs)
    sets += f" --depth-is {depth_is}" if depth_is else ""
    if finished:
        click.echo(f"trained {training.about.step} steps; now:  cleanplate export {out} --out model.onnx")
        return 0
    click.echo(
        f"stopped after step {training.about.step}, all of it saved; go on with:  "
        f"cleanplate train {recipe} --data {data} --out {out}{sets} --resume",
        err=True,
    )
    return 130
