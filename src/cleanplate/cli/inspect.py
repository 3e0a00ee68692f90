"""`cleanplate inspect`: what a picture, model, checkpoint or data set is."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import click

from cleanplate.cli.options import folder_set_options
from cleanplate.errors import InputError, UsageError

_FOLDERS = {
    "checkpoint.json": ("checkpoint", {"format", "step", "recipe"}),
    "manifest.json": ("shards", {"format", "fingerprint", "num_samples"}),
}
"""The file that makes a folder what it is: what we call it, and keys by which it is known (docs/formats.md)."""

Facts = dict[str, Any]


_DATA = ("shards", "folders")
"""Kinds that are data sets."""


@click.command("inspect", short_help="What a picture, model, checkpoint or data set is.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
@click.option("--sheet", type=click.Path(path_type=Path), help="Draw 24 samples of a data set into this PNG or JPEG.")
@click.option("--from", "first", type=click.IntRange(min=0), help="With --sheet: the samples from this number on.")
@click.option("--verify", is_flag=True, help="Read all of a data set and compare it with what was written.")
@folder_set_options
def command(
    *,
    file: Path,
    as_json: bool,
    sheet: Path | None,
    first: int | None,
    verify: bool,
    pairs: tuple[str, ...],
    depth_is: str | None,
) -> int:
    """Say what FILE is: a picture, a model (.onnx), a checkpoint or a data set in shards or folders."""
    facts = describe(file, pairs)
    if sheet is not None or verify:
        if facts["kind"] not in _DATA:
            option = "--sheet draws" if sheet is not None else "--verify reads"
            raise UsageError(f"{file}: is a {facts['kind']}; {option} samples of a data set")
        _look_into(Path(facts["file"]), sheet, first, verify=verify, pairs=pairs, depth_is=depth_is)
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return 0
    lines = _flat(facts)
    width = max(len(key) for key, _ in lines)
    for key, value in lines:
        click.echo(f"{key:{width}}  {value}")
    return 0


def _look_into(
    folder: Path, sheet: Path | None, first: int | None, *, verify: bool, pairs: tuple[str, ...], depth_is: str | None
) -> None:
    from cleanplate.sample.opening import open_samples
    from cleanplate.sample.sheet import refuse_suffix, write_sheet_of

    if sheet is not None:
        refuse_suffix(sheet)
    if verify:
        open_samples(folder, rule_words=pairs, depth_is=depth_is).verify()
    if sheet is not None:
        write_sheet_of(folder, sheet, first, rule_words=pairs, depth_is=depth_is)


def describe(path: Path, pairs: Sequence[str] = ()) -> Facts:
    """What a file or folder is, as JSON values; "kind" says which: picture, model, checkpoint, shards, folders.

    `pairs` are the rule for the names in a folder set of somebody else.

    Raises:
        InputError: it is none of these, or damaged.
        UsageError: the rule is none.

    """
    from cleanplate.imaging.files import file_identity, is_folder
    from cleanplate.sample.opening import is_folder_set

    data_set = path.parent if path.name == "manifest.json" else path
    if is_folder_set(data_set):
        return _describe_folder_set(data_set, pairs)
    if path.name in _FOLDERS:
        return _describe_folder(path)
    if is_folder(path):
        for name in _FOLDERS:
            if file_identity(path / name):
                return _describe_folder(path / name)
        raise InputError(
            f"{path}: holds neither checkpoint.json nor manifest.json nor fg_bg/; name a file, checkpoint or data set"
        )
    return _describe_model(path) if path.suffix.lower() == ".onnx" else _describe_picture(path)


def _describe_picture(path: Path) -> Facts:
    from cleanplate.imaging.colour import profile_effect, profile_name
    from cleanplate.imaging.decoding import read_header

    header = read_header(path)
    profile = None
    if header.profile is not None:
        effect = profile_effect(header.profile, header.channels)
        remark = {"converts": "converted to sRGB", "is sRGB": "the same as sRGB", "unusable": "ignored, sRGB assumed"}
        profile = f"{profile_name(header.profile)} ({remark[effect]})"
    return {
        "file": str(path),
        "kind": "picture",
        "format": header.file_format,
        "width": header.size_hw[1],
        "height": header.size_hw[0],
        "bits": header.bits,
        "colour": {1: "grey", 3: "RGB", 4: "CMYK"}[header.channels],
        "transparency": header.has_alpha,
        "profile": profile,
        "orientation": header.orientation,
    }


def _describe_model(path: Path) -> Facts:
    from cleanplate.runtime.model_file import read_model_file

    model = read_model_file(path)
    return {
        "file": str(path),
        "kind": "model",
        "bytes": len(model.data),
        "sha256": model.sha256,
        "opset": model.opset,
        "producer": model.producer,
        "contract": json.loads(model.contract.to_json()),
    }


def _describe_folder_set(folder: Path, pairs: Sequence[str]) -> Facts:
    from cleanplate.sample.folder_reader import open_folder_set

    opened = open_folder_set(folder, pairs)
    told = opened.manifest
    facts: Facts = {
        "file": str(folder),
        "kind": "folders",
        "num_samples": len(opened.pairs),
        "num_pictures": {kind: len(listing.files) for kind, listing in opened.listings.items()},
        "pairs": dict(opened.rule.templates),
    }
    if told is None:
        return facts | {"manifest": None, "depth": "give --depth-is to read it" if opened.has_depth else None}
    depth = None if told.depth is None else told.depth.as_json()
    size = None if told.size_hw is None else list(told.size_hw)
    return facts | {"fingerprint": told.fingerprint, "size_hw": size, "depth": depth, "about": dict(told.about)}


def _describe_folder(description: Path) -> Facts:
    kind, wanted = _FOLDERS[description.name]
    try:
        fields: object = json.loads(description.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{description}: cannot be read ({error.strerror}); check its permissions") from error
    except ValueError:
        raise InputError(f"{description}: is no JSON, or cut off; copy the {kind} again from where it came") from None
    if not isinstance(fields, dict) or not wanted <= set(cast("Facts", fields)):
        raise InputError(f"{description}: lacks {', '.join(sorted(wanted))}; this is no {kind} of cleanplate")
    return {"file": str(description.parent), "kind": kind, **cast("Facts", fields)}


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
