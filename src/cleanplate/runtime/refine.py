"""From the network's small alpha to the shot's full size, with the shot and the known plate as guide.

Around the coarse edge every pixel is asked which alpha explains its colour best. What stands behind it is the plate's
own pixel, so only the foreground's colour has to be guessed, from the cells of the coarse alpha nearby. Whatever looks
around is done on those cells, of which the network has seen both pictures; at full size pixels are worked on one by
one, some at a time, so that memory is bounded and none sees where the others end.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image, Pixels
from cleanplate.imaging.colour import light_of
from cleanplate.imaging.planes import picture_of, pixels_at, places_of, planes_of
from cleanplate.imaging.resize import resize
from cleanplate.imaging.spreading import in_blocks, light_ratio, out_of_blocks, places_in_blocks, sampled, spread

_SURE, _SOFT = 0.95, 0.02
"""From the one on a cell is all foreground; up to the other it is all plate."""

_REACH, _INSIDE, _OUTSIDE = 8, 0.7, 0.1
"""So many cells around there must be some foreground and some plate: a wide haze of half alpha is no edge."""

_BESIDE, _NEARBY = (np.ones((side, side), np.uint8) for side in (3, 2 * _REACH + 1))
"""What `cv2.dilate` and `cv2.erode` look at."""

_MARGIN = 2 * _REACH
"""So many cells beyond the outermost edge are looked at: what is further away would not count."""

_NOTHING = 1 / 512

_RIM = 0.3
"""What the colour of a cell at the rim counts of one inside: how far something covers is not known to the cell."""

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

_LOOKS = 2048
"""So many pixels tell the noise, and as many the foreground's grain."""

_MEDIAN = 0.789
"""Of the mean of the squares of three normal deviates."""

_QUARTER = 0.1015
"""Of the squares of one, a quarter is lower."""

_FLOOR = 0.02
"""The coarse alpha may be so far from 0 and 1 at least: what the network missed beside an edge can still be found."""

_TURN = (np.array([[1, 1, 1], [1, -1, 0], [0.5, 0.5, -1]]) / np.sqrt([[3], [2], [1.5]])).astype(np.float32)
"""Turns colours so that the first axis is brightness, along which surfaces vary most; no mixed terms are needed."""


class _Around(NamedTuple):
    """What the neighbourhood says, of every cell or block of cells (h, w, channels) or of some pixels (channels, n).

    Of cells: the foreground's colour, turned, and as the fourth channel the coarse alpha; that colour's variance. Of
    blocks of three by three cells, for light changes slowly: what the plate's light is multiplied by to give the
    shot's, and of what is left the variance, turned.
    """

    front_and_alpha: Image
    front_variance: Image
    gain: Image
    back_variance: Image

    def at(self, down: Image, across: Image) -> "_Around":
        """Of some pixels, at such places (n,) among the cells."""
        blocks = places_in_blocks(down), places_in_blocks(across)
        return _Around(
            sampled(self.front_and_alpha, down, across),
            sampled(self.front_variance, down, across),
            sampled(self.gain, *blocks),
            sampled(self.back_variance, *blocks),
        )


