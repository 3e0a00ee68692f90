"""Depth maps that somebody else has made."""

from hashlib import sha256
from pathlib import Path
from typing import Any, cast
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from cleanplate.errors import InputError
from cleanplate.imaging import Image
from cleanplate.imaging.decoding import check_file, read_stored
from cleanplate.imaging.exr import read_exr

FARTHEST_M = 1000.0
"""What is further away has no depth."""


def read_depth(path: Path) -> Image:
    """A depth map in metres (h, w) float32, 0 where unknown.

    A PNG or TIFF of 16 bits holds millimetres, 0 = unknown; .npy and .exr hold metres as floats; there what is not
    above 0, not finite, or beyond 1 km is unknown.

    Raises:
        InputError: missing, damaged, of another kind, or without any depth.
        MissingExtraError: to read .exr needs OpenEXR.

    """
    if path.suffix.lower() == ".npy":
        metres: Any = read_npy(path)
    elif path.suffix.lower() == ".exr":
        metres = read_exr(path)
    else:
        stored = read_stored(path)
        if stored.colour.ndim != 2 or stored.colour.dtype != np.uint16:
            raise InputError(f"{path}: is no depth; save one channel of 16 bit, millimetres, 0 where unknown")
        metres = stored.colour / np.float32(1000)
    known = as_depth(metres, str(path))
    if not known.any():
        raise InputError(f"{path}: knows no depth between 0 and 1 km; give metres (16-bit PNG: millimetres)")
    return known


def as_depth(metres: Any, what: str = "depth") -> Image:
    """A user's array (h, w) of metres as float32, 0 where it is not above 0, not finite or beyond 1 km.

    Raises:
        InputError: another shape, empty, not of floats, or most of it beyond 1 km; `what` begins the sentence.

    >>> as_depth(np.array([[1.5, -1.0, np.inf, np.nan]])).tolist()
    [[1.5, 0.0, 0.0, 0.0]]
    """
    array = np.asarray(metres)
    if array.ndim != 2 or array.dtype.kind != "f" or not array.size:
        raise InputError(f"{what}: holds {array.dtype} of shape {array.shape}; a depth map is floats (height, width)")
    given = np.isfinite(array) & (array > 0)
    known = given & (array < FARTHEST_M)
    below_sky = given & (array < array.max(where=given, initial=0))  # renderers give all of it one huge number
    if 2 * np.count_nonzero(known) < np.count_nonzero(below_sky if below_sky.any() else given):
        raise InputError(f"{what}: most of it is beyond {FARTHEST_M:g} m; if these are millimetres, divide by 1000")
    return np.where(known, array, 0).astype(np.float32)


def digest_of(depth_m: Image) -> str:
    """What tells a depth map (h, w), as `as_depth` gives it, from another: "sha256:..." over its values, row by row.

    >>> digest_of(np.ones((2, 3), np.float32)) == digest_of(np.full((2, 3), 1.001, np.float32))
    False
    """
    return f"sha256:{sha256(depth_m.astype('<f4').tobytes()).hexdigest()}"


def read_npy(path: Path) -> Any:
    """A file's array of numbers; its values are read when they are asked for.

    Raises:
        InputError: it is missing, or holds something else.

    """
    check_file(path, "depth map (.npy)")
    try:
        values: object = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, EOFError, ValueError, BadZipFile) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "no array of numbers, or cut off"
        raise InputError(f"{path}: cannot be read ({reason}); copy it again from where it came") from error
    if not isinstance(values, np.ndarray):
        raise InputError(f"{path}: is an archive of arrays; save the one that is meant by itself")
    return cast("NDArray[Any]", values)
