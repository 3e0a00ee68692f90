"""`cleanplate label`: depth images for a folder set, from any ONNX depth network."""

from pathlib import Path

import click

from cleanplate.cli.options import FilePath, num_cores


def _size_hw(_context: click.Context, _parameter: click.Parameter, size: str | None) -> tuple[int, int] | None:
    if size is None:
        return None
    width, cross, height = size.lower().partition("x")
    height = height if cross else width
    if width.isdecimal() and height.isdecimal() and 16 <= int(width) <= 4096 and 16 <= int(height) <= 4096:
        return int(height), int(width)
    raise click.BadParameter(
        f"{size!r} is no size; give the side of a square, like 518, or WIDTHxHEIGHT, like 640x384; "
        "sides from 16 to 4096 px"
    )


@click.command("label", short_help="Add depth to a folder set, by any ONNX depth network.")
@click.argument("folder", metavar="DIR", type=FilePath())
@click.option("--teacher", type=FilePath(), required=True, help="The network: an ONNX file.")
@click.option(
    "--teacher-gives",
    type=click.Choice(["disparity", "depth"]),
    default="disparity",
    show_default=True,
    help="What its values are: disparity (larger is nearer) or depth (larger is farther).",
)
@click.option(
    "--teacher-sees",
    type=click.Choice(["0..1", "0..255", "imagenet"]),
    default="0..1",
    show_default=True,
    help="Range of its RGB input; imagenet: 0..1 minus ImageNet's mean, divided by its standard deviation.",
)
@click.option(
    "--teacher-size",
    callback=_size_hw,
    metavar="PX|WxH",
    help="Size of its input, where it takes any; by default the shot's, rounded up to multiples of 32.",
)
@click.option("--teacher-output", metavar="NAME", help="Which output is the depth, where there are several.")
@click.option(
    "--pairs",
    multiple=True,
    metavar="KIND=TEMPLATE",
    help='How names in somebody else\'s set pair: "fg_bg={bg}_{n}", "mask={bg}_{n}_mask" (docs/formats.md).',
)
@click.option("--workers", type=click.IntRange(min=1), help="Processes that work; as many as there are cores.")
def command(
    *,
    folder: Path,
    teacher: Path,
    teacher_gives: str,
    teacher_sees: str,
    teacher_size: tuple[int, int] | None,
    teacher_output: str | None,
    pairs: tuple[str, ...],
    workers: int | None,
) -> int:
    """Add depth/ to the folder set DIR: what a teacher network gives for every picture in fg_bg/.

    The manifest then says which way the codes run and on what scale. A set without a manifest gets one. If it was
    stopped, even killed, the same command goes on with what is missing.
    """
    from cleanplate.jobs.units import Crew
    from cleanplate.runtime.labelling import label
    from cleanplate.runtime.teacher import TeacherCall

    call = TeacherCall(teacher, teacher_gives, teacher_sees, teacher_size, teacher_output)
    count, codes = label(folder, call, pairs, crew=Crew(workers or num_cores()))
    click.echo(
        f"{count} depth images in {folder / 'depth'}: {codes.quantity} = {codes.offset:g} + {codes.scale:g} * code"
    )
    return 0
