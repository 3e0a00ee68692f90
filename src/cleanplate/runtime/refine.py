"""From the network's small alpha to the shot's full size, with the shot and the known plate as guide.

Around the coarse edge every pixel is asked which alpha explains its colour best. What stands behind it is the plate's
own pixel, so only the foreground's colour has to be guessed, from the cells of the coarse alpha nearby. Whatever looks
around is done on those cells, in the part of the picture that has an edge; at full size pixels are worked on one by
one, in tiles, so that memory is bounded and no tile sees its border.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from cleanplate.imaging import Image
from cleanplate.imaging.colour import srgb_to_linear
from cleanplate.imaging.planes import pixels_at, places_of, planes_of
from cleanplate.imaging.resize import resize
from cleanplate.imaging.spreading import light_ratio, sampled, spread
from cleanplate.runtime.cells import cell_light

_TILE_PX = 512

_SURE, _SOFT = 0.95, 0.02
"""From the one on a cell is all foreground; up to the other it is all plate."""

_REACH, _INSIDE, _OUTSIDE = 8, 0.7, 0.1
"""So many cells around there must be some foreground and some plate: a wide haze of half alpha is no edge."""

_MARGIN = 2 * _REACH
"""So many cells beyond the outermost edge are looked at: what is further away would not count."""

_NOTHING = 1 / 512

_RIM = 1e-4
"""What a cell at the rim counts of one inside."""

_LEVELS = np.linspace(0, 1, 9, dtype=np.float32)
"""The alphas that a pixel is tried for; the answer is their mean, each counting by how well it fits."""

_MIXED = 0.25
"""How many pixels of an edge's middle are covered in part; the others are one thing or the other."""

_STRANGE = {0: 0.002, len(_LEVELS) - 1: 0.05}
"""How often plate and foreground (first and last level) have a colour that nothing nearby foretells."""

_TEMPER = 0.4
"""How far colours are believed: those of neighbours agree, so that each tells less than it seems to."""

_RELIT = 0.06
"""How much the light on the plate differs from place to place beyond what its neighbourhood says, of its brightness."""

_FLOOR = 0.02
"""The coarse alpha may be so far from 0 and 1 at least: what the network missed beside an edge can still be found."""

_TURN = (np.array([[1, 1, 1], [1, -1, 0], [0.5, 0.5, -1]]) / np.sqrt([[3], [2], [1.5]])).astype(np.float32)
"""Turns colours so that the first axis is brightness, along which surfaces vary most; no mixed terms are needed."""

_SQUARES = np.square(_TURN)
"""The same for variances."""

_FRONT, _FRONT_VARIANCE, _GAIN, _BACK_VARIANCE, _ALPHA = slice(0, 3), slice(3, 6), slice(6, 9), slice(9, 12), 12

_Part = tuple[slice, slice]
"""Rows and columns."""


@dataclass(frozen=True)
class _Cells:
    """What the neighbourhood of every cell of the coarse alpha says.

    `maps`, 13 of (h, w): mean and variance of the foreground's colour, turned; what the plate's light is multiplied by
    to give the shot's, and the variance of what is left, turned; the coarse alpha. `unsure` (h, w): whether its pixels
    are to be looked at. `pixels`: the rows and columns of the picture that the cells divide.
    """

    maps: list[Image]
    unsure: np.typing.NDArray[np.bool_]
    pixels: _Part


