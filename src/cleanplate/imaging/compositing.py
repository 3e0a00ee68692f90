"""Put a foreground over a backdrop, and get it back where the backdrop is known."""

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image
from cleanplate.imaging.arrays import as_floats, strips, to_uint
from cleanplate.imaging.colour import light_of, linear_to_srgb, srgb_to_linear
from cleanplate.imaging.planes import picture_of, pixels_at, places_of, planes_of, put_pixels
from cleanplate.imaging.spreading import light_ratio, sampled, spread

_Value = TypeVar("_Value", np.float32, np.uint8, np.float32 | np.uint8)
_TRUSTED_FROM = 0.02
_TRUSTED_FULLY = 0.2
_BLUR_RADII_PX = (90, 6)
_TINY = 1e-5
_SURE, _FREE = 0.95, 0.02
"""From the one on a pixel tells its neighbours of the foreground's colour, up to the other of the plate's light."""

_LEAST_STEP_PX, _STEPS = 4, 120
"""Colours nearby are means: pixels at least so far apart do, and in large pictures so many along the shorter side."""


def composite(foreground: Image, alpha: Image, backdrop: Image) -> Image:
    """Lay a straight (not premultiplied) foreground over a backdrop: alpha * foreground + (1 - alpha) * backdrop.

    sRGB values are mixed as they stand, which is what programs that show transparent files do. For what a camera would
    have seen take `composite_light`.

    Args:
        foreground: (h, w, 3) float32 in [0, 1].
        alpha: (h, w) float32 in [0, 1]; 0 gives the backdrop, 1 the foreground, both exactly.
        backdrop: (h, w, 3) float32 in [0, 1].

    Returns:
        (h, w, 3) float32 in [0, 1].

    Source: Porter and Duff, Compositing Digital Images, 1984.

    >>> white, black = np.ones((1, 1, 3), np.float32), np.zeros((1, 1, 3), np.float32)
    >>> composite(white, np.full((1, 1), 0.25, np.float32), black).tolist()
    [[[0.25, 0.25, 0.25]]]

    """
    result = np.empty_like(backdrop)
    for rows in strips(*alpha.shape):
        coverage = alpha[rows][..., None]
        result[rows] = foreground[rows] * coverage
        result[rows] += backdrop[rows] * (1 - coverage)
    return result


def composite_light(foreground: Image, alpha: Image, backdrop: Image) -> Image:
    """As `composite`, but light is mixed and not its sRGB codes: what a camera sees of a pixel covered in part.

    Arguments and result as of `composite`, all sRGB; alpha 0 and 1 give exactly the backdrop and the foreground.

    >>> white, black = np.ones((1, 1, 3), np.float32), np.zeros((1, 1, 3), np.float32)
    >>> round(float(composite_light(white, np.full((1, 1), 0.5, np.float32), black)[0, 0, 0]), 3)
    0.735

    """
    result = backdrop.copy()
    for rows in strips(*alpha.shape):
        coverage = alpha[rows]
        result[rows][coverage >= 1] = foreground[rows][coverage >= 1]
        edge = (coverage > 0) & (coverage < 1)
        part = coverage[edge][:, None]
        light = part * srgb_to_linear(foreground[rows][edge]) + (1 - part) * srgb_to_linear(backdrop[rows][edge])
        result[rows][edge] = linear_to_srgb(np.asarray(light, np.float32))
    return result


