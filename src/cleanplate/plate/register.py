"""Find where a plate lies in a shot."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image
from cleanplate.imaging.resize import resize
from cleanplate.plate.geometry import Matrix, covered, is_sane, motion_px, rescaled, unit, warp
from cleanplate.plate.refine import step
from cleanplate.plate.structure import blur, grey, likeness, presence, structure

WORK_PX = 640
"""Long side at which structures are compared: more would only find more noise."""

_SCORE_PX = 240
_FEATURE_PX = 400
_ENOUGH = 0.02
"""Share of the frame that must have structure, or nothing can be told from it."""

_MIN_FEATURES = 8

STILL_PX = 0.15
"""Movements below it, at WORK_PX, are not told from noise."""

_PAYS = 0.015
"""By which share a movement must lower the difference of the structures."""


@dataclass(frozen=True)
class Registration:
    """Where a plate lies in a shot.

    `matrix` leads from plate pixels to shot pixels of full size, or is None where the plate lies right as it is: no
    movement lowers the difference by more than noise does. `agreement` in [0, 1] is the share of the plate's structure
    that the shot has as well when the plate is there; `structured` whether there is enough of it to tell.
    """

    matrix: Matrix | None
    agreement: float
    structured: bool


def register(plate: Image, shot: Image, near: Matrix | None = None) -> Registration:
    """Bring a plate onto a shot: features or phase correlation to begin with, then dense steps from coarse to fine.

    Args:
        plate: (h, w, 3) sRGB in [0, 1].
        shot: (h, w, 3) of the same size.
        near: a matrix to try as well, the last shot's for example.

    """
    full_hw = (shot.shape[0], shot.shape[1])
    work_hw = work_size(full_hw)
    work = grey(resize(plate, work_hw)), grey(resize(shot, work_hw))
    starts = _starts(work, None if near is None else rescaled(near, full_hw, work_hw))
    matrix = max(starts, key=lambda start: _agreement(work, start)[0])
    for level in (4, 2, 1):
        matrix = _refined(work, matrix, level)
    still = _agreement(work, np.eye(3))
    if not still[1] or _is_noise(work, matrix):
        return Registration(None, *still)
    return Registration(rescaled(matrix, work_hw, full_hw), *_agreement(work, matrix))


def work_size(size_hw: tuple[int, int], most_px: int = WORK_PX) -> tuple[int, int]:
    """A picture's size with its longer side at most `most_px`, never enlarged.

    >>> work_size((720, 1280)), work_size((100, 50))
    ((360, 640), (100, 50))
    """
    scale = min(1.0, most_px / max(size_hw))
    return max(1, round(size_hw[0] * scale)), max(1, round(size_hw[1] * scale))


def _starts(work: tuple[Image, Image], near: Matrix | None) -> list[Matrix]:
    size_hw = (work[0].shape[0], work[0].shape[1])
    starts = [near, _by_features(work), _by_correlation(work)]
    return [np.eye(3), *(start for start in starts if start is not None and is_sane(start, size_hw))]


def _is_noise(work: tuple[Image, Image], matrix: Matrix) -> bool:
    """Whether a movement is too small to be told from none, or helps too little to be believed."""
    size_hw = (work[0].shape[0], work[0].shape[1])
    if motion_px(matrix, size_hw) < STILL_PX or not is_sane(matrix, size_hw):
        return True
    reach = _reach(size_hw)
    target, contrast = structure(work[1], reach)
    apart = [
        float((np.minimum(np.abs(structure(plate, reach)[0] - target), 1) * (contrast > 0.01)).mean())
        for plate in (work[0], warp(work[0], matrix))
    ]
    return apart[1] > (1 - _PAYS) * apart[0]


def _by_features(work: tuple[Image, Image]) -> Matrix | None:
    """The homography that most SIFT features agree on; MAGSAC leaves out the rest."""
    size_hw = (work[0].shape[0], work[0].shape[1])
    small_hw = work_size(size_hw, _FEATURE_PX)
    (keys, words), (shot_keys, shot_words) = (_features(resize(luma, small_hw)) for luma in work)
    if min(len(keys), len(shot_keys)) < _MIN_FEATURES:
        return None
    matches = cv2.BFMatcher(cv2.NORM_L2).knnMatch(words, shot_words, k=2)
    good = [pair[0] for pair in matches if len(pair) == 2 and pair[0].distance < 0.8 * pair[1].distance]
    if len(good) < _MIN_FEATURES:
        return None
    there = np.array([keys[match.queryIdx].pt for match in good])
    here = np.array([shot_keys[match.trainIdx].pt for match in good])
    found = cv2.findHomography(there, here, cv2.USAC_MAGSAC, 1.5, maxIters=2000, confidence=0.999)
    matrix, inside = cast("tuple[Matrix | None, Matrix | None]", found)
    if matrix is None or inside is None or int(inside.sum()) < _MIN_FEATURES:
        return None
    return rescaled(unit(matrix), small_hw, size_hw)


def _features(luma: Image) -> tuple[Sequence[cv2.KeyPoint], Image]:
    """SIFT's places and descriptors; where there are none, neither."""
    sift = cast("Any", cv2).SIFT_create(nfeatures=1000, contrastThreshold=0.015)  # its stubs do not know it
    keys, words = cast("tuple[Sequence[cv2.KeyPoint], Image | None]", sift.detectAndCompute(_eight_bit(luma), None))
    return (keys, words) if words is not None else ([], np.empty((0, 128), np.float32))


