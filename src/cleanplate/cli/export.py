"""`cleanplate export`: a checkpoint becomes a model file."""

from pathlib import Path

import click

from cleanplate.errors import MissingExtraError


@click.command("export", short_help="Write a checkpoint as a model file (.onnx).")
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The model file to write (.onnx).")
def command(checkpoint: Path, out: Path) -> int:
    """Write the averaged weights of CHECKPOINT (or of a run's newest) as a model with its contract."""
    try:
        from cleanplate.train.export import export
    except ModuleNotFoundError as error:
        raise MissingExtraError("cleanplate export", "train", error.name or "torch") from None
    contract = export(checkpoint, out)
    click.echo(f"{out}: {contract.name} {contract.version}, {out.stat().st_size / 1e6:.1f} MB")
    return 0
