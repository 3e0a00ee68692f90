"""What of a long work is done: one small file that survives being killed at any moment."""

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from cleanplate.errors import InputError
from cleanplate.jobs.locks import hold, remove_held

LEDGER = "unfinished.jsonl"
"""Lies in the folder of a work that is not finished: its first line is the plan, every other a unit's entry."""

Entry = dict[str, Any]
"""JSON values: what is to be known about a finished unit."""


def begun_with(folder: Path) -> dict[str, Any]:
    """The plan of an unfinished work in `folder`; empty where there is none, or it says nothing yet."""
    try:
        with (folder / LEDGER).open("rb") as file:
            return dict(json.loads(file.readline())["plan"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}


def refuse_unfinished(folder: Path) -> None:
    """Refuse a folder in which a work is not finished.

    Raises:
        InputError: it is not.

    """
    if os.path.lexists(folder / LEDGER):
        raise InputError(f"{folder}: is not finished; to go on, repeat the command that began it")


class Ledger:
    """The finished units of a work in `folder`, kept in an append-only file; a context manager.

    One process at a time may hold it.

    Args:
        folder: of the work.
        plan: everything that decides what the work makes (JSON values).
        anew: what was begun with another plan is forgotten, and not refused.

    Attributes:
        done: unit number -> entry, of all that are finished.

    Raises:
        InputError: the folder was begun with another plan, somebody else is at work in it, or the file cannot be used
            or is none of ours.
    """

    def __init__(self, folder: Path, plan: Mapping[str, Any], *, anew: bool = False) -> None:
        self.folder = folder
        self.path = folder / LEDGER
        self.done: dict[int, Entry] = {}
        try:
            self._file = self.path.open("a+b")
        except OSError as error:
            raise self._unusable(error) from error
        try:
            hold(self._file, folder)
            self._load(json.loads(json.dumps(plan)), anew=anew)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and not self.done:  # such a work binds nobody to its plan
            with suppress(OSError):
                if list(self.folder.iterdir()) == [self.path]:
                    remove_held(self._file, self.path)
        self._file.close()

    def add(self, unit: int, entry: Entry) -> None:
        """Put down that a unit is finished; it is on the disk when this returns."""
        self._append({"unit": unit, **entry})
        self.done[unit] = entry

    def close_finished(self) -> None:
        """The work is finished, or nothing of it was made: the file is not needed any more."""
        remove_held(self._file, self.path)

    def _load(self, plan: dict[str, Any], *, anew: bool) -> None:
        """Take in what is there, without a last line that was cut off."""
        self._file.seek(0)
        lines: list[object] = []
        end = 0
        for line in self._file:
            if not line.endswith(b"\n"):
                break
            try:
                lines.append(json.loads(line))
            except (ValueError, RecursionError) as error:
                if not lines:  # a whole line, and no plan
                    raise _unclear(self.path) from error
                break
            end += len(line)
        begun, done = _understood(lines, self.path)
        if anew and begun != plan:
            lines, end = [], 0
        self._file.truncate(end)
        if not lines:
            self._append({"plan": plan})
            return
        _refuse_other_plan(self.folder, begun, plan)
        self.done.update(done)

    def _append(self, values: dict[str, Any]) -> None:
        try:
            self._file.write(json.dumps(values).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> InputError:
        reason = error.strerror or type(error).__name__
        return InputError(f"{self.path}: cannot be written ({reason}); make room and check the permissions")


def _understood(lines: Sequence[object], path: Path) -> tuple[dict[str, Any], dict[int, Entry]]:
    """The plan that the first line holds and the finished units of the others; both empty where there are no lines."""
    objects = [cast("dict[str, Any]", line) for line in lines if isinstance(line, dict)]
    plan: object = objects[0].get("plan") if objects else {}
    units = [line.get("unit") for line in objects[1:]]
    if len(objects) < len(lines) or not isinstance(plan, dict) or not all(isinstance(unit, int) for unit in units):
        raise _unclear(path)
    entries = ({key: value for key, value in line.items() if key != "unit"} for line in objects[1:])
    return cast("dict[str, Any]", plan), dict(zip(cast("list[int]", units), entries, strict=True))


def _unclear(path: Path) -> InputError:
    return InputError(f"{path}: does not say what of a work is done; delete it, or name another folder")


def _refuse_other_plan(folder: Path, begun: dict[str, Any], plan: dict[str, Any]) -> None:
    names = [name for name in {**begun, **plan} if begun.get(name) != plan.get(name)]
    if not names:
        return
    told = [name for name in names if not (_is_long(begun.get(name)) or _is_long(plan.get(name)))]
    had = [
        *(f"other {name}" for name in names if name not in told),
        *(f"{name} {_said(begun.get(name))}" for name in told),
    ]
    now = f", not {', '.join(_said(plan.get(name)) for name in told)}" if told else ""
    raise InputError(f"{folder}: was begun with {', '.join(had)}{now}; give what it was begun with, or another folder")


def _is_long(value: object) -> bool:
    """Whether nobody would know a value by reading it: a hash, or many values in one."""
    return isinstance(value, (dict, list)) or (isinstance(value, str) and value.startswith("sha256:"))


def _said(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
