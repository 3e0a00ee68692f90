"""Which shots the INPUTs of `cleanplate run` mean, where the results of each go, and what must not happen to files."""

import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cleanplate.errors import InputError, UsageError

if TYPE_CHECKING:
    from cleanplate.runtime.outputs import OutputChoice

_Identity = tuple[int, int]

_MARK = ".cleanplate-results"
"""Lies in a folder that was made for results, which are no shots of a later run."""


@dataclass(frozen=True)
class Shot:
    """A shot's file, and the folder below --out for its results: where it lies below the INPUT that it was found in."""

    file: Path
    folder: Path = Path()

    @property
    def stem(self) -> str:
        """What the names of its results begin with."""
        return self.file.stem

    @property
    def is_clip(self) -> bool:
        """Whether its name says that it is a video."""
        from cleanplate.imaging.streams import CLIP_SUFFIXES

        return self.file.suffix.lower() in CLIP_SUFFIXES

    @property
    def key(self) -> str:
        """What shots share whose results would have one name; upper and lower case are one on macOS and Windows.

        The results of a picture and of a clip differ in their endings.
        """
        name = unicodedata.normalize("NFC", (self.folder / self.stem).as_posix()).casefold()
        return f"clip {name}" if self.is_clip else name


def find_shots(inputs: Sequence[Path], others: Iterable[Path], out: Path) -> tuple[list[Shot], tuple[str, ...]]:
    """The files named, and pictures and clips in folders named and below, each once, sorted folder by folder.

    Hidden files and folders, links to folders, `others` (what else is read: the plate, a backdrop), `out` and what
    `begin_results` has marked are left out of folders; `out` and what is marked also where they are one of several
    inputs, as a shell's * has it.

    Returns:
        The shots, and sentences about what else is left out of folders.

    Raises:
        InputError: a folder that is named cannot be listed, or nothing is in it.
        UsageError: results would go into a folder of inputs.

    """
    from cleanplate.imaging.files import file_identity, is_folder

    shots: list[Shot] = []
    walk = _Walk({identity for path in (*others, out) if (identity := file_identity(path))})
    for path in inputs:
        if not is_folder(path):
            shots.append(Shot(path))
            continue
        if path.resolve() == out.resolve():
            if len(inputs) == 1:
                raise _inputs_as_well(out)
            walk.told.append(f"{path}: is the folder for the results, and left out of the inputs")
            continue
        if len(inputs) == 1 or not walk.passes_over(path):
            shots.extend(Shot(file, file.parent.relative_to(path)) for file in walk.all_below(path))
    for folder in dict.fromkeys(shot.folder for shot in shots):
        if file_identity(out / folder) in walk.listed:
            raise _inputs_as_well(out / folder)
    return _without_repeats(shots), walk.notices()


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


def refuse_clip(file: Path, instead: str) -> None:
    """Raise UsageError where what should be a photo is a clip; `instead` says what to do."""
    if Shot(file).is_clip:
        raise UsageError(f"{file}: is a clip and no photo; {instead}")


def refuse_shared_names(shots: Iterable[Shot]) -> None:
    """Raise UsageError where the results of two shots would have one name."""
    seen: dict[str, Shot] = {}
    pairs = [(other, shot) for shot in shots if (other := seen.setdefault(shot.key, shot)) is not shot]
    if pairs:
        one, other = pairs[0]
        more = f" (and {len(pairs) - 1} more such pairs)" if len(pairs) > 1 else ""
        raise UsageError(
            f"{one.file} and {other.file}: their results would have the same names{more}; rename or leave out one"
        )


def results_of(shot: Shot, out: Path, choice: "OutputChoice") -> list[Path]:
    """The files that a picture gets, or that those replace."""
    names = [name for product in choice.products for name in choice.names(shot.stem, product)]
    return [out / shot.folder / name for name in (*names, *choice.other_depths(shot.stem))]


def refuse_overwriting(results: Sequence[tuple[Shot, Sequence[Path]]], others: Iterable[Path]) -> None:
    """Raise UsageError where a result would take the place of something read; files are compared, not names.

    Args:
        results: every shot with the files that it gets.
        others: what is read besides shots.

    """
    from cleanplate.imaging.files import file_identity

    read: dict[_Identity, Path] = {}
    for path in (*(shot.file for shot, _ in results), *others):
        identity = file_identity(path)
        if identity is not None:
            read[identity] = path
    for shot, files in results:
        for file in files:
            taken = file_identity(file)
            if taken is not None and taken in read:
                raise UsageError(f"{read[taken]}: would be overwritten by a result of {shot.file}; name another --out")


def refuse_folders_of_frames(shots: Sequence[Shot], clips: Sequence[Shot], out: Path) -> None:
    """Raise UsageError where the frames of one of `clips` would lie among inputs, or among the results of pictures."""
    from cleanplate.imaging.files import file_identity

    read = {file_identity(folder) for shot in (*shots, *clips) for folder in shot.file.absolute().parents}
    for folder in (out / clip.folder / clip.stem for clip in clips):
        if (identity := file_identity(folder)) and identity in read:
            raise _inputs_as_well(folder)
    folders = {Shot(clip.folder / clip.stem).key: clip for clip in clips}
    for shot in shots:
        clip = folders.get(Shot(shot.folder).key) if shot.folder.name else None
        if clip is not None:
            raise UsageError(f"{clip.file} and {shot.file}: their results would share a folder; name another --out")


def refuse_two_depth_formats(shots: Iterable[Shot], out: Path, choice: "OutputChoice", *, overwrite: bool) -> None:
    """Raise UsageError where depth is there in another format already: one sidecar would describe both.

    With --overwrite depth is replaced that has a sidecar, and so is a result.
    """
    from cleanplate.imaging.files import file_identity
    from cleanplate.runtime.depth_files import read_sidecar

    for shot in shots:
        folder = out / shot.folder
        if overwrite and read_sidecar(folder, shot.stem):
            continue
        for other in (folder / name for name in choice.other_depths(shot.stem)):
            if file_identity(other):
                again = "remove it" if overwrite else "--overwrite replaces it"
                raise UsageError(f"{other}: depth is there in another format already; {again}, or name another --out")


@dataclass
class _Walk:
    """A walk through folders.

    Attributes:
        avoided: files and folders that are left out.
        listed: the folders that were walked through.
        told: sentences about folders below that cannot be listed, links that lead nowhere, and pictures not read.
        passed: folders of results of earlier runs.

    """

    avoided: set[_Identity]
    listed: dict[_Identity, Path] = field(default_factory=dict[_Identity, Path])
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
        return (*self.told, f"{passed}; to take them for shots, give it alone")

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
                self.told.append(f"{error}, or leave it out: it is passed over")


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


def _inputs_as_well(folder: Path) -> UsageError:
    return UsageError(f"{folder}: is a folder of inputs as well; name another --out, or results become inputs")


def _without_repeats(shots: Iterable[Shot]) -> list[Shot]:
    """Each shot once, however often it is named; a file under two names has results of both."""
    from cleanplate.imaging.files import file_identity

    once: dict[tuple[str, _Identity | Path], Shot] = {}
    for shot in shots:
        once.setdefault((shot.key, file_identity(shot.file) or shot.file), shot)
    return list(once.values())
