"""What was measured, on disk: one JSON and one strip of mattes for each tool, all of the same pairs."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from cleanplate.errors import InputError, UsageError
from cleanplate.evaluate.stress.axes import VERSION
from cleanplate.evaluate.stress.measure import CLEAN, CONDITIONS, Mattes, Score, is_error, name_of, packed, unpacked
from cleanplate.evaluate.stress.tools import Tool
from cleanplate.imaging.files import replace_file

FORMAT = "cleanplate-stress"

PAGES_OWN = "curves"
"""A picture of the page is called so."""


@dataclass(frozen=True)
class Result:
    """One tool's scores and how they came about.

    Attributes:
        tool, about, weights: as `tools.Tool` has them.
        command: what gives this result again.
        pairs: the names of the pairs.
        digest: what results that can be compared share (`pairs.digest_of`).
        scores: clean, then every axis from level 1 to NUM_LEVELS.
        note: what else the page is to say, such as where the pairs come from.
    """

    tool: str
    about: str
    command: str
    pairs: tuple[str, ...]
    digest: str
    scores: tuple[Score, ...]
    note: str = ""
    weights: str | None = None

    @property
    def clean(self) -> float:
        """The mean absolute error of alpha on the pairs as they are."""
        return self.error("", 0)

    def error(self, axis: str, level: int) -> float:
        """The mean absolute error of alpha at a level of an axis; level 0 is the clean one."""
        wanted = (CLEAN, 0) if level == 0 else (axis, level)
        return next(score.mean_absolute_error for score in self.scores if (score.axis, score.level) == wanted)


def write_result(folder: Path, result: Result, mattes: Mattes) -> Path:
    """Write NAME.json and NAME.png, the mattes one below the other, into `folder`; return the JSON's path.

    Raises:
        InputError: they cannot be written.
    """
    fields = asdict(result)
    fields = {"format": FORMAT, "version": VERSION, **fields}
    path = folder / f"{_file_name(result.tool)}.json"
    with replace_file(_mattes_file(folder, result.tool)) as unfinished:
        unfinished.write_bytes(packed(mattes))
    with replace_file(path) as unfinished:
        unfinished.write_text(json.dumps(fields, indent=1) + "\n", encoding="utf-8")
    return path


def read_results(folder: Path) -> list[Result]:
    """All results in a folder, cleanplate's first, then by name.

    Raises:
        InputError: a file is damaged, or of another version.
    """
    results = [_read(path) for path in sorted(folder.glob("*.json"))]
    return sorted(results, key=lambda result: (result.tool != "cleanplate", result.tool))


def refuse_other_pairs(results: Sequence[Result], digest: str, folder: Path) -> None:
    """Raise InputError where a result was measured on other pairs, or with another seed."""
    for result in results:
        if result.digest != digest:
            raise InputError(
                f"{folder / _file_name(result.tool)}.json: was measured on other pairs or with another seed; "
                "name another folder with --out, or give the same DIR, --count and --seed"
            )


def refuse_other_tool(results: Sequence[Result], tool: Tool, folder: Path) -> None:
    """Raise UsageError where a tool's files would overwrite the page's or another tool's."""
    name = _file_name(tool.name)
    if not tool.name.strip() or name == PAGES_OWN:
        raise UsageError(f"--name {tool.name!r}: no tool can be called so; give another")
    for result in (result for result in results if _file_name(result.tool) == name):
        other = None
        if (result.tool, result.about) != (tool.name, tool.about):
            other = f"is of another tool, {result.tool} ({result.about})"
        elif result.weights != tool.weights:
            other = "was measured with other weights"
        if other is not None:
            raise UsageError(f"{folder / name}.json: {other}; remove that, or give this one another --name")


def read_mattes(folder: Path, result: Result) -> Mattes:
    """The tiles that `write_result` has kept; raises InputError where they are missing or damaged."""
    path = _mattes_file(folder, result.tool)
    try:
        return unpacked(path.read_bytes())
    except (OSError, InputError) as error:
        raise InputError(f"{path}: is not what was written; measure {result.tool} again") from error


def _read(path: Path) -> Result:
    again = "measure the tool again, or name another folder with --out"
    try:
        fields = cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8")))
        if (fields.pop("format"), fields.pop("version")) != (FORMAT, VERSION):
            raise InputError(f"{path}: is of another version of the benchmark; {again}")
        return _from_fields(fields)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InputError(f"{path}: is no result of this benchmark ({error}); {again}") from error


def _from_fields(fields: dict[str, Any]) -> Result:
    """A result as JSON has it; raises ValueError, TypeError or KeyError where that is none."""
    scores = tuple(Score(**score) for score in fields.pop("scores"))
    pairs = tuple(fields.pop("pairs"))
    result = Result(**fields, pairs=pairs, scores=scores)
    texts = (result.tool, result.about, result.command, result.digest, result.note, result.weights or "", *pairs)
    "".join(texts).encode()  # what is no text, or one that cannot be written
    if not all(is_error(score.mean_absolute_error) for score in scores):
        raise ValueError("an error of alpha is no number from 0 to 1")
    if not {(score.axis, score.level) for score in scores} >= {(name_of(axis), level) for axis, level in CONDITIONS}:
        raise ValueError("some of the conditions are missing")
    return result


def unfinished_folder(folder: Path, tool: str) -> Path:
    """Where what is measured of a tool is kept until all is."""
    return folder / f".{_file_name(tool)}"


def _mattes_file(folder: Path, tool: str) -> Path:
    return folder / f"{_file_name(tool)}.png"


def _file_name(tool: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", tool).strip(".-") or "tool"
