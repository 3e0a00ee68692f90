"""A folder set gets depth images from a teacher network."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleanplate.errors import InputError, ModelError
from cleanplate.imaging import Image
from cleanplate.imaging.decoding import read_header
from cleanplate.imaging.files import encode_png, prepare_folder, read_picture
from cleanplate.jobs.ledger import Entry, begun_with, refuse_unfinished
from cleanplate.jobs.progress import Advance, track
from cleanplate.jobs.units import Crew, finished_units
from cleanplate.runtime.teacher import Teacher, TeacherCall
from cleanplate.sample.depthcodes import DepthCodes
from cleanplate.sample.folder_reader import FolderSet, open_folder_set
from cleanplate.sample.folders import (
    FolderManifest,
    added_fingerprints,
    fingerprint_of,
    is_pictures_entry,
    listing_of,
    write_pictures,
)
from cleanplate.sample.manifest import MANIFEST
from cleanplate.sample.naming import NameRule
from cleanplate.sample.opening import is_folder_set
from cleanplate.sample.pairs import list_pictures, sizes_in

_UNIT = 64
_LOOKED_AT = 24
_ROOM = 2.0
_TOP = 65535
_FLAT = 1e-4


def label(
    folder: Path, call: TeacherCall, rule_words: Sequence[str] = (), *, crew: Crew | None = None
) -> tuple[int, DepthCodes]:
    """Add a depth image to every shot of a folder set, or those that are missing, and write down what they mean.

    All have one scale, taken from 24 shots with room to spare; pixels beyond it are clipped and counted.

    Args:
        folder: the set; where it has no manifest yet it gets one.
        call: the teacher.
        rule_words: how the names of a set without a manifest pair.
        crew: who works; this process unless given.

    Returns:
        How many there are, and what their codes mean.

    Raises:
        InputError: no folder set there, one that does not pair or has depth, or the files cannot be written.
        ModelError: the teacher cannot be used, fails, or gives the same everywhere.
        WorkerError, InterruptedWorkError: not all was done; called again, the rest is.
    """
    begun = begun_with(folder)
    opened = _without_depth(folder, rule_words, begun)
    teacher = Teacher(call)
    if not begun and list_pictures(folder, ["depth"])["depth"].files:
        raise InputError(f"{folder / 'depth'}: holds pictures already; move them away, or use the set as it is")
    files = [one.fg_bg for one in opened.pairs]
    asked = _asked(teacher)
    known = begun.get("depth") if begun.get("teacher") == asked else None
    codes = _measured(folder, files, teacher) if known is None else DepthCodes.from_json(known, str(folder))
    names = listing_of((file, 0) for file, _ in sizes_in(opened.listings))  # a damaged one may be replaced meanwhile
    plan = {"pictures": names, "teacher": asked, "depth": codes.as_json()}
    sizes = [min(_UNIT, len(files) - first) for first in range(0, len(files), _UNIT)]
    make = _Units(folder.absolute(), _shots(opened), call, codes)
    prepare_folder(folder)
    height, width = read_header(folder / "fg_bg" / files[0]).size_hw
    with finished_units(
        folder,
        plan,
        make,
        sizes,
        crew or Crew(),
        what="labelling",
        items="shots",
        bytes_per_item=height * width,
        fits=make.has_made,
    ) as entries:
        _write_manifest(opened, codes, asked, entries)
    return len(files), codes


def encode_depth(values: Image, codes: DepthCodes) -> tuple[NDArray[np.uint16], int]:
    """A teacher's values (h, w) as 16-bit codes, and how many pixels lay beyond the scale and were clipped.

    >>> codes = DepthCodes("depth", None, 0.5, -0.5, unknown=0)
    >>> stored, clipped = encode_depth(np.float32([[-1, 0.5, 3, 1e6]]), codes)
    >>> stored.tolist(), clipped
    ([[0, 2, 7, 65535]], 1)
    """
    position = np.rint((values.astype(np.float64) - codes.offset) / codes.scale)
    nowhere = (values <= 0) & (codes.quantity == "depth")  # nothing is behind the camera
    beyond = ((position < 1) | (position > _TOP)) & ~nowhere
    stored = np.where(nowhere, 0, np.clip(position, 1, _TOP))
    return stored.astype(np.uint16), int(np.count_nonzero(beyond))


@dataclass(frozen=True)
class _Units:
    """Labels 64 shots, each a name, a file and its size, in whatever process it is sent to."""

    folder: Path
    shots: list[tuple[str, str, int]]
    call: TeacherCall
    codes: DepthCodes

    def shots_of(self, unit: int) -> str:
        """One hash over the files of a unit's shots and their sizes."""
        return listing_of((file, size) for _, file, size in self._shots(unit))

    def has_made(self, unit: int, entry: Entry) -> bool:
        """Whether an entry, which may be damaged, is of this unit, and of the shots as they are now."""
        whole = is_pictures_entry(entry) and isinstance(entry.get("clipped"), int)
        return whole and entry.get("shots") == self.shots_of(unit)

    def __call__(self, unit: int, folder: Path, advance: Advance) -> Entry:
        """See `jobs.units.MakeUnit`."""
        teacher = _ready(self.call)
        clipped = 0

        def pictures() -> Iterator[tuple[str, bytes]]:
            nonlocal clipped
            for name, file, _ in self._shots(unit):
                stored, beyond = encode_depth(teacher.look(read_picture(self.folder / "fg_bg" / file).rgb), self.codes)
                clipped += beyond
                yield f"depth/{name}.png", encode_png(stored)
                advance(1)

        entry = write_pictures(folder, pictures())
        return entry | {"clipped": clipped, "shots": self.shots_of(unit)}

    def _shots(self, unit: int) -> list[tuple[str, str, int]]:
        return self.shots[unit * _UNIT : (unit + 1) * _UNIT]


