"""Change a picture's size."""

import cv2
import numpy as np

from cleanplate.imaging import Image, Pixels
from cleanplate.imaging.arrays import as_floats, strips

_MOST_CHANNELS = 4
"""That cv2 averages over areas at once."""


def resize(array: Pixels, size_hw: tuple[int, int]) -> Image:
    """Scale a picture: each axis that shrinks is averaged over areas, each that grows is interpolated linearly.

    Pixels are areas (the centre of pixel i lies at i + 0.5), so a picture and its resized copy cover the same scene.
    Constants stay constant, and a shrink by whole numbers keeps the mean.

    Args:
        array: (h, w) or (h, w, channels).
        size_hw: height and width wanted.

    Returns:
        float32 of the wanted size; `array` itself, not a copy, where it is that already.

    """
    height, width = array.shape[:2]
    if (height, width) == tuple(size_hw):
        return as_floats(array)
    # two steps, because cv2's area filter falls back to something else where one axis grows
    smaller = (min(height, size_hw[0]), min(width, size_hw[1]))
    result = as_floats(array) if smaller == (height, width) else _averaged(array, smaller)
    if smaller != tuple(size_hw):
        result = _cv2_resize(result, size_hw, cv2.INTER_LINEAR)
    return result.reshape(*size_hw, *array.shape[2:])


def _averaged(array: Pixels, size_hw: tuple[int, int]) -> Image:
    """Large pictures are made narrower some rows at a time: of codes there is never a whole picture of floats."""
    rows = strips(*array.shape[:2])
    if len(rows) == 1:
        return _cv2_resize(as_floats(array), size_hw, cv2.INTER_AREA)
    narrow = np.empty((len(array), size_hw[1], *array.shape[2:]), np.float32)
    for strip in rows:
        part = as_floats(array[strip])
        narrow[strip] = _cv2_resize(part, (len(part), size_hw[1]), cv2.INTER_AREA).reshape(narrow[strip].shape)
    return _cv2_resize(narrow, size_hw, cv2.INTER_AREA)


def _cv2_resize(array: Image, size_hw: tuple[int, int], method: int) -> Image:
    if array.ndim == 3 and array.shape[2] > _MOST_CHANNELS and method == cv2.INTER_AREA:
        starts = range(0, array.shape[2], _MOST_CHANNELS)
        parts = [_cv2_resize(array[..., start : start + _MOST_CHANNELS], size_hw, method) for start in starts]
        return np.concatenate([part.reshape(*size_hw, -1) for part in parts], axis=2)
    return np.asarray(cv2.resize(array, (size_hw[1], size_hw[0]), interpolation=method), np.float32)
