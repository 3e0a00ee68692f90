"""What a run says while it goes: two CSV files, and a few lines on the terminal."""

import csv
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.table import Table
from torch import Tensor

from cleanplate.errors import InputError
from cleanplate.imaging.files import replace_file
from cleanplate.train.task import Judgement


class CsvLog:
    """A CSV file with a column `step`; each row is on disk as soon as it is added.

    Opened again by a run that resumes after `step` steps, it forgets the rows of later ones: they will come again.

    Raises:
        InputError: there is another table of that name.

    """

    def __init__(self, path: Path, step: int) -> None:
        self.path = path
        rows = self._rows()
        self._columns = list(rows[0]) if rows else []
        if any(not (row.get("step") or "").isdecimal() for row in rows):
            raise InputError(f"{path}: is no table of a run; move it away, or give another --out")
        if rows:
            self._write([row for row in rows if int(row["step"]) <= step])

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Append one row; where it has a column that no other had, theirs is empty.

        Raises:
            InputError: the file cannot be written.

        """
        row = {"step": str(step), **{name: f"{value:.6g}" for name, value in values.items()}}
        unheard = [name for name in row if name not in self._columns]
        if unheard:
            rows = self._rows()
            self._columns += unheard
            self._write([*rows, row])
            return
        try:
            with self.path.open("a", encoding="utf-8", newline="") as file:
                csv.DictWriter(file, self._columns).writerow(row)
        except OSError as error:
            raise InputError(
                f"{self.path}: cannot be written ({error.strerror}); free some space, then --resume"
            ) from None

    def _rows(self) -> list[dict[str, str]]:
        return list(csv.DictReader(self.path.open(encoding="utf-8", newline=""))) if self.path.exists() else []

    def _write(self, rows: Sequence[Mapping[str, str]]) -> None:
        with replace_file(self.path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, self._columns)
            writer.writeheader()
            writer.writerows(rows)


def heads_table(step: int, figures: Judgement) -> Table:
    """One validation as a table of a few lines."""
    row = figures.row()
    title = f"step {step}: loss {figures.loss:.4f}"
    title += "".join(f", {said} {row[name]:.4f}" for name, said in (("iou", "IoU"), ("mae", "MAE")) if name in row)
    table = Table("head", "std ratio", "correlation", "gain over constant", title=title, title_justify="left", box=None)
    for head, of in figures.heads.items():
        table.add_row(head, *(f"{value:.3f}" for value in of))
    return table


class Window:
    """Averages over the steps since the last row, and where their time went."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._steps = self._images = 0
        self._waited_s = 0.0
        self._started = self._waiting_since = time.monotonic()

    def waiting(self) -> None:
        """A batch is asked for."""
        self._waiting_since = time.monotonic()

    def working(self) -> None:
        """The batch is here."""
        self._waited_s += time.monotonic() - self._waiting_since

    @contextmanager
    def paused(self) -> Generator[None]:
        """What is done within takes no time of the steps."""
        began = time.monotonic()
        yield
        self._started += time.monotonic() - began

    def add(self, values: Mapping[str, Tensor], num_images: int) -> None:
        """Count one step; scalars stay on their device until `means` asks."""
        self._sums = {name: self._sums[name] + value if self._sums else value for name, value in values.items()}
        self._steps += 1
        self._images += num_images

    def means(self) -> dict[str, float]:
        """Each value's mean a step, `images_per_s`, and `waiting_s`: seconds spent waiting for data."""
        means = {name: float(total) / self._steps for name, total in self._sums.items()}
        images_per_s = self._images / max(time.monotonic() - self._started, 1e-9)
        return {**means, "images_per_s": images_per_s, "waiting_s": self._waited_s}
