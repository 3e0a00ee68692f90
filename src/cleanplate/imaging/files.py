"""Pictures in and out of files; every file appears whole or not at all."""

import errno
import io
import os
import re
import secrets
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PilImage

from cleanplate.errors import InputError
from cleanplate.imaging import Image
from cleanplate.imaging.arrays import Picture, as_picture, rgb_of, to_float, to_rgb, to_uint
from cleanplate.imaging.colour import to_srgb
from cleanplate.imaging.decoding import RAW_SUFFIXES, read_stored

__all__ = [
    "OTHER_SUFFIXES",
    "PICTURE_SUFFIXES",
    "Picture",
    "as_picture",
    "decode_png",
    "encode_picture",
    "encode_png",
    "file_identity",
    "is_file",
    "is_folder",
    "prepare_folder",
    "read_picture",
    "refuse_long_name",
    "refuse_output",
    "remove_leftovers",
    "replace_file",
    "replace_files",
    "temporaries_in",
    "to_rgb",
    "word_of",
    "write_picture",
]

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff")
"""Names of files that are taken for pictures when a folder is listed (compared in lower case)."""

OTHER_SUFFIXES = RAW_SUFFIXES | {".avif", ".bmp", ".gif", ".heic", ".heif", ".jp2", ".jxl", ".psd"}
"""Names of pictures of kinds that are not read (compared in lower case)."""

_TEMPORARY = re.compile(r"\.[0-9a-f]{12}\.part")
"""What `replace_files` names a file while it is written."""

_LEFT_S = 600
_PNG_LEVEL = 3  # 6 takes three times as long for files 2 % smaller
_JPEG_QUALITY = 92


def read_picture(path: Path) -> Picture:
    """Read a JPEG, PNG, WebP or TIFF of 8 or 16 bits: grey, palette, CMYK or RGB, with or without transparency.

    The EXIF orientation is applied and an embedded ICC profile converted to sRGB. Of several pictures in one file the
    first is read. Sides must have at least 16 px, the whole at most 64 megapixels.

    Raises:
        InputError: one sentence that names the file, where it is missing, empty, no picture, damaged, cut off, too
            large or too small.

    """
    stored = read_stored(path)
    colour = to_srgb(stored.colour, stored.header.profile)
    alpha = None if stored.alpha is None else to_float(stored.alpha)
    pixels = colour if colour.dtype == np.uint8 else to_float(colour)
    return Picture(rgb_of(pixels), alpha, 16 if stored.header.bits == 16 else 8)


def decode_png(data: bytes) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """The samples of a PNG as stored: uint8 or uint16, (h, w) grey, (h, w, 2) with alpha, (h, w, 3) RGB or (h, w, 4).

    Raises:
        InputError: not a PNG, damaged or cut off.

    """
    try:
        return imagecodecs.png_decode(data)
    except (RuntimeError, ValueError) as error:  # PngError is a RuntimeError
        raise InputError(f"PNG data is damaged or cut off ({error})") from error


def encode_png(array: NDArray[Any]) -> bytes:
    """The PNG of uint8 or uint16 samples (h, w), (h, w, 3) RGB or (h, w, 4) RGBA; `decode_png` gives them back.

    >>> decode_png(encode_png(np.array([[0, 65535]], np.uint16))).tolist()
    [[0, 65535]]
    """
    return bytes(imagecodecs.png_encode(np.ascontiguousarray(array), level=_PNG_LEVEL))


def write_picture(path: Path, array: Image, bits: int = 8) -> None:
    """Write floats in [0, 1] as a picture, whole or not at all.

    Args:
        path: ends in .png, .jpg or .jpeg.
        array: (h, w) grey, (h, w, 3) RGB, or (h, w, 4) RGB with straight alpha (PNG only); values are clipped.
        bits: 8 or 16 (PNG only).

    Raises:
        InputError: the file cannot be written.

    """
    data = encode_picture(array, path.suffix, bits)
    with replace_file(path) as temporary:
        temporary.write_bytes(data)


def encode_picture(array: Image, suffix: str, bits: int = 8) -> bytes:
    """The bytes of a picture file; arguments as of `write_picture`, `suffix` being ".png", ".jpg" or ".jpeg"."""
    if suffix.lower() == ".png":
        return encode_png(to_uint(array, bits))
    if suffix.lower() not in {".jpg", ".jpeg"} or bits != 8 or array.shape[2:] == (4,):
        raise ValueError(f"no way to write shape {array.shape} with {bits} bits as {suffix!r}")
    data = io.BytesIO()
    PilImage.fromarray(to_uint(array, 8)).save(data, "JPEG", quality=_JPEG_QUALITY)
    return data.getvalue()


@contextmanager
def replace_file(path: Path) -> Generator[Path]:
    """Yield the name of a temporary file beside `path` to write; it becomes `path` if all went well, else it is gone.

    Raises:
        InputError: writing or renaming failed (folder not writable, disk full, ...).

    """
    with replace_files([path]) as (temporary,):
        yield temporary


