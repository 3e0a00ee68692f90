"""`cleanplate doctor`: what a plate is worth for a shot."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from cleanplate.cli.options import FilePath
from cleanplate.cli.shots import refuse_clip

_PATH = FilePath(readable=False)


@click.command("doctor", short_help="Whether a plate fits a shot: fine, mended or no use.")
@click.argument("plate", type=_PATH)
@click.argument("shot", type=_PATH)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
def command(*, plate: Path, shot: Path, as_json: bool) -> int:
    """Say what the photo PLATE of the empty scene is worth for SHOT, and what `run` does with it.

    Exit code: 0 fine or mended, 1 cannot be used (the first line says why and what to do), 2 wrong usage.
    """
    from cleanplate.imaging.compositing import composite
    from cleanplate.imaging.files import read_picture
    from cleanplate.plate.doctor import examine
    from cleanplate.plate.sizes import fitted

    refuse_clip(plate, "give a photo of the empty scene")
    refuse_clip(shot, "give one of its frames; `cleanplate run` takes clips")
    seen = read_picture(shot)
    plate_rgb = fitted(read_picture(plate).rgb, (seen.rgb.shape[0], seen.rgb.shape[1]), str(plate), str(shot))
    shot_rgb = seen.rgb if seen.alpha is None else composite(seen.rgb, seen.alpha, plate_rgb)
    diagnosis = examine(plate_rgb, shot_rgb)
    verdict, found = diagnosis.verdict, asdict(diagnosis.findings)
    if as_json:
        facts = {"kind": verdict.kind, "sentence": verdict.sentence, "margin": verdict.margin, **found}
        facts["matrix"] = None if diagnosis.matrix is None else diagnosis.matrix.tolist()
        click.echo(json.dumps(facts, indent=2))
    else:
        click.echo(f"{plate}: {verdict.sentence}")
        for name, value in found.items():
            click.echo(f"  {name:12} {_text(value)}")
    return 1 if verdict.kind == "unusable" else 0


def _text(value: float | bool | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "unknown" if value is None else f"{value:.3g}"
