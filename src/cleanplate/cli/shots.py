"""Which shots the words of `cleanplate run` mean, where the results of each go, and what must not happen to files."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cleanplate.cli.walk import Identity, Walk
from cleanplate.errors import InputError, UsageError

if TYPE_CHECKING:
    from cleanplate.runtime.outputs import OutputChoice


@dataclass(frozen=True)
class Shot:
    """A shot's file, and the folder below --out for its results: where it lies below the word that found it."""

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
        """What shots share whose results would have one name, here or on macOS and Windows, where case does not count.

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
    walk = Walk({identity for path in (*others, out) if (identity := file_identity(path))})
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
    if not shots:
        raise InputError(
            f"{inputs[0]}: holds results, like all the inputs; to use those of an earlier run, give its folder alone"
        )
    for folder in dict.fromkeys(shot.folder for shot in shots):
        if file_identity(out / folder) in walk.listed:
            raise _inputs_as_well(out / folder)
    return _without_repeats(shots), walk.notices()


def tidy(shots: Iterable[Shot], out: Path) -> None:
    """Remove what killed processes left half-written in the folders for the results of shots."""
    from cleanplate.imaging.files import remove_leftovers

    for folder in dict.fromkeys(out / shot.folder for shot in shots):
        remove_leftovers(folder)


def refuse_clip(file: Path, instead: str) -> None:
    """Raise UsageError where what should be a photo is a clip; `instead` says what to do."""
    if Shot(file).is_clip:
        raise UsageError(f"{file}: is a clip and no photo; {instead}")


def refuse_shared_names(shots: Iterable[Shot]) -> None:
    """Raise UsageError where the results of two shots would have one name, here or where case does not count."""
    seen: dict[str, Shot] = {}
    pairs = [(other, shot) for shot in shots if (other := seen.setdefault(shot.key, shot)) is not shot]
    if pairs:
        one, other = pairs[0]
        others = len(pairs) - 1
        more = f" (and {others} more such pair{'s' if others > 1 else ''})" if others else ""
        same = (one.folder / one.stem) == (other.folder / other.stem)
        names = "the same names" if same else "names that macOS and Windows take for the same"
        raise UsageError(
            f"{one.file} and {other.file}: their results would have {names}{more}; rename or leave out one"
        )


def results_of(shot: Shot, out: Path, choice: "OutputChoice") -> list[Path]:
    """The files that a picture gets, or that those replace."""
    names = [name for product in choice.products for name in choice.names(shot.stem, product)]
    return [out / shot.folder / name for name in (*names, *choice.replaced(shot.stem))]


def refuse_overwriting(results: Sequence[tuple[Shot, Sequence[Path]]], others: Iterable[Path]) -> None:
    """Raise UsageError where a result would take the place of something read; files are compared, not names.

    Args:
        results: every shot with the files that it gets.
        others: what is read besides shots.

    """
    from cleanplate.imaging.files import file_identity

    read: dict[Identity, Path] = {}
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
        for other in (folder / name for name in choice.other_names(shot.stem, "depth")):
            if file_identity(other):
                again = "remove it" if overwrite else "--overwrite replaces it"
                raise UsageError(f"{other}: depth is there in another format already; {again}, or name another --out")


def _inputs_as_well(folder: Path) -> UsageError:
    return UsageError(f"{folder}: is a folder of inputs as well; name another --out, or results become inputs")


def _without_repeats(shots: Iterable[Shot]) -> list[Shot]:
    """Each shot once, however often it is named; a file under two names has results of both."""
    from cleanplate.imaging.files import file_identity

    once: dict[tuple[str, Identity | Path], Shot] = {}
    for shot in shots:
        once.setdefault((shot.key, file_identity(shot.file) or shot.file), shot)
    return list(once.values())
