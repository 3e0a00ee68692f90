"""`cleanplate synth`: make training data."""

from pathlib import Path

import click


@click.command("synth")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Folder for the data set; must not hold one yet."
)
@click.option("--count", type=click.IntRange(min=1), required=True, help="Number of samples (plate and shot pairs).")
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Another seed shares no scene and nobody."
)
@click.option("--size", "size", default="256x192", show_default=True, help="Width x height in pixels.")
@click.option(
    "--processes", type=click.IntRange(min=1), default=1, show_default=True, help="Processes to spread the work over."
)
def command(out: Path, count: int, seed: int, size: str, processes: int) -> int:
    """Make a data set of rendered plates and shots with exact alpha and depth."""
    from cleanplate.synth.generate import generate
    from cleanplate.synth.shooting import Plan

    fingerprint = generate(out, count, Plan(seed, _size_hw(size)), processes)
    click.echo(f"{count} samples in {out} ({fingerprint})")
    return 0


def _size_hw(size: str) -> tuple[int, int]:
    width, _, height = size.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and 32 <= int(width) <= 4096 and 32 <= int(height) <= 4096):
        raise click.BadParameter(f"--size {size}: give WIDTHxHEIGHT from 32x32 to 4096x4096, like 256x192")
    return int(height), int(width)
