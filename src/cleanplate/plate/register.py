"""Find where a plate lies in a shot."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image
from cleanplate.imaging.resize import resize
from cleanplate.plate.geometry import Matrix, covered, is_sane, motion_px, rescaled, unit, warp
from cleanplate.plate.refine import step
from cleanplate.plate.structure import grey, likeness, structure

WORK_PX = 640
"""Long side at which structures are compared: more would only find more noise."""

_SCORE_PX = 240
_MIN_FEATURES = 8


@dataclass(frozen=True)
class Registration:
    """Where a plate lies in a shot.

    `matrix` leads from plate pixels to shot pixels, of full size; `agreement` in [0, 1] is the share of what has
    structure, in plate or shot, that is alike when the plate is there; `matched` tells how many features spoke for
    the start, `start` where it came from: "still", "features" or "correlation".
    """

    matrix: Matrix
    agreement: float
    matched: int
    start: str


def register(plate: Image, shot: Image, near: Matrix | None = None) -> Registration:
    """Bring a plate onto a shot: features or phase correlation to begin with, then dense steps from coarse to fine.

    Args:
        plate: (h, w, 3) sRGB in [0, 1].
        shot: (h, w, 3) of the same size.
        near: a matrix to try as well, the last shot's for example.

    """
    full_hw = (shot.shape[0], shot.shape[1])
    pair = grey(plate), grey(shot)
    scale = min(1.0, WORK_PX / max(full_hw))
    work_hw = (max(16, round(full_hw[0] * scale)), max(16, round(full_hw[1] * scale)))
    work = resize(pair[0], work_hw), resize(pair[1], work_hw)
    starts = _starts(work, None if near is None else rescaled(near, full_hw, work_hw))
    best, where = max(((_score(work, matrix), index) for index, (matrix, _, _) in enumerate(starts)))
    matrix, matched, name = starts[where]
    del best
    for level in (4, 2, 1):
        matrix = _refined(work, matrix, level)
    if not is_sane(matrix, work_hw):
        matrix, matched, name = np.eye(3), 0, "still"
    return Registration(rescaled(matrix, work_hw, full_hw), _score(work, matrix), matched, name)


def _starts(work: tuple[Image, Image], near: Matrix | None) -> list[tuple[Matrix, int, str]]:
    starts = [(np.eye(3), 0, "still")] + ([] if near is None else [(near, 0, "still")])
    found, matched = _by_features(work)
    if found is not None:
        starts.append((found, matched, "features"))
    starts.append((_by_correlation(work), 0, "correlation"))
    size_hw = (work[0].shape[0], work[0].shape[1])
    return [start for start in starts if is_sane(start[0], size_hw)]


def _by_features(work: tuple[Image, Image]) -> tuple[Matrix | None, int]:
    """The homography that most SIFT features agree on; MAGSAC leaves out the rest."""
    sift = cv2.SIFT_create(nfeatures=1500, contrastThreshold=0.015)  # pyright: ignore[reportAttributeAccessIssue]
    keys, words = zip(*(sift.detectAndCompute(_eight_bit(luma), None) for luma in work), strict=True)
    if any(found is None or len(found) < _MIN_FEATURES for found in words):
        return None, 0
    matches = cv2.BFMatcher(cv2.NORM_L2).knnMatch(words[0], words[1], k=2)
    good = [pair[0] for pair in matches if len(pair) == 2 and pair[0].distance < 0.8 * pair[1].distance]
    if len(good) < _MIN_FEATURES:
        return None, 0
    there = np.array([keys[0][match.queryIdx].pt for match in good])
    here = np.array([keys[1][match.trainIdx].pt for match in good])
    matrix, inside = cv2.findHomography(there, here, cv2.USAC_MAGSAC, 2.0, maxIters=2000, confidence=0.999)
    if matrix is None or int(inside.sum()) < _MIN_FEATURES:
        return None, 0
    return unit(np.asarray(matrix, np.float64)), int(inside.sum())


def _by_correlation(work: tuple[Image, Image]) -> Matrix:
    """The shift at which the two structures correlate most: the way out where there are no features."""
    reach = max(work[0].shape) / 40
    first, second = (structure(luma, reach)[0] for luma in work)
    window = cv2.createHanningWindow((first.shape[1], first.shape[0]), cv2.CV_32F)
    (dx, dy), _ = cv2.phaseCorrelate(first, second, window)
    return np.array([[1, 0, dx], [0, 1, dy], [0, 0, 1]], np.float64)


def _refined(work: tuple[Image, Image], matrix: Matrix, level: int) -> Matrix:
    size_hw = (work[0].shape[0], work[0].shape[1])
    small_hw = (max(16, size_hw[0] // level), max(16, size_hw[1] // level))
    plate, shot = (resize(luma, small_hw) for luma in work)
    matrix = rescaled(matrix, size_hw, small_hw)
    reach = max(2.0, max(small_hw) / 40)
    target = structure(shot, reach)[0]
    for _ in range(10):
        inside = covered(matrix, small_hw).astype(np.float32)
        change, _share = step(structure(warp(plate, matrix), reach)[0], target, inside, reach / 2)
        following = unit(change @ matrix)
        if not is_sane(following, small_hw):
            break
        matrix = following
        if motion_px(change, small_hw) < 0.01:
            break
    return rescaled(matrix, small_hw, size_hw)


def _score(work: tuple[Image, Image], matrix: Matrix) -> float:
    size_hw = (work[0].shape[0], work[0].shape[1])
    scale = min(1.0, _SCORE_PX / max(size_hw))
    small_hw = (max(16, round(size_hw[0] * scale)), max(16, round(size_hw[1] * scale)))
    plate, shot = (resize(luma, small_hw) for luma in work)
    matrix = rescaled(matrix, size_hw, small_hw)
    return agreement(warp(plate, matrix), shot, covered(matrix, small_hw))


def agreement(moved_plate: Image, shot: Image, inside: NDArray[np.bool_]) -> float:
    """The share of what has structure, in either luma (h, w), that is alike; 1 where nothing has any."""
    reach = max(2.0, max(shot.shape) / 40)
    alike, textured = likeness(structure(moved_plate, reach)[0], structure(shot, reach)[0], reach / 2)
    weight = textured * inside
    total = float(weight.sum())
    return float((weight * (alike > 0.6)).sum()) / total if total > 1e-3 * inside.size else 1.0


def _eight_bit(luma: Image) -> NDArray[np.uint8]:
    """Luma stretched between its quantiles, so that dark pictures have features as well."""
    low, high = np.percentile(luma[::2, ::2], (1, 99))
    return np.clip((luma - low) * (255 / max(float(high - low), 0.05)), 0, 255).astype(np.uint8)