def refine_alpha(
    shot: Image, plate: Image, coarse: Image, tile_px: int = _TILE_PX, plate_cells: Image | None = None
) -> Image:
    """The alpha at the shot's size.

    For a pixel of the shot S, over the plate's P, the likelihood of an alpha a is a normal distribution around
    a F + (1 - a) P in linear light; mean and variance of the foreground's colour F come from nearby. With the coarse
    alpha as the prior, the mean of the posterior is returned. Where no edge is near, the coarse alpha is interpolated.

    Args:
        shot: (h, w, 3) float32 sRGB in [0, 1].
        plate: (h, w, 3), the same, registered to within a pixel or so; another exposure or white balance does no harm.
        coarse: (h', w') float32 in [0, 1], of the same aspect ratio.
        tile_px: side of the tiles; another one gives the same result.
        plate_cells: the mean light of the plate in the cells of `coarse` (`cells.cell_light`), where it is known.

    Returns:
        (h, w) float32 in [0, 1]; `coarse`, resized, where it is not smaller than the shot. Less than half a step of an
        8-bit matte is nothing, and as near to 1 it is all: a network is never quite sure, and every pixel that is
        covered in part costs time in whatever comes after.

    Source: Chuang et al., A Bayesian Approach to Digital Matting, 2001, with the background known as in Qian and Sezan,
    Video Background Replacement without a Blue Screen, 1999, and the maximum replaced by a mean over few alphas.

    """
    height, width = shot.shape[:2]
    alpha = resize(coarse, (height, width))
    if height <= coarse.shape[0] or width <= coarse.shape[1]:
        return alpha
    unsure = _edge_cells(coarse)
    if not unsure.any():
        return alpha
    near, here = _near_edges(unsure, (height, width))
    coarse, part = coarse[near], shot[here]
    behind = plate_cells[near] if plate_cells is not None else cell_light(plate[here], _size_of(coarse))[0]
    cells = _Cells(_look_around(part, behind, coarse), unsure[near], here)
    for top in range(here[0].start, here[0].stop, tile_px):
        for left in range(here[1].start, here[1].stop, tile_px):
            bottom, right = min(top + tile_px, here[0].stop), min(left + tile_px, here[1].stop)
            _refine_tile(alpha, shot, plate, cells, (slice(top, bottom), slice(left, right)))
    alpha[alpha < _NOTHING] = 0
    alpha[alpha > 1 - _NOTHING] = 1
    return alpha


def extend_disparity(disparity: Image, alpha: Image) -> Image:
    """The foreground's disparity carried outward: a sharper alpha then cuts it, and no value on the way to the plate.

    Both are (h, w), of the network's size, alpha in [0, 1]; so is the result. Where alpha is at least 0.95 in a cell
    and all beside it nothing changes, elsewhere the nearest of those cells count, and the rim, which the network blurs,
    only where a thing has nothing else; where alpha is nowhere so large, all stays as it is.
    """
    sure = (alpha >= _SURE).astype(np.float32)
    if not sure.any():
        return disparity
    inner = cv2.erode(sure, np.ones((3, 3), np.uint8))
    (around,), _ = spread([disparity], inner + np.float32(_RIM) * (sure - inner))
    return np.where(inner > 0, disparity, around)


def _edge_cells(coarse: Image) -> np.typing.NDArray[np.bool_]:
    """Cells (h, w) where alpha is between the two or changes, and those beside them, with something of both near."""
    beside = np.ones((3, 3), np.uint8)
    change = cv2.dilate(coarse, beside) - cv2.erode(coarse, beside)
    edge = (change > 2 * _SOFT) | ((coarse > _SOFT) & (coarse < 1 - _SOFT))
    reach = np.ones((2 * _REACH + 1, 2 * _REACH + 1), np.uint8)
    both = (cv2.dilate(coarse, reach) > _INSIDE) & (cv2.erode(coarse, reach) < _OUTSIDE)
    return (cv2.dilate(edge.astype(np.uint8), beside) > 0) & both