@contextmanager
def replace_files(paths: Sequence[Path]) -> Generator[list[Path]]:
    """Like `replace_file` for files that belong together: none is renamed before all have been written."""
    # short names, so that a stem as long as the system allows still has a temporary
    temporaries = [path.with_name(f".{secrets.token_hex(6)}.part") for path in paths]
    try:
        yield temporaries
        for temporary, path in zip(temporaries, paths, strict=True):
            temporary.replace(path)
    except OSError as error:
        names = {os.fspath(temporary): path for temporary, path in zip(temporaries, paths, strict=True)}
        fallback = paths[0] if len(paths) == 1 else paths[0].parent
        what = names.get(str(error.filename), fallback)
        if what in paths and is_folder(what):
            raise InputError(f"{what}: is a folder, and a file is to be written there; move it away") from error
        raise InputError(_cannot_write(what, error)) from error
    finally:
        for temporary in temporaries:
            with suppress(OSError):  # what went wrong before is what is told
                temporary.unlink(missing_ok=True)


def file_identity(path: Path) -> tuple[int, int] | None:
    """What two names of one file have in common, or None where there is no file of that name."""
    try:
        status = path.stat()
    except (OSError, ValueError):  # also where the system refuses the name itself: too long, a forbidden sign
        return None
    return status.st_dev, status.st_ino


def word_of(source: object, what: str, instead: str = "a file's name, or an array") -> str:
    """The word of a file's name.

    Raises:
        InputError: it is none, or no file can have it; `what` names what it should have been, `instead` what to give.

    """
    word: object = None
    with suppress(TypeError):
        word = cast("object", os.fspath(cast("Any", source)))
    if not isinstance(word, str):
        kind = type(source).__name__
        raise InputError(f"{what}: is of type {kind}; give {instead}")
    if not _is_name(word):
        raise InputError(f"{what}: {word!r} can be no file's name; give {instead}")
    return word


def is_file(path: Path) -> bool:
    """Whether there is a file of that name, which is no folder, pipe or device; never raises."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """Whether there is a folder of that name; unlike `Path.is_dir`, never raises."""
    try:
        return path.is_dir()
    except OSError:
        return False


def prepare_folder(folder: Path) -> None:
    """Make a folder for results, with its parents, and make sure that files can be written into it.

    What a killed process was writing there is removed.

    Raises:
        InputError: it is a file, or cannot be made or written into.

    """
    if file_identity(folder) is not None and not is_folder(folder):
        raise InputError(f"{folder}: is a file; name a folder for the results")
    probe = folder / f".{secrets.token_hex(6)}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
        remove_leftovers(folder)
    except OSError as error:
        raise InputError(_cannot_write(folder, error)) from error


def refuse_output(path: Path, *, overwrite: bool, made: Path | None = None) -> None:
    """Refuse an output file that cannot be written, or would replace another, before the work whose result it is.

    Args:
        path: the file.
        overwrite: it may take the place of one that is there.
        made: a folder that the work will make, and that may hold the file.

    Raises:
        InputError: it is there already, or a folder, or its folder is not there or cannot be written into.

    """
    if is_folder(path):
        raise InputError(f"{path}: is a folder, and a file is to be written there; name a file")
    if is_folder(path.parent):
        prepare_folder(path.parent)
    elif made is None or path.parent.resolve() != made.resolve():
        raise InputError(f"{path}: its folder is not there; make {path.parent}, or name a file in another one")
    if os.path.lexists(path) and not is_file(path):
        raise InputError(f"{path}: is no ordinary file; name another")
    if is_file(path) and not overwrite:
        raise InputError(f"{path}: is there already; add --overwrite to replace it, or name another file")


def refuse_long_name(path: Path) -> None:
    """Refuse a file whose name is too long for where it is to be written, before the work that it is to show.

    Raises:
        InputError: it is.

    """
    there = next((folder for folder in path.parents if is_folder(folder)), path.parent)
    try:
        (there / path.name).lstat()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise InputError(_cannot_write(path, error)) from error


def temporaries_in(folder: Path) -> list[Path]:
    """The temporaries of `replace_files` in a folder: of files at work, or of a process that was killed."""
    return [path for path in folder.glob(".*.part") if _TEMPORARY.fullmatch(path.name)]


def _is_name(word: str) -> bool:
    """Whether a file can be called so, whether there is one or not."""
    try:
        return b"\0" not in os.fsencode(word)
    except UnicodeEncodeError:
        return False


def remove_leftovers(folder: Path) -> None:
    """Remove temporaries that nobody has written to for long; younger ones may be another process's, still at work.

    Nothing happens where there is no such folder; what cannot be removed stays.
    """
    for path in temporaries_in(folder):
        with suppress(OSError):  # gone meanwhile, a folder, or somebody else's
            if path.stat().st_mtime < time.time() - _LEFT_S:
                path.unlink()


def _cannot_write(what: Path, error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    if error.errno == errno.ENAMETOOLONG:
        return f"{what}: cannot be written ({reason}); make the name shorter"
    return f"{what}: cannot be written ({reason}); make room and check the permissions, or name another folder"
