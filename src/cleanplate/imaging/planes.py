"""Planes (h, w) instead of channels side by side, on which numpy takes several times as long; and places in them."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image, Pixels
from cleanplate.imaging.arrays import as_floats


def planes_of(picture: Image) -> list[Image]:
    """The channels of a picture (h, w, channels), each (h, w)."""
    return [np.asarray(plane, np.float32) for plane in cv2.split(picture)]


def picture_of(planes: Sequence[Image]) -> Image:
    """The planes as channels again; one alone stays (h, w)."""
    return np.asarray(cv2.merge(planes), np.float32)


def places_of(mask: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of what is true in a mask (h, w): `np.nonzero` in a seventh of its time.

    >>> places_of(np.array([[False, True], [True, True]]))
    (array([0, 1, 1]), array([1, 0, 1]))
    """
    rows, columns = np.divmod(np.flatnonzero(mask), mask.shape[1])
    return rows, columns


def pixels_at(picture: Pixels, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Image:
    """The pixels (channels, n) float32 in [0, 1] at n places of a picture (h, w, channels)."""
    places = rows * picture.shape[1] + columns
    pixels = np.take(picture.reshape(-1, picture.shape[2]), places, axis=0)
    return np.ascontiguousarray(as_floats(pixels).T)
