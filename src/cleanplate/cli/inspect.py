"""`cleanplate inspect`: what a file or folder is."""

import json
from pathlib import Path
from typing import Any, cast

import click

from cleanplate.cli.descriptions import Facts, describe
from cleanplate.cli.options import FilePath, folder_set_options, overwrite_option, refuse_idle
from cleanplate.errors import UsageError

_DATA = ("shards", "folders")
"""Kinds that are data sets."""


@click.command("inspect", short_help="What a picture, model, checkpoint or data set is.")
@click.argument("file", type=FilePath(readable=False))
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
@click.option("--sheet", type=FilePath(), help="Draw 24 samples of a data set into this PNG or JPEG.")
@click.option("--from", "first", type=click.IntRange(min=0), help="With --sheet: the samples from this number on.")
@click.option("--verify", is_flag=True, help="Read all of a data set and compare it with what was written.")
@folder_set_options
@overwrite_option
def command(
    *,
    file: Path,
    as_json: bool,
    sheet: Path | None,
    first: int | None,
    verify: bool,
    pairs: tuple[str, ...],
    depth_is: str | None,
    overwrite: bool,
) -> int:
    """Say what FILE is.

    A picture, a model (.onnx), the depth of a result (.npy or .json), a run or one of its checkpoints, a data set in
    shards or folders, one of its shards (.tar), or a pack.
    """
    refuse_idle({"--from": first is not None, "--overwrite": overwrite}, "--sheet", sheet)
    facts = describe(file, pairs, depth_is)
    if facts["kind"] != "folders" and (pairs or depth_is):
        raise UsageError(f"{file}: is no folder set of pictures; leave --pairs and --depth-is out")
    if sheet is not None or verify:
        if facts["kind"] not in _DATA:
            option = "--sheet draws" if sheet is not None else "--verify reads"
            raise UsageError(f"{file}: is a {facts['kind']}; {option} samples of a data set")
        from cleanplate.sample.opening import open_samples
        from cleanplate.sample.sheet import refuse_sheet, write_sheet_of

        if sheet is not None:
            refuse_sheet(sheet, overwrite=overwrite)
        folder = Path(facts["file"])
        if verify:
            open_samples(folder, rule_words=pairs, depth_is=depth_is).verify()
            facts["verified"] = True
        if sheet is not None:
            write_sheet_of(folder, sheet, first, rule_words=pairs, depth_is=depth_is)
            facts["sheet"] = str(sheet)
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return 0
    lines = _flat(facts)
    width = max(len(key) for key, _ in lines)
    for key, value in lines:
        click.echo(f"{key:{width}}  {value}")
    return 0


def _flat(facts: Facts, prefix: str = "") -> list[tuple[str, str]]:
    """One line a value; nested objects by dotted keys, long lists and lists of objects by their length."""
    lines: list[tuple[str, str]] = []
    for key, value in facts.items():
        if isinstance(value, dict):
            lines += _flat(cast("Facts", value), f"{prefix}{key}.")
        elif isinstance(value, list) and _is_table(cast("list[Any]", value)):
            lines.append((prefix + key, f"{len(cast('list[Any]', value))} entries"))
        else:
            lines.append((prefix + key, _text(value)))
    return lines


def _is_table(values: list[Any]) -> bool:
    """Whether a list is too much for one line."""
    return len(values) > 8 or any(isinstance(value, dict) for value in values)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_text(item) for item in cast("list[Any]", value))
    return {None: "none", True: "yes", False: "no"}[value] if value is None or isinstance(value, bool) else str(value)
