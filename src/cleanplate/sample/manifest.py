"""The file that makes a folder a data set, of whichever layout (docs/formats.md)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cleanplate.errors import InputError
from cleanplate.imaging.jsonfile import Wanted, check_fields, read_object

MANIFEST = "manifest.json"

AGAIN = "make the data set again"
"""What to do about a damaged one: the end of a sentence."""


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest in a folder, of a data set or of something else; None where there is none.

    Raises:
        InputError: it cannot be read, or is no JSON object.
    """
    return read_object(folder / MANIFEST, AGAIN)


def check_manifest(folder: Path, manifest: Mapping[str, Any], version: int, wanted: Wanted) -> None:
    """Refuse the manifest of a folder if it is of another version, or has not all that is wanted of it.

    Raises:
        InputError: which of these it is.
    """
    path = folder / MANIFEST
    if manifest.get("version") != version:
        raise InputError(f"{path}: is version {manifest.get('version')}, this cleanplate reads {version}; {AGAIN}")
    check_fields(path, manifest, wanted, AGAIN)
