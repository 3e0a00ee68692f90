"""What lies where in a shard's tar."""

import tarfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cleanplate.errors import InputError
from cleanplate.imaging.decoding import check_file
from cleanplate.sample.members import NEEDED

_END_BYTES = 1024
"""Zeros at the end of every tar; one that was cut off between two members can be told by nothing else."""


class Contents:
    """Where in a tar the members of its samples lie: `len(contents)` samples.

    Args:
        path: the tar.
        num_samples: how many it must hold; any number, but to the tar's end, unless told.

    Attributes:
        names: of all members there are, without the key: "alpha.png".

    Raises:
        InputError: it cannot be read, is cut off, or a sample lacks a member that it needs.
    """

    def __init__(self, path: Path, num_samples: int | None = None) -> None:
        self.path = path
        names: dict[str, int] = {}
        rows: dict[str, dict[int, tuple[int, int]]] = {}
        check_file(path, "shard (.tar)")
        try:
            with tarfile.open(path, "r:") as tar:
                for entry in tar:
                    key, _, name = entry.name.partition(".")
                    rows.setdefault(key, {})[names.setdefault(name, len(names))] = (entry.offset_data, entry.size)
            cut_off = num_samples is None and _lacks_end(path)
        except (OSError, tarfile.TarError) as error:
            raise InputError(f"{path}: cannot be read ({error}); make the data set again") from error
        if cut_off:
            raise InputError(f"{path}: is cut off; copy it again from where it came, or make the data set again")
        if num_samples not in {None, len(rows)}:
            raise InputError(
                f"{path}: holds {len(rows)} samples, its manifest promises {num_samples}; make the data set again"
            )
        self.names = tuple(names)
        # an array, because a million samples as dictionaries would take gigabytes; size 0 = the sample lacks the member
        self._places: NDArray[np.int64] = np.zeros((len(rows), len(names), 2), np.int64)
        for row, (key, members) in enumerate(rows.items()):
            if missing := {name for name in NEEDED if names.get(name) not in members}:
                raise InputError(
                    f"{path}: its sample {key} lacks {', '.join(sorted(missing))}; make the data set again"
                )
            for column, place in members.items():
                self._places[row, column] = place

    def __len__(self) -> int:
        return len(self._places)

    def read(self, row: int) -> dict[str, bytes]:
        """All members of a sample by name.

        Raises:
            OSError: the tar cannot be read.
        """
        members: dict[str, bytes] = {}
        with self.path.open("rb") as file:
            for name, (offset, size) in zip(self.names, self._places[row].tolist(), strict=True):
                if size:
                    file.seek(offset)
                    members[name] = file.read(size)
        return members


def _lacks_end(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _END_BYTES))
        return file.read() != bytes(_END_BYTES)