def _by_correlation(work: tuple[Image, Image]) -> Matrix:
    """The shift at which the two structures correlate most: the way out where there are no features."""
    reach = _reach((work[0].shape[0], work[0].shape[1]))
    first, second = (structure(luma, reach)[0] for luma in work)
    if min(first.shape) < 2:  # a thread of a picture has no window
        return np.eye(3)
    window = cv2.createHanningWindow((first.shape[1], first.shape[0]), cv2.CV_32F)
    (dx, dy), _ = cv2.phaseCorrelate(first, second, np.asarray(window, np.float32))
    return np.array([[1, 0, dx], [0, 1, dy], [0, 0, 1]], np.float64)


def _refined(work: tuple[Image, Image], matrix: Matrix, level: int) -> Matrix:
    size_hw = (work[0].shape[0], work[0].shape[1])
    small_hw = (max(8, size_hw[0] // level), max(8, size_hw[1] // level))
    plate, shot = (resize(luma, small_hw) for luma in work)
    matrix = rescaled(matrix, size_hw, small_hw)
    reach = _reach(small_hw)
    target = structure(shot, reach)[0]
    for _ in range(10):
        inside = covered(matrix, small_hw).astype(np.float32)
        change = step(structure(warp(plate, matrix), reach)[0], target, inside, reach / 2)
        following = unit(change @ matrix)
        if not is_sane(following, small_hw):
            break
        matrix = following
        if motion_px(change, small_hw) < 0.01:
            break
    return rescaled(matrix, small_hw, size_hw)


def _agreement(work: tuple[Image, Image], matrix: Matrix) -> tuple[float, bool]:
    """The share of the plate's structure that the shot has (1 where there is none), and whether there is enough."""
    size_hw = (work[0].shape[0], work[0].shape[1])
    small_hw = work_size(size_hw, _SCORE_PX)
    plate, shot = (blur(resize(luma, small_hw), 0.7) for luma in work)
    matrix = rescaled(matrix, size_hw, small_hw)
    reach = _reach(small_hw)
    plates, shots = structure(warp(plate, matrix), reach)[0], structure(shot, reach)[0]
    weight = presence(plates, reach / 2) * covered(matrix, small_hw)
    if float(weight.mean()) < _ENOUGH:
        return 1.0, False
    return float((weight * (likeness(plates, shots, reach / 2) > 0.6)).sum() / weight.sum()), True


def _reach(size_hw: tuple[int, int]) -> float:
    return max(2.0, max(size_hw) / 40)


def _eight_bit(luma: Image) -> NDArray[np.uint8]:
    """Luma stretched between its quantiles, so that dark pictures have features as well."""
    low, high = np.percentile(luma[::2, ::2], (1, 99))
    return np.clip((luma - low) * (255 / max(float(high - low), 0.05)), 0, 255).astype(np.uint8)