def _near_edges(unsure: np.typing.NDArray[np.bool_], size_hw: tuple[int, int]) -> tuple[_Part, _Part]:
    """The part of the cells that is to be looked at, and the same part of a picture of `size_hw` pixels.

    It ends where a cell ends and a pixel ends: a cell cut in two would hold another mean.
    """
    cells: list[slice] = []
    pixels: list[slice] = []
    for axis, side in enumerate(size_hw):
        count = unsure.shape[axis]
        step = count // math.gcd(count, side)
        (where,) = np.nonzero(unsure.any(axis=1 - axis))
        first = max(0, int(where[0]) - _MARGIN) // step * step
        last = min(count, -(-(int(where[-1]) + 1 + _MARGIN) // step) * step)
        cells.append(slice(first, last))
        pixels.append(slice(first * side // count, last * side // count))
    return (cells[0], cells[1]), (pixels[0], pixels[1])


def _look_around(shot: Image, behind: Image, coarse: Image) -> list[Image]:
    """The maps of `_Cells`; `behind` is the plate's light in the cells."""
    seen, within = (planes_of(cells) for cells in cell_light(shot, _size_of(coarse)))
    free = planes_of(behind)
    # a cell covered in part is un-mixed by its plate: a finger has no cell of its own
    rest, cover = 1 - coarse, np.maximum(coarse, np.float32(0.2))
    pairs = zip(seen, free, strict=True)
    colour = _turned([np.clip((light - rest * plate) / cover, 0, 1) for light, plate in pairs], _TURN)
    sure = (coarse > _SURE).astype(np.float32)
    varies = _turned(within, _SQUARES)
    squares = [np.asarray(mean * mean + inner * sure, np.float32) for mean, inner in zip(colour, varies, strict=True)]
    weight = np.where(coarse > 0.3, np.square(np.square(coarse)), 0).astype(np.float32)
    front, _ = spread([*colour, *squares], weight)
    variance = [np.maximum(square - mean * mean, 0) for mean, square in zip(front[:3], front[3:], strict=True)]

    empty = (coarse < _SOFT).astype(np.float32)
    gain = light_ratio(seen, free, empty)
    triples = zip(seen, free, gain, strict=True)
    left = _turned([light - plate * ratio for light, plate, ratio in triples], _TURN)
    left, _ = spread([np.square(plane) for plane in left], empty)
    return [*front[:3], *variance, *gain, *left, coarse]


def _refine_tile(alpha: Image, shot: Image, plate: Image, cells: _Cells, tile: _Part) -> None:
    """Put the answers of one tile into `alpha`."""
    rows, columns = (
        _in_cells(side, count, part) for side, count, part in zip(cells.pixels, cells.unsure.shape, tile, strict=True)
    )
    nearest_row, nearest_column = (np.rint(places).astype(np.intp) for places in (rows, columns))
    row, column = places_of(cells.unsure.take(nearest_row, axis=0).take(nearest_column, axis=1))
    if not row.size:
        return
    maps = sampled(cells.maps, rows[row], columns[column])
    row, column = row + tile[0].start, column + tile[1].start
    seen, behind = (srgb_to_linear(pixels_at(picture, row, column)) for picture in (shot, plate))
    alpha[row, column] = _best_alpha(seen, behind, maps)


def _in_cells(side: slice, num_cells: int, part: slice) -> np.typing.NDArray[np.float32]:
    """Where the middles of the pixels of a part lie among the middles of the cells that a side is divided in."""
    first, step = part.start - side.start + 0.5, num_cells / (side.stop - side.start)
    return np.asarray((np.arange(part.stop - part.start) + first) * step - 0.5, np.float32)


def _best_alpha(seen: Image, behind: Image, maps: Image) -> Image:
    """The mean of the posterior (n,) of pixels: linear light of shot and plate (3, n), and their maps (13, n)."""
    value, back = (np.stack(_turned(light, _TURN)) for light in (seen, behind * maps[_GAIN]))
    noise = 1e-6 + 1e-4 * seen.sum(axis=0)  # about two steps of an 8-bit sRGB picture
    back_variance = maps[_BACK_VARIANCE]
    back_variance[0] += np.float32(_RELIT**2) * np.square(back[0])
    # with the alpha a: value - a front - (1 - a) back, and a^2 front_variance + (1 - a)^2 back_variance + noise
    away, toward = value - back, maps[_FRONT] - back
    both, least = maps[_FRONT_VARIANCE] + back_variance, back_variance + noise
    back_variance *= 2
    prior = np.clip(maps[_ALPHA], _FLOOR, 1 - _FLOOR)
    mixed = 4 * _MIXED * prior * (1 - prior)
    fits = np.empty((len(_LEVELS), value.shape[1]), np.float32)
    for index, level in enumerate(_LEVELS):
        variance = level * both
        variance -= back_variance
        variance *= level
        variance += least
        miss = level * toward
        miss -= away
        miss *= miss
        miss /= variance
        fits[index] = miss.sum(axis=0) + np.log(variance.prod(axis=0))
    fits += np.float32(3 * np.log(2 * np.pi))
    fits *= np.float32(-0.5)
    for index, often in _STRANGE.items():
        fits[index] = np.log(np.exp(fits[index]) + np.float32(often))
    fits -= fits.max(axis=0)
    fits *= np.float32(_TEMPER)
    weights = np.exp(fits, out=fits)
    weights[1:-1] *= mixed / (len(_LEVELS) - 2)
    weights[0] *= (1 - mixed) * (1 - prior)
    weights[-1] *= (1 - mixed) * prior
    means = sum(level * weight for level, weight in zip(_LEVELS, weights, strict=True))
    return np.asarray(means / weights.sum(axis=0), np.float32)


def _size_of(array: Image) -> tuple[int, int]:
    return array.shape[0], array.shape[1]


def _turned(light: Iterable[np.typing.NDArray[np.floating]], turn: Image) -> list[Image]:
    """Three planes of colours, or of variances (`_SQUARES`), turned."""
    first, second, third = light
    return [np.asarray(a * first + b * second + c * third, np.float32) for a, b, c in turn]