def refine_alpha(
    shot: Pixels,
    plate: Image,
    coarse: Image,
    seen: tuple[Image, Image] | None = None,
) -> Image:
    """The alpha at the shot's size.

    For a pixel of the shot S, over the plate's P, the likelihood of an alpha a is a normal distribution around
    a F + (1 - a) P in linear light; mean and variance of the foreground's colour F come from nearby. With the coarse
    alpha as the prior, the mean of the posterior is returned. Where no edge is near, the coarse alpha is interpolated.

    Args:
        shot: (h, w, 3) sRGB.
        plate: (h, w, 3) float32, the same size, registered to within a pixel or so; another exposure or white balance
            does no harm.
        coarse: (h', w') float32 in [0, 1], of the same aspect ratio.
        seen: shot and plate (h', w', 3) float32, as `resize` makes them, where they are at hand.

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
        return _without_haze(alpha)
    unsure = _edge_cells(coarse)
    if not unsure.any():
        return _without_haze(alpha)
    size_hw = coarse.shape[0], coarse.shape[1]
    near = _near(unsure)
    small_shot, small_plate = (resize(shot, size_hw), resize(plate, size_hw)) if seen is None else seen
    cells = _look_around(planes_of(small_shot[near]), planes_of(small_plate[near]), coarse[near])
    down = _in_cells(height, size_hw[0]) - near[0].start
    across = _in_cells(width, size_hw[1]) - near[1].start
    look = cv2.resize(unsure.view(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST_EXACT).view(np.bool_)
    noise = _noise(shot, plate, cells.gain, coarse[near] < _SOFT, (down, across))
    grain = _grain(shot, small_shot[near], coarse[near] > _SURE, (down, across), noise)
    cells = cells._replace(front_variance=np.maximum(cells.front_variance, grain))
    for row, column in places_of(look):
        light, behind = light_of(pixels_at(shot, row, column)), light_of(pixels_at(plate, row, column))
        alpha[row, column] = _best_alpha(light, behind, cells.at(down[row], across[column]), noise)
    return _without_haze(alpha)


def _without_haze(alpha: Image) -> Image:
    """Alpha (h, w) with what is all but nothing or all made so: another array."""
    _, clear = cv2.threshold(alpha, _NOTHING, 0, cv2.THRESH_TOZERO)
    _, whole = cv2.threshold(alpha, 1 - _NOTHING, 1, cv2.THRESH_BINARY)
    return np.maximum(clear, whole, out=clear, dtype=np.float32)


def _edge_cells(coarse: Image) -> NDArray[np.bool_]:
    """Cells (h, w) where alpha is between the two or changes, and those beside them, with something of both near."""
    change = cv2.dilate(coarse, _BESIDE) - cv2.erode(coarse, _BESIDE)
    edge = (change > 2 * _SOFT) | ((coarse > _SOFT) & (coarse < 1 - _SOFT))
    both = (cv2.dilate(coarse, _NEARBY) > _INSIDE) & (cv2.erode(coarse, _NEARBY) < _OUTSIDE)
    return (cv2.dilate(edge.astype(np.uint8), _BESIDE) > 0) & both


def _near(unsure: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Rows and columns of the part of the cells that is to be looked at."""
    part: list[slice] = []
    for axis, count in enumerate(unsure.shape):
        (where,) = np.nonzero(unsure.any(axis=1 - axis))
        part.append(slice(max(0, int(where[0]) - _MARGIN), min(count, int(where[-1]) + 1 + _MARGIN)))
    return part[0], part[1]


def _in_cells(num_pixels: int, num_cells: int) -> Image:
    """Where the middles of a side's pixels lie among the middles of its cells."""
    return np.asarray((np.arange(num_pixels) + 0.5) * (num_cells / num_pixels) - 0.5, np.float32)


def _look_around(shot: Sequence[Image], plate: Sequence[Image], coarse: Image) -> _Around:
    """What the neighbourhood of every cell says; `shot` and `plate` are sRGB in the cells, in planes."""
    # a cell covered in part is un-mixed by its plate, as sRGB values of which it is the mean: a finger has none alone
    rest, cover = 1 - coarse, np.maximum(coarse, np.float32(0.2))
    pairs = zip(shot, plate, strict=True)
    own = (np.clip((mixed - rest * behind) / cover, 0, 1) for mixed, behind in pairs)
    colour = _turned(light_of(np.asarray(plane, np.float32)) for plane in own)
    own_share, beside = (np.square(np.square(share)) for share in (coarse, cv2.erode(coarse, _BESIDE)))
    weight = np.where(coarse > 0.3, np.float32(_RIM) * own_share + np.float32(1 - _RIM) * beside, np.float32(0))
    front, _ = spread([*colour, *(np.square(plane) for plane in colour)], weight)
    variance = [np.maximum(square - mean * mean, 0) for mean, square in zip(front[:3], front[3:], strict=True)]

    seen, free = ([light_of(plane) for plane in planes] for planes in (shot, plate))
    empty = (coarse < _SOFT).astype(np.float32)
    blocks, known = in_blocks([*seen, *free], empty)
    gain = light_ratio(blocks[:3], blocks[3:], known)
    triples = zip(seen, free, (out_of_blocks(ratio, coarse.shape) for ratio in gain), strict=True)
    left = _turned(np.asarray(light - behind * ratio, np.float32) for light, behind, ratio in triples)
    left, _ = spread(*in_blocks([np.square(plane) for plane in left], empty))
    return _Around(*(picture_of(planes) for planes in ([*front[:3], coarse], variance, gain, left)))


