"""What `cleanplate run` tells about its shots: each that failed, a summary, and all of them as JSON lines."""

import json
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

import click

from cleanplate.errors import InputError, UsageError

if TYPE_CHECKING:
    from cleanplate.runtime.batches import Outcome

_HANDFUL = 5
"""Up to so many shots time is no matter, and up to so many failures their own lines say it all."""

_MOST_REASONS = 12


class Summary:
    """Counts what becomes of shots, and writes it down as it comes; a context manager.

    Args:
        out: the folder for the results.
        file: where a line goes for each shot: {"shot", "outcome": "done" | "kept" | "failed", "seconds", "reason"},
            the last two null where there is none. It is written anew. None for no such file.

    Raises:
        InputError: the file cannot be written.
        UsageError: its name does not end in .jsonl.

    """

    def __init__(self, out: Path, file: Path | None) -> None:
        if file is not None and file.suffix.lower() != ".jsonl":
            raise UsageError(f"--summary {file}: holds JSON lines; give a name that ends in .jsonl")
        self._out = out
        self._file = file
        self._stream: TextIO | None = None
        self._counts = Counter[str]()
        self._reasons = Counter[str]()
        self._told = set[str]()
        self._started = time.monotonic()

    def __enter__(self) -> Self:
        if self._file is not None:
            from cleanplate.imaging.files import is_file

            if is_file(self._file) and not _is_ours(self._file):
                raise InputError(f"{self._file}: is there already, and is no summary; move it away, or name another")
            try:
                # what is no text in a name becomes \udcXX, as JSON writes it
                self._stream = self._file.open("w", encoding="utf-8", errors="backslashreplace")
            except OSError as error:
                raise self._unwritable(self._file, error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            with suppress(OSError):  # a full disk was told when the line was written
                self._stream.close()

    @property
    def num_failed(self) -> int:
        """Shots that failed so far."""
        return self._counts["failed"]

    def keep(self, shot: Path) -> None:
        """The results of a shot were there."""
        self._add(shot, "kept", None, None)

    def take(self, outcome: "Outcome") -> None:
        """Write the files of a shot that was worked on, and tell what there is to be told."""
        shot, why = outcome.order.shot, outcome.failure
        if why is None:
            self.tell(*outcome.notices)
            try:
                outcome.write()
            except InputError as error:
                why = str(error)
        if why is None:
            self._add(shot, "done", outcome.seconds, None)
            return
        _say(why)
        reason = why.removeprefix(f"{shot}: ")
        self._reasons[reason] += 1
        self._add(shot, "failed", outcome.seconds, reason)

    def tell(self, *notices: str) -> None:
        """Tell the user what was not told before."""
        for notice in notices:
            if notice not in self._told:
                _say(notice)
        self._told.update(notices)

    def report(self) -> None:
        """The summary: one line, and a table of reasons where more than a handful of shots failed."""
        done, kept, failed = (self._counts[outcome] for outcome in ("done", "kept", "failed"))
        if kept:
            from cleanplate.runtime.outputs import were_kept

            self.tell(were_kept(self._out, kept, "shot"))
        if failed > _HANDFUL:
            self._draw_reasons()
        words = f"{done} {_shots(done)} done" + (f", {kept} kept" if kept else "")
        words += f", {failed} failed" if failed else ""
        if done + failed > _HANDFUL:
            words += f" in {time.monotonic() - self._started:.0f} s"
        click.echo(f"{words}: {self._out}")

    def _draw_reasons(self) -> None:
        from rich.box import SIMPLE
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table("failed", "why", box=SIMPLE)
        reasons = self._reasons.most_common()
        for reason, count in reasons[:_MOST_REASONS]:
            table.add_row(str(count), Text(" ".join(reason.split())))
        if others := sum(count for _, count in reasons[_MOST_REASONS:]):
            table.add_row(str(others), "other reasons, told above")
        Console(stderr=True).print(table)

    def _add(self, shot: Path, outcome: str, seconds: float | None, reason: str | None) -> None:
        self._counts[outcome] += 1
        if self._stream is None or self._file is None:
            return
        rounded = None if seconds is None else round(seconds, 3)
        line = {"shot": str(shot), "outcome": outcome, "seconds": rounded, "reason": reason}
        try:
            self._stream.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._stream.flush()
        except OSError as error:
            raise self._unwritable(self._file, error) from error

    @staticmethod
    def _unwritable(file: Path, error: OSError) -> InputError:
        reason = error.strerror or type(error).__name__
        return InputError(f"{file}: cannot be written ({reason}); make room and check the permissions, or name another")


def _is_ours(file: Path) -> bool:
    """Whether a file is empty or begins with a line of a summary."""
    from cleanplate.imaging.jsonfile import parsed_object

    try:
        with file.open("rb") as lines:
            first = lines.readline()
        return not first or "outcome" in (parsed_object(first) or {})
    except (OSError, ValueError):
        return False


def _shots(number: int) -> str:
    return "shot" if number == 1 else "shots"


def _say(sentence: str) -> None:
    click.echo(f"cleanplate: {' '.join(sentence.split())}", err=True)
