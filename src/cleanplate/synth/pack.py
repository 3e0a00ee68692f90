"""The pack: the gathered and baked parts that scenes are put together from, read with numpy alone (docs/formats.md)."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.errors import InputError, MissingExtraError
from cleanplate.imaging.jsonfile import Wanted, check_fields, is_text, read_object
from cleanplate.sample.manifest import MANIFEST
from cleanplate.synth.geometry.vectors import Floats

PACK_FORMAT = "cleanplate-pack"
PACK_VERSION = 1

_ADVICE = "run  cleanplate assets  first; data is also made without it, by  cleanplate synth --assets procedural"

Arrays = Mapping[str, NDArray[Any]]


def cache_folder() -> Path:
    """Where what can be made again is kept: $CLEANPLATE_CACHE, else the platform's cache folder."""
    named = os.environ.get("CLEANPLATE_CACHE")
    if named:
        return Path(named).expanduser()
    try:
        from platformdirs import user_cache_path  # noqa: PLC0415 - part of an extra, and not needed where a folder is named
    except ModuleNotFoundError:
        raise MissingExtraError(
            "finding the pack", "synth", "platformdirs (or the variable CLEANPLATE_CACHE)"
        ) from None
    return user_cache_path("cleanplate", appauthor=False)


def pack_folder() -> Path:
    """Where `cleanplate assets` writes the pack unless told otherwise."""
    return cache_folder() / f"pack-{PACK_VERSION}"


def encoder_folder(pack: Path | None = None) -> Path:
    """Where `cleanplate assets` writes the pretrained encoder: a pack of its own, for scenes do not depend on it."""
    return (pack_folder() if pack is None else pack) / "encoder"


def unseen_folder(pack: Path | None = None) -> Path:
    """Where `cleanplate assets` writes the things that no training sees: a pack of furniture alone."""
    return (pack_folder() if pack is None else pack) / "unseen"


@dataclass(frozen=True, eq=False)
class Pack:
    """A pack that is known to be whole (every file there, with its recorded size).

    Attributes:
        folder: where it lies.
        manifest: `manifest.json` as read.
    """

    folder: Path
    manifest: Mapping[str, Any]
    _loaded: dict[str, Arrays] = field(default_factory=dict[str, Arrays], repr=False)

    @property
    def fingerprint(self) -> str:
        """`sha256:...` over the files' hashes."""
        return str(self.manifest["fingerprint"])

    @property
    def names(self) -> tuple[str, ...]:
        """What `arrays` can be asked for: "people", "furniture"..."""
        return tuple(str(entry["file"]).removesuffix(".npz") for entry in self.manifest["files"])

    def arrays(self, name: str) -> Arrays:
        """All arrays of one file of the pack, read at the first call.

        Raises:
            InputError: the pack has no such file, or it is damaged.

        """
        if name not in self._loaded:
            if name not in self.names:
                raise InputError(f"{self.folder}: has no {name}; {_ADVICE}")
            path = self.folder / f"{name}.npz"
            try:
                with np.load(path, allow_pickle=False) as stored:
                    self._loaded[name] = {key: stored[key] for key in stored.files}
            except Exception as error:  # a damaged zip raises nearly anything
                raise InputError(f"{path}: is damaged; {_ADVICE}") from error
        return self._loaded[name]

    @staticmethod
    def picture(data: NDArray[np.uint8]) -> Floats:
        """The picture in the bytes of a JPEG, PNG or WebP: (h, w, 3) or, with opacity, (h, w, 4) sRGB in [0, 1]."""
        stored = cv2.imdecode(np.ascontiguousarray(data), cv2.IMREAD_UNCHANGED)
        if stored is None or stored.ndim != 3:
            raise InputError(f"a picture of the pack is damaged; {_ADVICE}")
        order = [2, 1, 0, 3][: stored.shape[2]]
        return stored[..., order].astype(np.float32) / np.float32(255)


def open_pack(folder: Path | None = None) -> Pack:
    """The pack in a folder, by default the one of `cleanplate assets`.

    Raises:
        InputError: there is none, it is not whole, or of a version this program does not know.

    """
    folder = pack_folder() if folder is None else folder
    manifest = _read_manifest(folder)
    for entry in manifest["files"]:
        path = folder / str(entry["file"])
        if not path.is_file() or path.stat().st_size != entry["num_bytes"]:
            raise InputError(f"{path}: is missing or cut off; {_ADVICE}")
    return Pack(folder, manifest)


def verify_pack(pack: Pack) -> None:
    """Compare every file with its recorded SHA-256.

    Raises:
        InputError: names the first file that differs.

    """
    for entry in pack.manifest["files"]:
        path = pack.folder / str(entry["file"])
        if hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
            raise InputError(f"{path}: is not what its SHA-256 says; {_ADVICE}")
    if pack.fingerprint != fingerprint_of([str(entry["sha256"]) for entry in pack.manifest["files"]]):
        raise InputError(f"{pack.folder / MANIFEST}: its fingerprint is not that of its files; {_ADVICE}")


def fingerprint_of(hashes: list[str]) -> str:
    """The fingerprint of a pack from its files' SHA-256 (hexadecimal), in the manifest's order."""
    return f"sha256:{hashlib.sha256(chr(10).join(hashes).encode()).hexdigest()}"


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    manifest = read_object(path, _ADVICE)
    if manifest is None:
        raise InputError(f"{folder}: there is no pack; {_ADVICE}")
    if not is_pack(manifest):
        raise InputError(f"{path}: is no manifest of a pack; {_ADVICE}")
    if manifest.get("version") != PACK_VERSION:
        raise InputError(f"{path}: is of version {manifest.get('version')}, not {PACK_VERSION}; {_ADVICE}")
    check_fields(path, manifest, _WANTED, _ADVICE)
    return manifest


def is_pack(manifest: Mapping[str, Any]) -> bool:
    """Whether a manifest is a pack's, of whatever version."""
    return manifest.get("format") == PACK_FORMAT


def _are_rows(rows: Any, needed: set[str]) -> bool:
    return isinstance(rows, list) and all(
        isinstance(row, dict) and needed <= cast("dict[str, Any]", row).keys() for row in cast("list[object]", rows)
    )


_WANTED: Wanted = {
    "fingerprint": is_text,
    "files": partial(_are_rows, needed={"file", "num_bytes", "sha256"}),
    "sources": partial(_are_rows, needed={"registry", "package", "version", "file", "licence", "author", "part"}),
}
"""The keys that are read, and of lists those of each entry."""
