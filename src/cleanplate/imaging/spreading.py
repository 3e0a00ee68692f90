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

_AT_ONCE = 1024
"""cv2 finds no more than 32,767 places in a row."""


def spread(planes: Sequence[Image], weight: Image) -> tuple[list[Image], Image]:
    """The mean of the known values around every pixel, the nearest counting most.

    Means are taken over windows of 3, 9, 27, ... pixels, and over all of the picture, each counting a hundredth of the
    one before: within reach of something known the small windows decide, elsewhere the large ones fill in. A window of
    three pixels on a picture made three times as small is one of nine.

    Args:
        planes: (h, w) float32 each, finite also where they mean nothing.
        weight: (h, w) float32 at least 0: how far they are known; 0 = not at all.

    Returns:
        The means, (h, w) float32 each, 0 where nothing is known anywhere, and (h, w) float32 how much was known around
        each pixel, in no unit: 0 where nothing was.

    Source: Knutsson and Westin, Normalized and Differential Convolution, 1993.

    >>> (mean,), _ = spread([np.float32([[5, 0, 0, 0]])], np.float32([[1, 0, 0, 0]]))
    >>> mean.round(3).tolist()
    [[5.0, 5.0, 5.0, 5.0]]

    """
    return _known_means(_finest([*(plane * weight for plane in planes), weight]))


def _known_means(sums: Sequence[Image]) -> tuple[list[Image], Image]:
    """What weighted sums say, the last of which is that of the weights; and that one."""
    *of_planes, much = sums
    known = np.maximum(much, np.finfo(np.float32).tiny)
    return [np.divide(plane, known, dtype=np.float32) for plane in of_planes], much


def _finest(planes: Sequence[Image]) -> list[Image]:
    """`_windows` of planes (h, w): in the finest level, where there is most to do, cv2 is fastest on one by one."""
    height, width = planes[0].shape
    near = [_smallest_window(plane) for plane in planes]
    padded_hw = near[0].shape[0], near[0].shape[1]
    farther = planes_of(_farther(picture_of([plane[1::3, 1::3] for plane in near])))
    both = (plane + resize(far, padded_hw) for plane, far in zip(near, farther, strict=True))
    return [plane[:height, :width] for plane in both]


def _windows(known: Image) -> Image:
    """The sum over windows, of which the smallest counts 1; beyond the border nothing is known."""
    height, width = known.shape[:2]
    if max(height, width) <= 3:
        return np.ascontiguousarray(np.broadcast_to(known.mean(axis=(0, 1), dtype=np.float32), known.shape))
    near = _smallest_window(known)
    near += resize(_farther(near[1::3, 1::3]), (near.shape[0], near.shape[1]))
    return near[:height, :width]


def _farther(middles: Image) -> Image:
    """What the larger windows count: in the middle of every block of three by three lies its mean."""
    return _windows(middles) * np.float32(1 / _NEARER)


def _smallest_window(known: Image) -> Image:
    """The mean over three by three of a picture, or plane, that has grown to a multiple of three."""
    known = _of_threes(known)
    return np.asarray(cv2.blur(known, (3, 3), borderType=cv2.BORDER_CONSTANT), np.float32).reshape(known.shape)


def _block_means(plane: Image) -> Image:
    """The mean of every block of three by three: what `_smallest_window` has in its middle, in less time."""
    whole = _of_threes(plane)
    size = whole.shape[1] // 3, whole.shape[0] // 3
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.float32)


def _of_threes(known: Image) -> Image:
    """A picture, or plane, grown to a multiple of three, with nothing known in what is new."""
    height, width = known.shape[:2]
    return np.asarray(cv2.copyMakeBorder(known, 0, -height % 3, 0, -width % 3, cv2.BORDER_CONSTANT), np.float32)


def in_blocks(planes: Sequence[Image], weight: Image) -> tuple[list[Image], Image]:
    """The mean of the known values in every block of three by three, for what need not be known more finely.

    Arguments as of `spread`, which takes what this gives: the means (h / 3, w / 3), rounded up, 0 where nothing is
    known, and how far they are known. `places_in_blocks` says where a pixel lies among them.

    >>> (mean,), known = in_blocks([np.float32([[1, 5, 7]])], np.float32([[1, 1, 0]]))
    >>> mean.tolist(), [round(float(much), 3) for much in known[0]]
    ([[3.0]], [0.222])
    """
    weighted = [*(plane * weight for plane in planes), weight]
    return _known_means([_block_means(plane) for plane in weighted])


def out_of_blocks(blocks: Image, size_hw: tuple[int, int]) -> Image:
    """Blocks (h / 3, w / 3) interpolated for every pixel of that size."""
    height, width = blocks.shape
    return resize(blocks, (3 * height, 3 * width))[: size_hw[0], : size_hw[1]]


def places_in_blocks(places: NDArray[np.float32]) -> NDArray[np.float32]:
    """Where the places of pixels along a side lie among the blocks: the middle of block i is i."""
    return (places - 1) * np.float32(1 / 3)


def light_ratio(seen: Sequence[Image], reference: Sequence[Image], weight: Image) -> list[Image]:
    """How many times the light of `reference` there is in `seen` around every pixel, 0.1 to 10; 1 where nothing counts.

    Both are planes (h, w) of linear light, `weight` as `spread` takes it; so is the result. Of what is nearly black a
    ratio says little, and there it goes to 1.
    """
    light, _ = spread([*seen, *reference], weight)
    pairs = zip(light[: len(seen)], light[len(seen) :], strict=True)
    dimmest = np.float32(_DIMMEST)
    return [np.clip(np.divide(above + dimmest, below + dimmest, dtype=np.float32), 0.1, 10) for above, below in pairs]


def sampled(picture: Image, rows: NDArray[np.float32], columns: NDArray[np.float32]) -> Image:
    """A picture (h, w, channels) of at most four channels at fractional places, linearly between the pixels around.

    `rows` and `columns` are (n,), the result (channels, n); the middle of pixel i is i, and beyond the border the
    picture goes on as it ends there. What is found does not depend on which other places are asked for.

    >>> ramp = np.float32([[[0.0], [10.0]]])
    >>> sampled(ramp, np.float32([0, 0, 0]), np.float32([0.25, -1, 7])).tolist()
    [[2.5, 0.0, 10.0]]
    """
    count = rows.size
    y, x = np.zeros((2, -(-count // _AT_ONCE), _AT_ONCE), np.float32)
    y.ravel()[:count], x.ravel()[:count] = rows, columns
    found = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(found.reshape(x.size, -1)[:count].T, np.float32)
