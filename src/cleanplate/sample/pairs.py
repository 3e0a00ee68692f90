"""Which pictures of a folder set belong together: by their names, never by the order in which they are listed."""

import hashlib
import os
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from cleanplate.errors import InputError
from cleanplate.imaging.files import PICTURE_SUFFIXES, is_folder
from cleanplate.sample.naming import KINDS, NameRule

_NUM_NAMED = 3

Values = tuple[str, ...]
"""What the placeholders of a name stand for, in the order of the placeholders' own names."""


class Pair(NamedTuple):
    """The files of one sample, each named inside the folder of its kind, and what the names tell."""

    name: str
    bg: str
    fg_bg: str
    mask: str
    depth: str | None
    scene: str
    people: tuple[str, ...]


class Listing(NamedTuple):
    """The pictures in one folder of a set: by name, the file inside that folder and its size in bytes."""

    kind: str
    files: dict[str, tuple[str, int]]


def digest_of(file: str, content: bytes) -> int:
    """SHA-256 over a file's name in its set, a zero byte, and the content or what stands for it."""
    return int.from_bytes(hashlib.sha256(os.fsencode(file) + b"\0" + content).digest(), "big")


def added(digests: Iterable[int]) -> int:
    """One number for many files, whatever their order: the sum modulo 2^256."""
    return sum(digests) % 2**256


def digest_of_sizes(sizes: Iterable[tuple[str, int]]) -> int:
    """One number for the names and sizes of files: it tells whether any is missing, added or cut off."""
    return added(digest_of(file, str(size).encode()) for file, size in sizes)


def sizes_in(listings: Mapping[str, Listing]) -> Iterator[tuple[str, int]]:
    """Every picture of a set as `KIND/FILE` with its size in bytes."""
    for kind, listing in listings.items():
        yield from ((f"{kind}/{file}", size) for file, size in listing.files.values())


def list_pictures(folder: Path, kinds: Sequence[str] = KINDS) -> dict[str, Listing]:
    """The pictures of a set; hidden files and what is no picture by its suffix are passed over.

    Raises:
        InputError: there is no such folder, `bg`, `fg_bg` or `mask` is missing or without pictures, a picture is empty,
            or two files of a folder have one name.
    """
    if not is_folder(folder):
        raise InputError(f"{folder}: there is no such folder; check the name")
    listings = {kind: Listing(kind, _named(folder, kind)) for kind in kinds}
    for kind, listing in listings.items():
        if not listing.files and kind != "depth":
            raise InputError(
                f"{folder / kind}: holds no pictures; a folder set has bg/, fg_bg/ and mask/, and may have depth/"
            )
    empty = [file for file, size in sizes_in(listings) if size == 0]
    if empty:
        raise InputError(f"{folder}: {_first(sorted(empty))}: empty, 0 bytes; copy the set again from where it came")
    return listings


def pair(folder: Path, listings: Mapping[str, Listing], rule: NameRule) -> list[Pair]:
    """The samples of a set, in the order of their names.

    Raises:
        InputError: not every picture has its counterparts; the first that have none are named.
    """
    of = {kind: _by_values(folder, listing, rule) for kind, listing in listings.items()}
    shots, with_depth = of["fg_bg"], bool(of.get("depth"))
    misfits = sorted(_misfits(of, rule), key=lambda misfit: (not misfit.startswith("fg_bg/"), misfit))
    if misfits:
        raise InputError(
            f"{folder}: its pictures do not pair by their names: {_first(misfits)}; name them alike, or give the rule "
            "with --pairs"
        )
    known: dict[str, str] = {}  # equal texts are kept once: there can be millions

    def file(kind: str, values: Values) -> str:
        inside = listings[kind].files[of[kind][values]][0]
        return known.setdefault(inside, inside)

    pairs: list[Pair] = []
    for values, name in sorted(shots.items(), key=lambda item: item[1]):
        told = dict(zip(rule.all, values, strict=True))
        behind = tuple(told[placeholder] for placeholder in rule.shared)
        scene = told.get("scene", of["bg"][behind])
        pairs.append(
            Pair(
                name=name,
                bg=file("bg", behind),
                fg_bg=file("fg_bg", values),
                mask=file("mask", values),
                depth=file("depth", values) if with_depth else None,
                scene=known.setdefault(scene, scene),
                people=(known.setdefault(told["person"], told["person"]),) if "person" in told else (),
            )
        )
    return pairs


def _named(folder: Path, kind: str) -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    for file, size in _pictures_below(folder / kind, ""):
        # macOS writes an accented letter as two signs
        name = unicodedata.normalize("NFC", str(PurePosixPath(file).with_suffix("")))
        if name in found:
            raise InputError(
                f"{folder}: {kind}/{found[name][0]} and {kind}/{file} have one name; remove one, or rename it"
            )
        found[name] = file, size
    return found


def _pictures_below(folder: Path, inside: str) -> Iterator[tuple[str, int]]:
    """Every picture's path inside the folder of its kind, with its size; in no order."""
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise InputError(f"{folder}: cannot be listed ({error.strerror}); check its permissions") from error
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _pictures_below(folder / entry.name, f"{inside}{entry.name}/")
        elif entry.name.lower().endswith(PICTURE_SUFFIXES):
            try:
                size = entry.stat().st_size
            except OSError as error:  # a link that leads nowhere
                raise InputError(f"{entry.path}: cannot be read ({error.strerror}); copy it, or remove it") from error
            yield f"{inside}{entry.name}", size


def _by_values(folder: Path, listing: Listing, rule: NameRule) -> dict[Values, str]:
    """The names of a folder by the values of their placeholders."""
    placeholders = rule.shared if listing.kind == "bg" else rule.all
    template = rule.templates[listing.kind]
    found: dict[Values, str] = {}
    strange: list[str] = []
    for name in listing.files:
        told = rule.values(listing.kind, name)
        if told is None:
            strange.append(f"{listing.kind}/{name}")
            continue
        # a rule has nothing but placeholders that varies, so two names never have the same values
        found[tuple(told[placeholder] for placeholder in placeholders)] = name
    if strange:
        raise InputError(
            f"{folder}: {_first(sorted(strange))}: not named like {template}; rename, or give the rule with --pairs"
        )
    return found


def _misfits(of: Mapping[str, Mapping[Values, str]], rule: NameRule) -> Iterator[str]:
    """Every picture without its counterpart, as "fg_bg/a has no mask"."""
    shots = of["fg_bg"]
    for kind in ("mask", "depth"):
        if of.get(kind):
            yield from (f"fg_bg/{shots[values]} has no {kind}" for values in shots.keys() - of[kind].keys())
            yield from (f"{kind}/{of[kind][values]} has no fg_bg" for values in of[kind].keys() - shots.keys())
    places = [rule.all.index(placeholder) for placeholder in rule.shared]
    wanted: dict[Values, str] = {}
    for values, name in shots.items():
        behind = tuple(values[place] for place in places)
        wanted.setdefault(behind, name)
        if behind not in of["bg"]:
            yield f"fg_bg/{name} has no bg"
    yield from (f"bg/{of['bg'][values]} has no fg_bg" for values in of["bg"].keys() - wanted.keys())


def _first(names: Sequence[str]) -> str:
    more = len(names) - _NUM_NAMED
    return ", ".join(names[:_NUM_NAMED]) + (f" and {more} more" if more > 0 else "")
