"""Write a pack: the same arrays give the same bytes."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleanplate.assets.licences import Source
from cleanplate.errors import InputError
from cleanplate.imaging.files import prepare_folder, replace_files
from cleanplate.imaging.jsonfile import parsed_object
from cleanplate.sample.manifest import MANIFEST
from cleanplate.synth.pack import (
    PACK_FORMAT,
    PACK_VERSION,
    Arrays,
    Pack,
    fingerprint_of,
    is_pack,
    open_pack,
)

_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_pack(folder: Path, parts: Mapping[str, Arrays], sources: Sequence[Source]) -> Pack:
    """Write a whole pack or nothing, over an older one if there is one.

    Args:
        folder: made where it is missing.
        parts: "people", "furniture"... -> arrays by name.
        sources: of every file that was baked.

    Raises:
        InputError: the folder cannot be written, or the disk is full.

    """
    prepare_folder(folder)
    contents = {f"{name}.npz": npz_bytes(arrays) for name, arrays in sorted(parts.items())}
    files = [
        {"file": name, "num_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in contents.items()
    ]
    manifest = {
        "format": PACK_FORMAT,
        "version": PACK_VERSION,
        "fingerprint": fingerprint_of([str(entry["sha256"]) for entry in files]),
        "files": files,
        "sources": [
            source.as_json() for source in sorted(set(sources), key=lambda s: (s.part, s.registry, s.package, s.file))
        ],
    }
    contents[MANIFEST] = (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode()
    with replace_files([folder / name for name in contents]) as temporaries:
        for temporary, data in zip(temporaries, contents.values(), strict=True):
            temporary.write_bytes(data)
    return open_pack(folder)


def refuse_other_manifest(folder: Path) -> None:
    """Raise InputError where a folder's manifest.json is another's: a pack would take its place."""
    path = folder / MANIFEST
    try:
        known = parsed_object(path.read_bytes())
    except (OSError, ValueError):
        return  # none there, or a damaged one, which a pack may replace
    if known is None or not is_pack(known):
        raise InputError(f"{path}: is no manifest of a pack, so the folder holds something else; name another folder")


def npz_bytes(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """An .npz as numpy reads it, with names in order and without dates."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(arrays):
            data = io.BytesIO()
            np.lib.format.write_array(data, np.ascontiguousarray(arrays[name]), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data.getvalue(), compresslevel=9)
    return out.getvalue()
