"""`cleanplate export`: a checkpoint becomes a model file."""

from pathlib import Path

import click

from cleanplate.cli.options import FilePath, overwrite_option
from cleanplate.errors import MissingExtraError, UsageError


@click.command("export", short_help="Write a checkpoint as a model file (.onnx).")
@click.argument("checkpoint", type=FilePath())
@click.option("--out", required=True, type=FilePath(), help="The model file to write (.onnx).")
@click.option("--int8", is_flag=True, help="Compute in 8 bits: smaller and faster; needs --calibrate.")
@click.option("--calibrate", type=FilePath(), help="With --int8: a data set to take the ranges from.")
@overwrite_option
def command(*, checkpoint: Path, out: Path, int8: bool, calibrate: Path | None, overwrite: bool) -> int:
    """Write the averaged weights of CHECKPOINT (or of a run's newest) as a model with its contract."""
    if int8 and calibrate is None:
        raise UsageError("--int8 takes its ranges from pictures: add --calibrate DIR, a data set of `cleanplate synth`")
    if calibrate is not None and not int8:
        raise UsageError("--calibrate is for --int8: add --int8, or leave --calibrate out")
    from cleanplate.imaging.files import refuse_output

    refuse_output(out, overwrite=overwrite)
    try:
        from cleanplate.train.export import export
    except ModuleNotFoundError as error:
        raise MissingExtraError("cleanplate export", "train", error.name or "torch") from None
    contract = export(checkpoint, out, calibrate)
    size = f"{out.stat().st_size / 1e6:.1f} MB"
    click.echo(f"{out}: {contract.title}, {size}")
    return 0
