"""The folders of `cleanplate run`: a walk through those that hold shots, and the mark of those that hold results."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cleanplate.errors import InputError

Identity = tuple[int, int]
"""As of `imaging.files.file_identity`."""

_MARK = ".cleanplate-results"
"""Lies in a folder that was made for results, which are no shots of a later run."""


def begin_results(out: Path) -> None:
    """Make the folder for results; one that is new, or empty, is marked, for later runs to take none of it for a shot.

    Raises:
        InputError: it cannot be made or written into.

    """
    from cleanplate.imaging.files import is_file, prepare_folder, replace_file

    prepare_folder(out)
    if _is_empty(out) and not is_file(out / _MARK):
        with replace_file(out / _MARK) as temporary:
            temporary.write_text("Results of cleanplate run, which takes none of them for shots.\n", encoding="utf-8")


@dataclass
class Walk:
    """A walk through folders.

    Attributes:
        avoided: files and folders that are left out.
        listed: the folders that were walked through.
        told: sentences about folders below that cannot be listed, links that lead nowhere, and pictures not read.
        passed: folders of results of earlier runs.

    """

    avoided: set[Identity]
    listed: dict[Identity, Path] = field(default_factory=dict[Identity, Path])
    told: list[str] = field(default_factory=list[str])
    passed: list[Path] = field(default_factory=list[Path])

    def all_below(self, folder: Path) -> list[Path]:
        """The pictures and clips in a folder that is an input, then those of each folder below."""
        unread, num_passed = Counter[str](), len(self.passed)
        found = list(self._below(folder, unread))
        if not found:
            besides = "the plate and results of earlier runs" if len(self.passed) > num_passed else "the plate"
            raise InputError(
                f"{folder}: holds no clip, and no JPEG, PNG, WebP or TIFF picture besides {besides}; "
                + (f"it has {_unread(unread)}" if unread.total() else "name another folder")
            )
        if unread.total():
            self.told.append(f"{folder}: has {_unread(unread)}")
        return found

    def passes_over(self, folder: Path) -> bool:
        """Whether a folder is one of results; it is put down then."""
        from cleanplate.imaging.files import is_file

        if not is_file(folder / _MARK):
            return False
        self.passed.append(folder)
        return True

    def notices(self) -> tuple[str, ...]:
        """All that is to be told."""
        if not self.passed:
            return tuple(self.told)
        others = len(self.passed) - 1
        more = f" (and {others} more such folder{'s' if others > 1 else ''})" if others else ""
        passed = f"{self.passed[0]}: holds results of an earlier run, and is passed over{more}"
        return (*self.told, f"{passed}; to use them as shots, give that folder alone")

    def _below(self, folder: Path, unread: Counter[str]) -> Iterator[Path]:
        """As `all_below`; `unread` gets how many pictures of other kinds there are."""
        from cleanplate.imaging.files import OTHER_SUFFIXES, PICTURE_SUFFIXES, file_identity, is_file, is_folder
        from cleanplate.imaging.streams import CLIP_SUFFIXES

        inside = inside_of(folder)
        if own := file_identity(folder):
            self.listed[own] = folder
        folders: list[Path] = []
        readable = {*PICTURE_SUFFIXES, *CLIP_SUFFIXES}
        stems = {path.stem for path in inside if path.suffix.lower() in readable}
        for path in inside:
            if is_folder(path):
                folders.append(path)
                continue
            suffix = path.suffix.lower()
            if suffix in OTHER_SUFFIXES:
                unread[suffix] += path.stem not in stems  # else it is the same photo in another form
            elif suffix in readable and is_file(path) and file_identity(path) not in self.avoided:
                yield path
            elif suffix in readable and path.is_symlink() and not file_identity(path):
                self.told.append(f"{path}: is a link to a file that is not there, and left out")
        for path in folders:
            if path.is_symlink() or file_identity(path) in self.avoided or self.passes_over(path):
                continue
            try:
                yield from self._below(path, unread)
            except InputError as error:
                self.told.append(f"{error}; until then it is passed over")


def inside_of(folder: Path) -> list[Path]:
    """What is not hidden in a folder, sorted."""
    try:
        inside = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        os.stat(f"{folder}{os.sep}.")  # noqa: PTH116 - pathlib drops the dot; a folder may be listed and yet be closed
    except OSError as error:
        raise InputError(f"{folder}: cannot be listed ({error.strerror}); check its permissions") from error
    return inside


def _is_empty(folder: Path) -> bool:
    try:
        return not inside_of(folder)
    except InputError:  # it can be written into, but not listed
        return False


def _unread(suffixes: Counter[str]) -> str:
    kinds = ", ".join(sorted(+suffixes))
    if suffixes.total() == 1:
        return f"one picture of a kind that is not read ({kinds}); convert it to JPEG or PNG"
    return f"{suffixes.total()} pictures of kinds that are not read ({kinds}); convert them to JPEG or PNG"
