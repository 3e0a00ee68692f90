"""`cleanplate evaluate synthetic`: how good a model is where the truth is exact."""

from dataclasses import asdict
from pathlib import Path

import click

from cleanplate.cli.options import FilePath, closer_option


@click.command("synthetic")
@click.argument("folder", metavar="DIR", type=FilePath())
@click.option("--model", type=FilePath(), help="Score this model instead of the one in the package.")
@click.option(
    "--out",
    type=FilePath(file_okay=False),
    default=Path("out/synthetic"),
    show_default=True,
    help="For scores.json and worst.jpg.",
)
@click.option("--worst", type=click.IntRange(min=1), default=10, show_default=True, help="Pairs on the contact sheet.")
@click.option(
    "--effects", type=click.IntRange(min=0), metavar="SEED", help="Add the default camera effects, drawn by this seed."
)
@click.option(
    "--effect",
    multiple=True,
    metavar="NAME=VALUE",
    help="Add this camera effect alone, such as sway_p=1, at its default strength unless that is given as well "
    "(sway_px=1). With --effects: change this value of the default effects.",
)
@click.option("--count", type=click.IntRange(min=1), help="Score only this many pairs, the first.")
@closer_option
def command(
    *,
    folder: Path,
    model: Path | None,
    out: Path,
    worst: int,
    effects: int | None,
    effect: tuple[str, ...],
    count: int | None,
    closer: str,
) -> int:
    """Score on rendered pairs: DIR is a data set of shards, as `synth` makes them.

    Prints mean, median and worst of every figure, writes them pair by pair into scores.json, and shows the worst pairs
    by IoU.
    """
    from cleanplate.errors import UsageError
    from cleanplate.evaluate.predictions import named
    from cleanplate.evaluate.synthetic import Pairs, score_pairs
    from cleanplate.evaluate.synthetic_report import groups_table, refuse_other_results, table, write_results
    from cleanplate.imaging.files import prepare_folder
    from cleanplate.runtime.session import Session
    from cleanplate.sample.shards import ShardReader
    from cleanplate.synth.camera import Effects

    try:
        struck = (Effects.none() if effects is None else Effects()).changed(effect)
    except ValueError as error:
        raise UsageError(f"--effect {error}") from None
    struck, seed = None if effects is None and not effect else struck, effects or 0
    reader = ShardReader(folder, layers=struck is not None)  # instances tell whom a crop cuts away
    pairs = Pairs(reader, count or len(reader), struck, seed)
    session, again = Session(model), closer == "on"
    refuse_other_results(out)
    prepare_folder(out)
    scores = score_pairs(session, pairs, closer=again)
    about: dict[str, object] = {
        "set": str(folder),
        "fingerprint": reader.fingerprint,
        "scored": named(session, closer=again),
        "weights": session.contract.weights,
        "effects": struck and asdict(struck),
        "seed": seed,
    }
    try:
        sheet = write_results(out, about, scores, session=session, pairs=pairs, num_worst=worst, closer=again)
    finally:  # of files and printed figures, whichever fails the other is there
        click.echo(f"{table(scores)}\n\n{groups_table(scores)}")
    click.echo(f"worst pairs: {sheet}")
    return 0
