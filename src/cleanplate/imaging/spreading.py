"""Fill in what is known at some places only, from the nearest of them."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image
from cleanplate.imaging.planes import picture_of, planes_of
from cleanplate.imaging.resize import resize

_NEARER = 100.0
"""How much more a known place counts than one that only the next larger window, three times as wide, reaches."""

_DIMMEST = 0.01


def spread(values: Image, weight: Image) -> tuple[Image, Image]:
    """The mean of the known values around every pixel, the nearest counting most.

    Means are taken over windows of 3, 9, 27, ... pixels, and over all of the picture, each counting a hundredth of the
    one before: within reach of something known the small windows decide, elsewhere the large ones fill in. A window of
    three pixels on a picture made three times as small is one of nine.

    Args:
        values: (h, w, channels) float32, finite also where they mean nothing.
        weight: (h, w) float32 at least 0: how far each is known; 0 = not at all.

    Returns:
        The means (h, w, channels) float32, 0 where nothing is known anywhere, and (h, w) float32 how much was known
        around each, in no unit: 0 where nothing was.

    Source: Knutsson and Westin, Normalized and Differential Convolution, 1993.

    >>> means, _ = spread(np.float32([[[5.0], [0.0], [0.0], [0.0]]]), np.float32([[1, 0, 0, 0]]))
    >>> means[..., 0].round(3).tolist()
    [[5.0, 5.0, 5.0, 5.0]]

    """
    means, much = spread_planes(planes_of(values), weight)
    return picture_of(means).reshape(values.shape), much


def spread_planes(planes: Sequence[Image], weight: Image) -> tuple[list[Image], Image]:
    """The same of planes (h, w), for whoever has them: numpy works on planes much faster than beside each other."""
    *sums, much = planes_of(_windows(picture_of([*(plane * weight for plane in planes), weight])))
    known = np.maximum(much, np.finfo(np.float32).tiny)
    return [np.divide(plane, known, dtype=np.float32) for plane in sums], much


def _windows(known: Image) -> Image:
    """The sum over windows, of which the smallest counts 1; beyond the border nothing is known."""
    height, width = known.shape[:2]
    if max(height, width) <= 3:
        return np.ascontiguousarray(np.broadcast_to(known.mean(axis=(0, 1), dtype=np.float32), known.shape))
    known = np.pad(known, ((0, -height % 3), (0, -width % 3), (0, 0)))
    near = np.asarray(cv2.blur(known, (3, 3), borderType=cv2.BORDER_CONSTANT), np.float32).reshape(known.shape)
    # in the middle of every block of three by three lies its mean: the picture three times as small
    far = _windows(near[1::3, 1::3]) * np.float32(1 / _NEARER)
    near += resize(far, (known.shape[0], known.shape[1]))
    return near[:height, :width]


def light_ratio(seen: Image, reference: Image, weight: Image) -> Image:
    """How many times the light of `reference` there is in `seen` around every pixel, 0.1 to 10; 1 where nothing counts.

    Both are (h, w, 3) linear light, `weight` as `spread` takes it; so is the result (h, w, 3). Of what is nearly black
    a ratio says little, and there it goes to 1.
    """
    light, _ = spread_planes([*planes_of(seen), *planes_of(reference)], weight)
    pairs = zip(light[:3], light[3:], strict=True)
    dimmest = np.float32(_DIMMEST)
    ratio = [np.divide(above + dimmest, below + dimmest, dtype=np.float32) for above, below in pairs]
    return np.clip(picture_of(ratio), 0.1, 10)


def sampled(maps: Image, rows: NDArray[np.float32], columns: NDArray[np.float32]) -> Image:
    """Maps (h, w, channels) at fractional places, linearly between the four pixels around each.

    `rows` and `columns` are (n,); the middle of pixel i is i, and beyond the border the maps go on as they end there.
    Only the places asked for cost anything, and what is found does not depend on which others are asked for.

    >>> ramp = np.float32([[[0.0], [10.0]]])
    >>> sampled(ramp, np.float32([0, 0, 0]), np.float32([0.25, -1, 7]))[:, 0].tolist()
    [2.5, 0.0, 10.0]
    """
    last_row, last_column = maps.shape[0] - 1, maps.shape[1] - 1
    rows, columns = np.clip(rows, 0, last_row), np.clip(columns, 0, last_column)
    top, left = rows.astype(np.intp), columns.astype(np.intp)
    down, right = (rows - top)[:, None].astype(np.float32), (columns - left)[:, None].astype(np.float32)
    places = maps.reshape(-1, maps.shape[2])
    upper, across = top * maps.shape[1] + left, (left < last_column).astype(np.intp)
    lower = upper + maps.shape[1] * (top < last_row)

    def along(row: NDArray[np.intp]) -> Image:
        here, next_to_it = (np.asarray(places.take(index, axis=0), np.float32) for index in (row, row + across))
        return np.asarray(here + (next_to_it - here) * right, np.float32)

    value = along(upper)
    return np.asarray(value + (along(lower) - value) * down, np.float32)
