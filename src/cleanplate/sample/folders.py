"""Data sets as four folders of pictures, `bg fg_bg mask depth`, and a manifest; described in docs/formats.md."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cleanplate.errors import InputError, UsageError
from cleanplate.imaging.arrays import to_uint
from cleanplate.imaging.files import encode_png, replace_file
from cleanplate.imaging.jsonfile import Wanted, is_count, is_size, is_table, is_text, is_texts
from cleanplate.sample.depthcodes import DepthCodes
from cleanplate.sample.manifest import AGAIN, MANIFEST, check_manifest, read_manifest
from cleanplate.sample.members import millimetres
from cleanplate.sample.naming import NameRule, name_rule
from cleanplate.sample.pairs import added, digest_of, digest_of_sizes
from cleanplate.sample.record import Sample

FORMAT = "cleanplate-folders"
VERSION = 1

_WANTED: Wanted = {
    "fingerprint": is_text,
    "num_samples": is_count,
    "size_hw": lambda value: value is None or is_size(value),
    "about": is_table,
    "pairs": lambda value: is_table(value) and is_texts([*value.values()]),
    "depth": lambda value: value is None or is_table(value),
    "listing": is_text,
}
_HEX, _DIGEST = "sha256:{:064x}", re.compile("sha256:[0-9a-f]{64}")


def write_pictures(folder: Path, pictures: Iterable[tuple[str, bytes]]) -> dict[str, Any]:
    """Write the pictures of a unit, `KIND/NAME.png` and its bytes each, into a folder; they are on no disk yet.

    Returns:
        What `write_folder_manifest` wants to know of them (JSON values): `digest` over their names and contents.

    Raises:
        OSError: they cannot be written.
    """
    digests: list[int] = []
    for file, data in pictures:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(data)
        digests.append(digest_of(file, data))
    return {"digest": _HEX.format(added(digests))}


def is_pictures_entry(entry: Mapping[str, Any]) -> bool:
    """Whether this can be what `write_pictures` has returned, when it comes back from a disk."""
    return is_text(entry.get("digest")) and _DIGEST.fullmatch(entry["digest"]) is not None


def pictures_of(sample: Sample, name: str) -> list[tuple[str, bytes]]:
    """The four pictures of a sample, as `write_pictures` takes them; the same bytes as in a shard."""
    return [
        (f"bg/{name}.png", encode_png(to_uint(sample.plate, 8))),
        (f"fg_bg/{name}.png", encode_png(to_uint(sample.shot, 8))),
        (f"mask/{name}.png", encode_png(to_uint(sample.alpha, 8))),
        (f"depth/{name}.png", encode_png(millimetres(sample.shot_depth_m))),
    ]


@dataclass(frozen=True)
class FolderManifest:
    """What is written about a folder set.

    Attributes:
        fingerprint: "sha256:..." over the names and contents of all pictures.
        num_samples: how many shots there are.
        size_hw: of every picture, in pixels; None where they differ, or nobody has looked.
        about: who made the samples and how.
        rule: how the pictures belong together.
        depth: what the depth images mean; None where there are none.
        listing: "sha256:..." over the names and sizes of all pictures: whether any is missing, added or cut off.
    """

    fingerprint: str
    num_samples: int
    size_hw: tuple[int, int] | None
    about: Mapping[str, Any]
    rule: NameRule
    depth: DepthCodes | None
    listing: str

    def write(self, folder: Path) -> str:
        """Write it, whole or not at all, and return the fingerprint.

        Raises:
            InputError: it cannot be written.
        """
        fields = {
            "format": FORMAT,
            "version": VERSION,
            "fingerprint": self.fingerprint,
            "num_samples": self.num_samples,
            "size_hw": self.size_hw,
            "pairs": dict(self.rule.templates),
            "depth": None if self.depth is None else self.depth.as_json(),
            "about": dict(self.about),
            "listing": self.listing,
        }
        with replace_file(folder / MANIFEST) as temporary:
            temporary.write_text(json.dumps(fields, indent=1), encoding="utf-8")
        return self.fingerprint


def write_folder_manifest(
    folder: Path,
    entries: Sequence[Mapping[str, Any]],
    *,
    num_samples: int,
    size_hw: tuple[int, int],
    rule: NameRule,
    depth: DepthCodes | None,
    about: Mapping[str, Any],
) -> str:
    """Write what makes folders of pictures a data set, after them; return its fingerprint.

    Args:
        folder: where the folders lie.
        entries: for each unit what `write_pictures` returned, and `files`: the size of each by name.
        num_samples: how many shots there are.
        size_hw: of every picture, in pixels.
        rule: how the pictures belong together.
        depth: what the depth images mean; None where there are none.
        about: JSON values that say who made the samples and how.

    Raises:
        InputError: it cannot be written.
    """
    fingerprint = added_fingerprints(entry["digest"] for entry in entries)
    listing = listing_of(size for entry in entries for size in entry["files"].items())
    return FolderManifest(fingerprint, num_samples, size_hw, about, rule, depth, listing).write(folder)


def added_fingerprints(fingerprints: Iterable[str]) -> str:
    """The fingerprint of pictures of which these are the fingerprints of parts."""
    return _HEX.format(added(int(fingerprint.removeprefix("sha256:"), 16) for fingerprint in fingerprints))


def listing_of(sizes: Iterable[tuple[str, int]]) -> str:
    """What a manifest has as `listing`, of `KIND/FILE` and size of every picture."""
    return _HEX.format(digest_of_sizes(sizes))


def fingerprint_of(folder: Path, files: Iterable[str]) -> str:
    """The fingerprint of files `KIND/NAME`, all of which are read.

    Raises:
        InputError: one cannot be read.
    """
    try:
        return _HEX.format(added(digest_of(file, (folder / file).read_bytes()) for file in files))
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be read ({error.strerror}); check its permissions") from error


def read_folder_manifest(folder: Path) -> FolderManifest | None:
    """The manifest of a folder set; None where there is none.

    Raises:
        InputError: it is damaged, or of another format or version.
    """
    path = folder / MANIFEST
    values = read_manifest(folder)
    if values is None:
        return None
    if values.get("format") != FORMAT:
        raise InputError(
            f"{path}: is not the manifest of a folder set; take it away if the pictures are not cleanplate's"
        )
    check_manifest(folder, values, VERSION, _WANTED)
    depth, size = values["depth"], values["size_hw"]
    try:
        rule = name_rule(f"{kind}={template}" for kind, template in values["pairs"].items())
    except UsageError as error:
        raise InputError(f"{path}: its rule for names cannot be used ({error}); {AGAIN}") from error
    return FolderManifest(
        fingerprint=values["fingerprint"],
        num_samples=values["num_samples"],
        size_hw=None if size is None else (size[0], size[1]),
        about=values["about"],
        rule=rule,
        depth=None if depth is None else DepthCodes.from_json(depth, str(path)),
        listing=values["listing"],
    )