def _noise(
    shot: Pixels, plate: Image, gain: Image, empty: NDArray[np.bool_], in_cells: tuple[Image, Image]
) -> np.float32:
    """How far shot and plate differ where nothing came, of pixels in the middle of some empty cells; at least 1.

    In variances, of `_rounding`: noise, compression, and what a plate that does not quite lie on the shot adds.
    """
    cells, (row, column) = _some(empty, in_cells)
    if not cells[0].size:
        return np.float32(1)
    down, across = in_cells
    seen, behind = light_of(pixels_at(shot, row, column)), light_of(pixels_at(plate, row, column))
    left = seen - behind * sampled(gain, places_in_blocks(down[row]), places_in_blocks(across[column]))
    ratio = np.square(left).mean(axis=0) / _rounding(seen)
    return np.maximum(np.float32(np.median(ratio) / _MEDIAN), 1)


def _grain(
    shot: Pixels, small: Image, sure: NDArray[np.bool_], in_cells: tuple[Image, Image], noisy: np.float32
) -> Image:
    """How much the foreground's colour varies within a cell, turned (3,), of pixels in the middle of some sure cells.

    As the variance of a normal deviate with the same lowest quarter of squares: folds and limbs are no grain. What
    noise alone makes is taken off.
    """
    cells, (row, column) = _some(sure, in_cells)
    if not cells[0].size:
        return np.zeros(3, np.float32)
    seen = light_of(pixels_at(shot, row, column))
    left = np.stack(_turned(seen - light_of(np.ascontiguousarray(small[cells].T))))
    varies = np.quantile(np.square(left), 0.25, axis=1) / _QUARTER
    return np.maximum(varies - noisy * _rounding(seen).mean(), 0).astype(np.float32)


def _some(
    wanted: NDArray[np.bool_], in_cells: tuple[Image, Image]
) -> tuple[tuple[NDArray[np.intp], ...], tuple[NDArray[np.intp], ...]]:
    """Rows and columns of some of the cells that are wanted, and of the pixels in their middle."""
    found = np.flatnonzero(wanted)
    cells = np.divmod(found[:: max(1, found.size // _LOOKS)], wanted.shape[1])
    return cells, tuple(np.searchsorted(of, cell) for of, cell in zip(in_cells, cells, strict=True))


def _rounding(light: Image) -> Image:
    """Variance (n,) of light (3, n) that has been sRGB in 8 bits, about two steps of it."""
    return np.asarray(1e-6 + 1e-4 * light.sum(axis=0), np.float32)


def _best_alpha(seen: Image, behind: Image, around: _Around, noisy: np.float32) -> Image:
    """The mean of the posterior (n,) of pixels, of linear light of shot and plate (3, n) and what `_noise` gives."""
    value, back = (np.stack(_turned(light)) for light in (seen, behind * around.gain))
    noise = noisy * _rounding(seen)
    front, coarse, back_variance = around.front_and_alpha[:3], around.front_and_alpha[3], around.back_variance
    back_variance[0] += np.float32(_RELIT**2) * np.square(back[0])
    # with the alpha a: value - a front - (1 - a) back, and a^2 front_variance + (1 - a)^2 back_variance + noise
    away, toward = value - back, front - back
    both, least = around.front_variance + back_variance, back_variance + noise
    back_variance *= 2
    prior = np.clip(coarse, _FLOOR, 1 - _FLOOR)
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


def _turned(light: Iterable[Image]) -> list[Image]:
    """Three planes of colours, turned."""
    first, second, third = light
    return [np.asarray(a * first + b * second + c * third, np.float32) for a, b, c in _TURN]
