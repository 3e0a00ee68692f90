"""Data sets as a folder of WebDataset tars and a manifest; the format is described in docs/formats.md."""

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from cleanplate.errors import InputError
from cleanplate.imaging.decoding import check_file
from cleanplate.imaging.files import file_identity, is_folder, prepare_folder, replace_file
from cleanplate.imaging.jsonfile import Wanted, is_count, is_size, is_table, is_text, is_texts
from cleanplate.jobs.ledger import LEDGER, refuse_unfinished
from cleanplate.sample.contents import Contents, read_sample
from cleanplate.sample.manifest import AGAIN, MANIFEST, check_manifest, read_manifest
from cleanplate.sample.members import decode_members, encode_members
from cleanplate.sample.naming import KINDS
from cleanplate.sample.record import Sample

FORMAT = "cleanplate-shards"
VERSION = 2

_NUMBERED = re.compile(r"\d{5,}\.tar")
"""How tars are named."""

_UNKNOWN = -1
"""Where a sample begins in its tar, until the tar is listed."""

_SHARD_KEYS: Wanted = {"file": is_text, "num_samples": is_count, "num_bytes": is_count, "sha256": is_text}


def refuse_strangers(folder: Path, layout: str = "shards") -> None:
    """Raise InputError where a new set would overwrite another, or mix with other files; `layout`: "shards", "folders".

    A folder with a ledger passes: its files are those of the work begun there, or the ledger refuses the new one.
    """
    if file_identity(folder / MANIFEST):
        raise InputError(f"{folder}: already holds a data set; choose another folder or delete it first")
    if file_identity(folder / LEDGER) or not is_folder(folder):
        return
    if layout == "folders":
        there = [folder / kind for kind in KINDS if file_identity(folder / kind)]
    else:
        there = sorted(path for path in folder.glob("*.tar") if _NUMBERED.fullmatch(path.name))
    if there:
        raise InputError(f"{there[0]}: is there already; name another folder for the data set, or delete it")


def write_shard(path: Path, samples: Iterable[Sample]) -> dict[str, Any]:
    """Write one tar, whole or not at all; the same samples give the same bytes.

    Returns:
        What `write_manifest` wants to know of it (JSON values): `file`, `num_samples`, `num_bytes`, `sha256`,
        `size_hw`, and the names of its `scenes` and `people`.

    Raises:
        InputError: there are no samples, their sizes differ, or the file cannot be written.
    """
    num_samples = 0
    sizes: set[tuple[int, ...]] = set()
    scenes: set[str] = set()
    people: set[str] = set()
    with replace_file(path) as temporary:
        with tarfile.open(temporary, "w", format=tarfile.USTAR_FORMAT) as tar:
            for sample in samples:
                for name, data in encode_members(sample).items():
                    entry = tarfile.TarInfo(f"{sample.key}.{name}")
                    entry.size = len(data)
                    tar.addfile(entry, io.BytesIO(data))
                num_samples += 1
                sizes.add(sample.alpha.shape)
                scenes.add(sample.scene)
                people.update(sample.people)
        if len(sizes) != 1:
            raise InputError(f"{path}: needs samples of one size, got {sorted(sizes)}")
        num_bytes, digest = temporary.stat().st_size, _file_digest(temporary)
    return {
        "file": path.name,
        "num_samples": num_samples,
        "num_bytes": num_bytes,
        "sha256": digest,
        "size_hw": list(sizes.pop()),
        "scenes": sorted(scenes),
        "people": sorted(people),
    }


def is_shard_entry(entry: Mapping[str, Any]) -> bool:
    """Whether this can be what `write_shard` has returned, when it comes back from a disk."""
    return _is_shard(entry) and all(
        may_be(entry.get(key)) for key, may_be in (("size_hw", is_size), ("scenes", is_texts), ("people", is_texts))
    )


def write_manifest(folder: Path, entries: Sequence[dict[str, Any]], about: dict[str, Any]) -> str:
    """Write what makes a folder of shards a data set, after its tars; return the data set's fingerprint.

    Args:
        folder: where the tars lie.
        entries: what `write_shard` returned for each, in the order that the data set shall have.
        about: JSON values that say who made the samples and how; `parts` is the fingerprint of what from.

    Raises:
        InputError: there are no entries, their sizes differ, or the file cannot be written.
    """
    sizes = {tuple(entry["size_hw"]) for entry in entries}
    if len(sizes) != 1:
        raise InputError(f"{folder}: needs shards of one size, got {sorted(sizes)}")
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "fingerprint": _fingerprint(entries),
        "num_samples": sum(entry["num_samples"] for entry in entries),
        "size_hw": sizes.pop(),
        "about": about,
        "shards": [{key: entry[key] for key in sorted(_SHARD_KEYS)} for entry in entries],
        "scenes": sorted({name for entry in entries for name in entry["scenes"]}),
        "people": sorted({name for entry in entries for name in entry["people"]}),
    }
    with replace_file(folder / MANIFEST) as temporary:
        temporary.write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return str(manifest["fingerprint"])


def write_shards(folder: Path, samples: Iterable[Sample], about: dict[str, Any], samples_per_shard: int = 256) -> str:
    """Write samples into tars of `samples_per_shard` and, last, the manifest; return the data set's fingerprint.

    Raises:
        InputError: the folder already holds a data set or tars, cannot be written, or there are no samples.
    """
    refuse_strangers(folder)
    prepare_folder(folder)
    entries: list[dict[str, Any]] = []
    remaining = iter(samples)
    while batch := list(islice(remaining, samples_per_shard)):
        entries.append(write_shard(folder / f"{len(entries):05d}.tar", batch))
    if not entries:
        raise InputError(f"{folder}: there are no samples to write")
    return write_manifest(folder, entries, about)


