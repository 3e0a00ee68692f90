"""`cleanplate compose`: a data set from a person's own photos and cut-outs."""

from pathlib import Path

import click

from cleanplate.cli.options import FilePath, crew_of, crew_options, size_hw

_FOLDER = FilePath()


@click.command("compose", short_help="Make a data set from your own photos and cut-outs.")
@click.option("--backgrounds", type=_FOLDER, required=True, help="Folder of photos of empty scenes.")
@click.option("--foregrounds", type=_FOLDER, required=True, help="Folder of cut-outs: pictures with transparency.")
@click.option("--out", type=_FOLDER, required=True, help="Folder for the data set; an unfinished one goes on.")
@click.option(
    "--places",
    type=click.IntRange(1, 999),
    default=20,
    show_default=True,
    help="At how many places each cut-out is put on each background.",
)
@click.option("--flip", is_flag=True, help="Also put each cut-out mirrored, at as many places again.")
@click.option(
    "--min-scale",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.5,
    show_default=True,
    help="A cut-out is scaled by a random factor from this to 1; 1 is pixel for pixel on the background's photo.",
)
@click.option(
    "--size", default="192", show_default=True, metavar="PX|WxH", help="Shorter side of a 4:3 picture, or both sides."
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True, help="Of places and sizes.")
@click.option(
    "--layout",
    type=click.Choice(["folders", "shards"]),
    default="folders",
    show_default=True,
    help="Pictures in bg/ fg_bg/ mask/, or tar files.",
)
@crew_options
def command(
    *,
    backgrounds: Path,
    foregrounds: Path,
    out: Path,
    places: int,
    flip: bool,
    min_scale: float,
    size: str,
    seed: int,
    layout: str,
    workers: int | None,
    ray: str | None,
) -> int:
    """Put every cut-out on every background, at many places: 100 x 100 x 20 x 2 = 400,000 with --flip.

    The set has no depth;  cleanplate label OUT --teacher MODEL.onnx  adds it to folders. If it was stopped, even
    killed, the same command goes on with what is missing.
    """
    from cleanplate.synth.compose.composing import Layout, compose

    how = Layout(places, flip, size_hw(size), min_scale, seed)
    crew = crew_of(workers, ray)
    count, fingerprint = compose(out, backgrounds, foregrounds, how, layout=layout, crew=crew)
    click.echo(f"{count} samples in {out} ({fingerprint})")
    return 0