@lru_cache(maxsize=1)
def _ready(call: TeacherCall) -> Teacher:
    """One process loads it once."""
    return Teacher(call)


def _shots(opened: FolderSet) -> list[tuple[str, str, int]]:
    sizes = dict(opened.listings["fg_bg"].files.values())
    return [(one.name, one.fg_bg, sizes[one.fg_bg]) for one in opened.pairs]


def _without_depth(folder: Path, rule_words: Sequence[str], begun: Mapping[str, Any]) -> FolderSet:
    if begun and "teacher" not in begun:
        refuse_unfinished(folder)
    if not is_folder_set(folder) and (folder / MANIFEST).exists():
        raise InputError(f"{folder}: holds no folder set; make one with --layout folders, shards cannot be labelled")
    opened = open_folder_set(folder, rule_words, without_depth=True)
    if opened.manifest is not None and opened.manifest.depth is not None:
        raise InputError(f"{folder}: has depth already ({opened.manifest.depth.quantity}); there is nothing to label")
    return opened


def _asked(teacher: Teacher) -> dict[str, Any]:
    call = teacher.call
    return {
        "sha256": teacher.sha256,
        "file": call.model.name,
        "gives": call.gives,
        "sees": call.sees,
        "size_hw": None if call.size_hw is None else list(call.size_hw),
        "output": call.output,
    }


def _measured(folder: Path, files: Sequence[str], teacher: Teacher) -> DepthCodes:
    """A scale for all shots, from some of them: powers of two, at least twice as far as any value seen."""
    numbers = sorted({int(x) for x in np.linspace(0, len(files) - 1, min(_LOOKED_AT, len(files)))})
    low, high, spread = math.inf, -math.inf, 0.0
    for number in track(numbers, "looking", len(numbers)):
        values = teacher.look(read_picture(folder / "fg_bg" / files[number]).rgb)
        low, high = min(low, float(values.min())), max(high, float(values.max()))
        spread = max(spread, float(np.ptp(values)))
    top = max(abs(low), abs(high))
    if spread <= _FLAT * top:
        raise ModelError(
            f"{teacher.path}: gives one value everywhere in each of {len(numbers)} shots; try another --teacher-sees"
        )
    reach = 2.0 ** math.ceil(math.log2(_ROOM * top))
    start = -reach if low < 0 and teacher.call.gives == "disparity" else 0.0
    scale = (reach - start) / (_TOP - 1)
    return DepthCodes(teacher.call.gives, None, scale, start - scale, unknown=0)


def _write_manifest(opened: FolderSet, codes: DepthCodes, asked: dict[str, Any], entries: Sequence[Entry]) -> None:
    folder, manifest = opened.folder, opened.manifest
    pictures = [file for file, _ in sizes_in(opened.listings)]
    before = fingerprint_of(folder, pictures) if manifest is None else manifest.fingerprint
    of_depth = [size for entry in entries for size in entry["files"].items()]
    templates = {**opened.rule.templates, "depth": opened.rule.templates["fg_bg"]}
    about: dict[str, Any] = {} if manifest is None else dict(manifest.about)
    clipped = sum(entry["clipped"] for entry in entries)
    FolderManifest(
        fingerprint=added_fingerprints([before, *(entry["digest"] for entry in entries)]),
        num_samples=len(opened.pairs),
        size_hw=None if manifest is None else manifest.size_hw,
        about=about | {"teacher": {**asked, "clipped_pixels": clipped}},
        rule=NameRule(templates),
        depth=codes,
        listing=listing_of([*sizes_in(opened.listings), *of_depth]),
    ).write(folder)