class ShardReader:
    """Random access to a data set: `len(reader)` samples, `reader[i]` is a Sample.

    It can be sent to another process. A tar is listed when one of its samples is first asked for, so that a data set of
    any size opens at once. What is kept of the set is 8 bytes a sample, and a name and a number of each tar.

    Args:
        folder: where the data set lies.
        layers: also decode shadow and instances, which training does not look at.

    Attributes:
        fingerprint: "sha256:..." over the data, as the manifest has it.
        size_hw: of every picture, in pixels.
        about: who made the samples and how, as the manifest has it.

    Raises:
        InputError: no data set there, one that is not finished, a format this version does not know, or a tar that is
            missing or cut off.
    """

    def __init__(self, folder: Path, layers: bool = False) -> None:
        self.folder = folder
        self.layers = layers
        manifest = _shards_manifest(folder)
        self.fingerprint: str = manifest["fingerprint"]
        self.size_hw: tuple[int, int] = (manifest["size_hw"][0], manifest["size_hw"][1])
        self.about: dict[str, Any] = manifest["about"]
        shards: list[dict[str, Any]] = manifest["shards"]
        self._files = np.array([shard["file"] for shard in shards])
        self._ends = np.cumsum([shard["num_samples"] for shard in shards])
        if self._ends[-1] != manifest["num_samples"]:
            raise InputError(
                f"{folder}: its shards hold {self._ends[-1]} samples, its manifest promises {manifest['num_samples']}; "
                + AGAIN
            )
        for shard in shards:
            _check_size(folder / shard["file"], shard["num_bytes"])
        self._starts: NDArray[np.int64] = np.full(len(self), _UNKNOWN, np.int64)

    @property
    def scenes(self) -> frozenset[str]:
        """Every scene that occurs: read from the manifest, and not kept."""
        return frozenset(_shards_manifest(self.folder)["scenes"])

    @property
    def people(self) -> frozenset[str]:
        """Every person that occurs: read from the manifest, and not kept."""
        return frozenset(_shards_manifest(self.folder)["people"])

    def __len__(self) -> int:
        return int(self._ends[-1])

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(index)
        number = int(np.searchsorted(self._ends, index, side="right"))
        path = self.folder / str(self._files[number])
        first, end = int(self._ends[number - 1]) if number else 0, int(self._ends[number])
        if self._starts[index] == _UNKNOWN:
            self._starts[first:end] = Contents(path, end - first).starts
        try:
            return decode_members(read_sample(path, int(self._starts[index])), self.layers)
        except (OSError, InputError) as error:
            raise InputError(f"{path}: sample {index - first} cannot be read ({error}); {AGAIN}") from error

    def verify(self) -> None:
        """Read every byte of the data set and compare it with the manifest.

        Raises:
            InputError: naming the first tar that is not what was written.
        """
        for shard in _shards_manifest(self.folder)["shards"]:
            path = self.folder / shard["file"]
            check_file(path, "shard (.tar)")
            if _file_digest(path) != shard["sha256"]:
                raise InputError(f"{path}: is not what was written (its SHA-256 differs); {AGAIN}")


def _check_size(path: Path, num_bytes: int) -> None:
    try:
        found = path.stat().st_size
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); {AGAIN}") from error
    if found != num_bytes:
        raise InputError(f"{path}: has {found} bytes where {num_bytes} were written; {AGAIN}")


def _fingerprint(entries: Sequence[dict[str, Any]]) -> str:
    return f"sha256:{hashlib.sha256(''.join(entry['sha256'] for entry in entries).encode()).hexdigest()}"


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _free(folder: Path) -> str:
    """A folder to make a data set in: this one, unless it holds what is none of a data set's."""
    try:
        mine = not is_folder(folder) or file_identity(folder / LEDGER) or not any(folder.iterdir())
    except OSError:  # whoever may not list it makes nothing in it either
        mine = False
    return str(folder) if mine else "data/train"


def _shards_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    manifest = read_manifest(folder)
    if manifest is None:
        refuse_unfinished(folder)
        make = f"make one with  cleanplate synth --out {_free(folder)}"
        inner = [
            name
            for name in ("train", "validation")
            if file_identity(folder / name / MANIFEST) or file_identity(folder / name / LEDGER)
        ]
        what = f"name the set in it: {folder / inner[0]}" if inner else make
        raise InputError(f"{folder}: no data set there (no {MANIFEST}); {what}")
    found = manifest.get("format")
    if found != FORMAT:
        what = f"of {found}, where shards are wanted: make them with --layout shards" if isinstance(found, str) else ""
        raise InputError(f"{path}: is {what or 'not the manifest of a cleanplate data set'}")
    check_manifest(folder, manifest, VERSION, _WANTED)
    if manifest["fingerprint"] != _fingerprint(manifest["shards"]):
        raise InputError(f"{path}: its fingerprint does not fit its shards; {AGAIN}")
    return manifest


def _are_shards(value: object) -> bool:
    """Whether a manifest describes its shards, at least one."""
    entries = cast("list[object]", value) if isinstance(value, list) else []
    return bool(entries) and all(map(_is_shard, entries))


def _is_shard(value: object) -> bool:
    entry = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    known = entry.keys() >= _SHARD_KEYS.keys() and all(may_be(entry[key]) for key, may_be in _SHARD_KEYS.items())
    # a name in the folder itself, of a file that holds at least a byte a sample
    return known and _NUMBERED.fullmatch(entry["file"]) is not None and entry["num_samples"] <= entry["num_bytes"]


_WANTED: Wanted = {
    "fingerprint": is_text,
    "num_samples": is_count,
    "size_hw": is_size,
    "about": is_table,
    "shards": _are_shards,
    "scenes": is_texts,
    "people": is_texts,
}
