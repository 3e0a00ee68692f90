"""Unpack the archives of package registries, .whl, .tgz and .deb, without their clients."""

import io
import lzma
import tarfile
import zipfile
import zlib
from pathlib import Path

from cleanplate.errors import InputError


def unpack(archive: Path, folder: Path) -> None:
    """Unpack an archive into an existing, empty folder.

    Raises:
        InputError: it is no archive, or damaged, or names files outside the folder.
        OSError: writing failed.

    """
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as stored:
                stored.extractall(folder)  # noqa: S202 - zipfile keeps inside the folder, and the archive's hash is pinned
        elif archive.suffix == ".deb":
            with tarfile.open(fileobj=io.BytesIO(_debian_data(archive.read_bytes()))) as stored:
                stored.extractall(folder, filter="data")
        else:
            with tarfile.open(archive) as stored:
                stored.extractall(folder, filter="data")
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError) as error:
        raise InputError(f"{archive}: cannot be unpacked ({error}); delete it and run again") from error


def _debian_data(package: bytes) -> bytes:
    """The member `data.tar.*` of a Debian package, an archive of Unix `ar`.

    Raises:
        ValueError: there is none.

    """
    if not package.startswith(b"!<arch>\n"):
        raise ValueError("no Debian package")
    at = 8
    while at + 60 <= len(package):
        name, size = package[at : at + 16].decode("ascii").strip(" /"), int(package[at + 48 : at + 58])
        if name.startswith("data.tar"):
            return package[at + 60 : at + 60 + size]
        at += 60 + size + size % 2
    raise ValueError("the Debian package has no data")
