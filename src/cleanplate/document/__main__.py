"""`make document`: train the document's rows and write the report."""

import sys
from pathlib import Path
from typing import Any

import click

from cleanplate.document.report import write_report
from cleanplate.document.rows import FULL_ROWS, ROWS, train_row
from cleanplate.errors import CleanplateError, UsageError
from cleanplate.train.recipe import override


@click.command("document")
@click.argument("rows", nargs=-1)
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Folder with train/ and validation/.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the runs, one a row.")
@click.option("--recipes", default="recipes/document", type=click.Path(path_type=Path), help="Folder of the recipes.")
@click.option("--report", default="docs", type=click.Path(path_type=Path), help="Folder of the report.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change one value of every row.")
def command(
    *, rows: tuple[str, ...], data: Path, out: Path, recipes: Path, report: Path, overrides: tuple[str, ...]
) -> None:
    """Train ROWS (all, where none is named), then write the report over every row that has a result.

    Rows that are finished are kept; one that was stopped goes on.
    """
    if unknown := [row for row in rows if row not in (*ROWS, *FULL_ROWS)]:
        raise UsageError(f"{unknown[0]}: is no row; name some of: {' '.join((*ROWS, *FULL_ROWS))}")
    changes: dict[str, Any] = {}
    for text in overrides:
        override(changes, text)
    for row in rows or ROWS:
        result = train_row(row, recipes, data, out, changes)
        said = ", ".join([*result["missing"], *result["alarms"]]) or "learns"
        click.echo(f"{row}: {said}")
    write_report(report, out, data)
    click.echo(f"{report / 'document.md'}")


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


if __name__ == "__main__":
    sys.exit(main())
