"""`cleanplate synth`: make training data."""

from pathlib import Path

import click

from cleanplate.cli.options import FilePath, crew_of, crew_options, overwrite_option, refuse_idle, size_hw


@click.command("synth", short_help="Make training data: plates and shots with exact alpha and depth.")
@click.option("--out", type=FilePath(), required=True, help="Folder for the data set; an unfinished one goes on.")
@click.option("--count", type=click.IntRange(min=1), required=True, help="Number of samples (plate and shot pairs).")
@click.option(
    "--size", default="192", show_default=True, metavar="PX|WxH", help="Shorter side of a 4:3 picture, or both sides."
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=1,
    show_default=True,
    help="Sets with different seeds share no scene and no person.",
)
@click.option(
    "--assets",
    type=click.Choice(["pack", "procedural"]),
    default="pack",
    show_default=True,
    help="Parts from the pack of  cleanplate assets, or simple ones made of formulas.",
)
@click.option(
    "--only",
    type=click.Choice(["people", "objects", "light"]),
    help="A test set with one kind of change: people; objects (from the pack, models that no training sees); or light "
    "(a lamp, the daylight, a screen or a curtain), with nobody there.",
)
@click.option(
    "--place",
    type=click.Choice(["room", "office", "corridor", "hall", "outdoor", "street"]),
    help="One kind of place instead of all; streets, with traffic, come only if asked for.",
)
@click.option(
    "--nearest",
    type=click.FloatRange(0.05, 10),
    metavar="METRES",
    help="Least distance of people and things from the camera; by default head and shoulders may fill the picture.",
)
@click.option(
    "--least",
    type=click.FloatRange(0, 0.5),
    default=0,
    metavar="SHARE",
    help="Smallest share of the picture that the foreground must cover (0.05: a twentieth).",
)
@click.option(
    "--cut-off",
    is_flag=True,
    help="Let a side of the picture cut people off: an arm, a shoulder, half of a face.",
)
@click.option(
    "--layout",
    type=click.Choice(["shards", "folders"]),
    default="shards",
    show_default=True,
    help="Tar files, or four pictures a sample in bg/ fg_bg/ mask/ depth/.",
)
@crew_options
@click.option("--sheet", type=FilePath(), help="Draw 24 of the samples into this PNG or JPEG.")
@overwrite_option
def command(
    *,
    out: Path,
    count: int,
    size: str,
    seed: int,
    assets: str,
    only: str | None,
    place: str | None,
    nearest: float | None,
    least: float,
    cut_off: bool,
    layout: str,
    workers: int | None,
    ray: str | None,
    sheet: Path | None,
    overwrite: bool,
) -> int:
    """Make a data set of rendered plates and shots with exact alpha and depth.

    The same options give the same bytes whatever the number of workers. If it was stopped, even killed, the same
    command goes on with what is missing.  cleanplate inspect DIR --sheet FILE  draws a data set that is there.
    """
    from cleanplate.sample.sheet import refuse_sheet, write_sheet_of
    from cleanplate.synth.generate import generate
    from cleanplate.synth.shooting import Plan
    from cleanplate.synth.staging import NEAREST_M

    refuse_idle({"--overwrite": overwrite}, "--sheet", sheet)
    if sheet is not None:
        refuse_sheet(sheet, overwrite=overwrite, made=out)
    plan = Plan(
        seed,
        size_hw(size),
        assets=assets,
        only=only,
        nearest_m=NEAREST_M if nearest is None else nearest,
        place=place,
        cut_off=cut_off,
        least=least,
    )
    crew = crew_of(workers, ray)
    fingerprint = generate(out, count, plan, layout=layout, crew=crew)
    click.echo(f"{count} samples in {out} ({fingerprint})")
    if sheet is not None:
        write_sheet_of(out, sheet)
    return 0