def recover_foreground(shot: NDArray[_Value], plate: Image, alpha: Image) -> NDArray[_Value]:
    """The straight foreground colour F that, over the plate, gives the shot: F = (S - (1 - alpha) P) / alpha.

    S, P and F are light, because that is what a lens mixes; `composite_light` is the inverse. P is first relit as the
    uncovered plate nearby is in the shot: a lamp may have been switched, or the foreground cast its shadow there. F is
    exact where P then is what stood behind the foreground and alpha is at least 0.2. A difference d between the plate
    and what really stood there is amplified to d (1 - alpha) / alpha, so from 0.2 down to 0.02 the result goes over
    smoothly to the colour of the sure foreground nearby, and is clamped to [0, 1] throughout. Where alpha is 1 it is
    exactly the shot.

    Args:
        shot: (h, w, 3) sRGB.
        plate: (h, w, 3) float32 in [0, 1], the same size.
        alpha: (h, w) float32 in [0, 1].

    Returns:
        (h, w, 3), of the shot's type, defined everywhere: in the one pixel that follows the last partly covered one it
        is the sure foreground's colour nearby, so that a cut-out can be scaled; further out, and where no foreground
        is sure, the shot's own.

    Source: Smith and Blinn, Blue Screen Matting, 1996 (known backing).

    """
    result = shot.copy()
    step_px = max(_LEAST_STEP_PX, min(alpha.shape) // _STEPS)
    few = [as_floats(np.ascontiguousarray(array[::step_px, ::step_px])) for array in (shot, plate, alpha)]
    nearby, relit = _colours_nearby(few[0], few[2]), _light_nearby(*few)
    covered = cv2.dilate((alpha > 0).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    for row, column in places_of(covered & (alpha < 1)):
        part, colour = alpha[row, column], pixels_at(shot, row, column)
        places = np.divide(row, step_px, dtype=np.float32), np.divide(column, step_px, dtype=np.float32)
        light = srgb_to_linear(pixels_at(plate, row, column))
        if relit is not None:
            light *= sampled(relit, *places)
        light *= part - 1
        light += srgb_to_linear(colour)
        light /= np.maximum(part, 1e-3)
        found = linear_to_srgb(np.clip(light, 0, 1, out=light))
        around = as_floats(colour) if nearby is None else sampled(nearby, *places)
        step = np.clip((part - _TRUSTED_FROM) / (_TRUSTED_FULLY - _TRUSTED_FROM), 0, 1)
        found -= around
        found *= step * step * (3 - 2 * step)
        found += around
        put_pixels(result, row, column, to_uint(found, 8) if result.dtype == np.uint8 else found)
    return result


def estimate_foreground(shot: Image, alpha: Image) -> Image:
    """The straight foreground colour where nothing is known of what stood behind: blur fusion, twice.

    Both layers begin as the shot I. Their local means, F' = mean(alpha F) / mean(alpha) and
    B' = mean((1 - alpha) B) / mean(1 - alpha) over a square, are corrected so that they explain the shot:
    F = F' + alpha (I - alpha F' - (1 - alpha) B'). First with squares of 181 pixels, then of 13.

    Args:
        shot: (h, w, 3) float32 in [0, 1].
        alpha: (h, w) float32 in [0, 1].

    Returns:
        (h, w, 3) float32 in [0, 1], defined everywhere: exactly the shot's colour where alpha is 0 or 1.

    Source: Forte, Approximate Fast Foreground Colour Estimation, ICIP 2021 (blur fusion, two passes).

    """
    result = shot.copy()
    edge = (alpha > 0) & (alpha < 1)
    if not edge.any():
        return result
    rest = 1 - alpha
    coverages = [(_mean(alpha, radius) + _TINY, _mean(rest, radius) + _TINY) for radius in _BLUR_RADII_PX]
    for channel in range(3):
        seen = np.ascontiguousarray(shot[..., channel])
        front = back = seen
        for radius, (covered, free) in zip(_BLUR_RADII_PX, coverages, strict=True):
            front = _mean(front * alpha, radius) / covered
            back = _mean(back * rest, radius) / free
            front += alpha * (seen - alpha * front - rest * back)
            np.clip(front, 0, 1, out=front)
        result[..., channel][edge] = front[edge]
    return result


def _mean(values: Image, radius_px: int) -> Image:
    side = 2 * radius_px + 1
    return np.asarray(cv2.blur(values, (side, side)), np.float32)


def _colours_nearby(shot: Image, alpha: Image) -> Image | None:
    """The sure foreground's colour around every pixel (h, w, 3), or None where no foreground is sure."""
    sure = (alpha >= _SURE).astype(np.float32)
    return picture_of(spread(planes_of(shot), sure)[0]) if sure.any() else None


def _light_nearby(shot: Image, plate: Image, alpha: Image) -> Image | None:
    """The shot's light on the free plate over the plate's around every pixel (h, w, 3), or None where none is free."""
    free = (alpha <= _FREE).astype(np.float32)
    if not free.any():
        return None
    return picture_of(light_ratio(planes_of(light_of(shot)), planes_of(light_of(plate)), free))
