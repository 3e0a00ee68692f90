"""`make document`: train the document's rows and write the report."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from cleanplate.document.recipe import load_row
from cleanplate.document.report import write_report
from cleanplate.document.rows import FULL_ROWS, ROWS, train_row
from cleanplate.errors import CleanplateError, UsageError
from cleanplate.jobs.processes import map_in_processes
from cleanplate.jobs.progress import Advance
from cleanplate.train.recipe import override


@click.command("document")
@click.argument("rows", nargs=-1)
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Folder with train/ and validation/.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the runs, one a row.")
@click.option("--recipes", default="recipes/document", type=click.Path(path_type=Path), help="Folder of the recipes.")
@click.option("--report", default="docs", type=click.Path(path_type=Path), help="Folder of the report.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1), help="Rows trained side by side.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change one value of every row.")
def command(
    *,
    rows: tuple[str, ...],
    data: Path,
    out: Path,
    recipes: Path,
    report: Path,
    workers: int,
    overrides: tuple[str, ...],
) -> None:
    """Train ROWS (all, where none is named), then write the report over every row that has a result.

    Rows that are finished are kept; one that was stopped goes on.
    """
    if unknown := [row for row in rows if row not in (*ROWS, *FULL_ROWS)]:
        raise UsageError(f"{unknown[0]}: is no row; name some of: {' '.join((*ROWS, *FULL_ROWS))}")
    changes: dict[str, Any] = {}
    for text in overrides:
        override(changes, text)
    train = _Train(recipes, data, out, changes)
    for wave in _waves(rows or ROWS, train):
        for row, result in map_in_processes(train, wave, workers if len(wave) > 1 else 0):
            said = ", ".join([*result["missing"], *result["alarms"]]) or "learns"
            click.echo(f"{row}: {said}")
    write_report(report, out, data)
    click.echo(f"{report / 'document.md'}")


@dataclass(frozen=True)
class _Train:
    """Trains a row, in whatever process it is sent to."""

    recipes: Path
    data: Path
    out: Path
    changes: dict[str, Any]

    def __call__(self, row: str, _advance: Advance) -> dict[str, Any]:
        return train_row(row, self.recipes, self.data, self.out, self.changes)


def _waves(rows: Sequence[str], train: _Train) -> Iterator[list[str]]:
    """The rows in their order, each after the wave of the one that it begins from."""
    waiting = list(dict.fromkeys(rows))
    while waiting:
        needs = {row: load_row(train.recipes, row, train.changes).stage for row in waiting}
        wave = [row for row in waiting if not {needs[row].after, needs[row].weights_of} & set(waiting)]
        yield wave
        waiting = [row for row in waiting if row not in wave]


def main() -> int:
    """Run the command; an error is one line on standard error, with the exit codes of `cleanplate`."""
    try:
        command.main(standalone_mode=False)
    except CleanplateError as error:
        sys.stderr.write(f"document: {' '.join(str(error).split())}\n")
        return error.exit_code
    except click.ClickException as error:
        sys.stderr.write(f"document: {error.format_message()}\n")
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    return 0
