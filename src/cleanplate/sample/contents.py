"""What lies where in a shard's tar."""

import tarfile
from itertools import groupby, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cleanplate.errors import InputError
from cleanplate.imaging.decoding import check_file
from cleanplate.sample.members import NEEDED

_END_BYTES = 1024
"""Zeros at the end of every tar; one that was cut off between two members can be told by nothing else."""


class Contents:
    """Where the samples of a tar lie: `len(contents)` of them.

    Args:
        path: the tar.
        num_samples: how many it must hold; any number, but to the tar's end, unless told.

    Attributes:
        starts: (n,) int64, the byte of the tar where each begins, for `read_sample`.
        names: of all members there are, without the key: "alpha.png".

    Raises:
        InputError: it cannot be read, is cut off, or a sample does not lie together or lacks a member that it needs.
    """

    def __init__(self, path: Path, num_samples: int | None = None) -> None:
        starts: list[int] = []
        samples: dict[str, list[str]] = {}
        check_file(path, "shard (.tar)")
        try:
            with tarfile.open(path, "r:") as tar:
                for key, entries in groupby(tar, _key):
                    if key in samples:
                        raise InputError(f"{path}: its sample {key} does not lie together; make the data set again")
                    members = list(entries)
                    starts.append(members[0].offset)
                    samples[key] = list(map(_name, members))
            cut_off = num_samples is None and _lacks_end(path)
        except (OSError, tarfile.TarError) as error:
            raise InputError(f"{path}: cannot be read ({error}); make the data set again") from error
        if cut_off:
            raise InputError(f"{path}: is cut off; copy it again from where it came, or make the data set again")
        if num_samples not in {None, len(starts)}:
            raise InputError(
                f"{path}: holds {len(starts)} samples, its manifest promises {num_samples}; make the data set again"
            )
        for key, names in samples.items():
            if missing := set(NEEDED).difference(names):
                raise InputError(
                    f"{path}: its sample {key} lacks {', '.join(sorted(missing))}; make the data set again"
                )
        self.starts: NDArray[np.int64] = np.array(starts, np.int64)
        self.names = tuple(dict.fromkeys(name for names in samples.values() for name in names))

    def __len__(self) -> int:
        return len(self.starts)


def read_sample(path: Path, start: int) -> dict[str, bytes]:
    """The members by name of the sample that begins at a byte of a tar.

    Raises:
        OSError: the tar cannot be read.
        InputError: nothing begins at that byte.
    """
    try:
        with path.open("rb") as file:
            file.seek(start)
            with tarfile.open(fileobj=file, mode="r:") as tar:
                members: dict[str, bytes] = {}
                for _, entries in islice(groupby(tar, _key), 1):
                    for entry in entries:
                        file.seek(entry.offset_data)
                        members[_name(entry)] = file.read(entry.size)
    except tarfile.TarError as error:
        raise InputError(f"{error}") from error
    if not members:
        raise InputError("it is not where it was")
    return members


def _key(entry: tarfile.TarInfo) -> str:
    return entry.name.partition(".")[0]


def _name(entry: tarfile.TarInfo) -> str:
    return entry.name.partition(".")[2]


def _lacks_end(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _END_BYTES))
        return file.read() != bytes(_END_BYTES)
