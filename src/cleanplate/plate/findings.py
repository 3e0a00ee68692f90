"""What can be counted of a plate that lies on a shot."""

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image
from cleanplate.plate.relight import WHITE
from cleanplate.plate.structure import blur, grey, likeness, presence, slopes, structure

_DIFFERS = 0.07
"""Difference of sRGB values, of a small neighbourhood's mean, that no noise and no compression makes."""

_ALIKE = 12.0
"""Largest mean difference of the structures (8 bit, 40 = one deviation) around a corner that was found again."""

_PLAIN = 0.3
_NEIGHBOURS = 7
_SURE = 0.8
_HOLE = 0.02
"""Share of the frame up to which a hole in a difference is filled."""

_TELLS = 0.35
_MAJORITY = 12
"""An outline votes over this fraction of the picture's longer side: what a figure meets by chance is outvoted."""

_NEAR = np.ones((3, 3), np.uint8)

_BLACK = 0.01
"""Up to here, as from `relight.WHITE` on, a sensor has told nothing."""

_TOLD = 0.1
"""A shot that differs by this from a white or black plate has something to tell there."""


@dataclass(frozen=True)
class Findings:
    """Numbers about a plate that has been brought onto a shot.

    Attributes:
        overlap: share of the shot that the plate's picture reaches.
        agreement: share of the plate's structure that the shot has as well.
        structured: whether there is enough structure to tell where the plate lies.
        num_tracks: places at which a remaining shift could be measured.
        residual_px: median of the remaining shifts there, in the shot's pixels; None where the places are too few.
        worst_px: 90th percentile of the same shifts; None likewise.
        differs: share of the frame that still has another colour.
        added: share of the frame where the plate, not the shot, seems to have something that was added.
        brought: share of the frame where the shot, not the plate, does.
        lost: share of the frame where the plate is burnt out or black, and the shot is not.

    """

    overlap: float
    agreement: float
    structured: bool
    num_tracks: int
    residual_px: float | None
    worst_px: float | None
    differs: float
    added: float
    brought: float
    lost: float


def remaining_shift(moved_plate: Image, shot: Image, inside: NDArray[np.bool_]) -> Image:
    """How far corners of the plate still lie from where the shot has them.

    Args:
        moved_plate: luma (h, w) of the registered plate.
        shot: luma (h, w).
        inside: (h, w): where the plate's picture reaches.

    Returns:
        distances in pixels of the corners that were found again.

    Source: Lucas and Kanade, An iterative image registration technique, 1981; forward and back.

    """
    reach = max(2.0, max(shot.shape) / 40)
    plates, shots = (structure(luma, reach)[0] for luma in (moved_plate, shot))
    first, second = _eight_bit(plates), _eight_bit(shots)
    plain = (inside & (presence(plates, reach / 2) > _PLAIN)).astype(np.uint8)  # a bare wall's noise has corners too
    apart = max(4, max(shot.shape) // 60)
    seen = cast("Image | None", cv2.goodFeaturesToTrack(first, 600, 0.02, apart, mask=plain, blockSize=5))
    if seen is None:
        return np.empty(0, np.float32)
    corners = seen.reshape(-1, 2)
    there, good = _tracked(first, second, corners)
    back, good_back = _tracked(second, first, there)
    good &= good_back & (_length(back - corners) < 0.5)
    return _among_neighbours(corners[good], (there - corners)[good])


def _tracked(first: NDArray[np.uint8], second: NDArray[np.uint8], places: Image) -> tuple[Image, NDArray[np.bool_]]:
    """Where places (n, 2) of one picture are in the other, and which of them look alike there."""
    there, found, error = cv2.calcOpticalFlowPyrLK(
        first, second, places[:, None], np.copy(places[:, None]), winSize=(15, 15), maxLevel=2
    )
    good = (np.asarray(found)[:, 0] > 0) & (np.asarray(error)[:, 0] < _ALIKE)
    return np.asarray(there, np.float32)[:, 0], good


def _length(vectors: Image) -> Image:
    return np.hypot(vectors[:, 0], vectors[:, 1]).astype(np.float32)


def _among_neighbours(places: Image, shifts: Image) -> Image:
    """The length of the median shift (n,) of each place and its nearest others: one that stands alone is a mistake."""
    if len(places) < _NEIGHBOURS:
        return np.empty(0, np.float32)
    apart = ((places[:, None] - places[None]) ** 2).sum(axis=2)
    nearest = np.argpartition(apart, _NEIGHBOURS - 1, axis=1)[:, :_NEIGHBOURS]
    return _length(np.asarray(np.median(shifts[nearest], axis=1), np.float32))


def difference(mended: Image, shot: Image) -> Image:
    """By how much the colours (h, w, 3) of small neighbourhoods differ: (h, w), the largest of the three."""
    return np.abs(blur(mended - shot, 1.0)).max(axis=2)


def differing(mended: Image, shot: Image, same: Image) -> NDArray[np.bool_]:
    """Where the mended plate shows another surface than the shot: another colour, and not the same structure.

    Args:
        mended: (h, w, 3) sRGB in [0, 1].
        shot: (h, w, 3).
        same: (h, w) as of `surely_same`, but 1 beyond the plate's border.

    Returns:
        (h, w), without specks, and without small holes: inside a figure, plate and shot meet by chance.

    """
    mask = ((difference(mended, shot) > _DIFFERS) & (same < _SURE)).astype(np.uint8)
    opened = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, _NEAR), np.uint8)
    found = cv2.connectedComponentsWithStats(1 - opened, connectivity=4)
    labels, areas = np.asarray(found[1], np.int32), np.asarray(found[2], np.int32)[:, cv2.CC_STAT_AREA]
    small = areas < _HOLE * mask.size
    small[0] = False  # not a hole but the mask itself
    return (opened > 0) | small[labels]


def lost_in_plate(plate: Image, shot: Image) -> NDArray[np.bool_]:
    """Where a colour of the plate (h, w, 3) is burnt out or black, and the shot's is not; (h, w)."""
    silent = (plate >= WHITE) | (plate <= _BLACK)
    return np.asarray((silent & (np.abs(shot - plate) > _TOLD)).any(axis=2), np.bool_)


def added_to_plate(mended: Image, shot: Image, differs: NDArray[np.bool_]) -> tuple[float, float]:
    """The shares of the frame where something was added to the plate, and to the shot.

    Where two pictures differ, one of them has an object and the other what is behind it. In the picture that has the
    object, the outline of the difference is an edge and the colours inside are others than around; in the other, what
    is around goes on inside. Where this does not tell, neither share counts.
    """
    vote = _vote(mended, shot, differs)
    return float((vote > _TELLS).mean()), float((vote < -_TELLS).mean())


def _vote(mended: Image, shot: Image, differs: NDArray[np.bool_]) -> Image:
    """-1 the shot .. 1 the plate, (h, w); 0 where they do not differ."""
    reach = max(differs.shape) / 40
    inner, outer = differs.astype(np.float32), (~differs).astype(np.float32)
    rim = np.asarray(cv2.dilate(inner, _NEAR) - cv2.erode(inner, _NEAR), np.float32)
    edges = [
        np.asarray(cv2.dilate(_edge(picture), np.ones((5, 5), np.uint8)), np.float32) for picture in (mended, shot)
    ]
    around = _mean_within(np.multiply(mended + shot, 0.5, dtype=np.float32), outer, reach)
    steps = [np.abs(_mean_within(picture, inner, reach) - around).max(axis=2) for picture in (mended, shot)]
    cues = [(plates - shots) / (plates + shots + np.float32(0.02)) for plates, shots in (edges, steps)]
    wide = max(differs.shape) / _MAJORITY
    vote = blur(np.asarray((cues[0] + cues[1]) / 2 * rim, np.float32), wide) / (blur(rim, wide) + np.float32(1e-3))
    return np.asarray(vote * inner, np.float32)


def _mean_within(rgb: Image, mask: Image, reach: float) -> Image:
    share = blur(mask, reach) + np.float32(1e-3)
    return np.divide(blur(rgb * mask[..., None], reach), share[..., None], dtype=np.float32)


def _edge(rgb: Image) -> Image:
    x, y = slopes(rgb)
    return np.sqrt((x * x + y * y).max(axis=2), dtype=np.float32)


def _eight_bit(values: Image) -> NDArray[np.uint8]:
    return np.clip(values * 40 + 128, 0, 255).astype(np.uint8)


def surely_same(moved_plate: Image, shot: Image, inside: NDArray[np.bool_]) -> Image:
    """How surely a pixel shows one surface in both, by structure alone: (h, w) in [0, 1]; what is flat counts a bit."""
    reach = max(2.0, max(shot.shape[:2]) / 40)
    plates, shots = (structure(grey(picture), reach)[0] for picture in (moved_plate, shot))
    alike = likeness(plates, shots, reach / 2)
    # of the stronger of the two: a figure before a bare wall is a difference, not a lack of structure
    textured = np.maximum(presence(plates, reach / 2), presence(shots, reach / 2))
    same = np.clip((alike - np.float32(0.2)) / np.float32(0.5), 0, 1)
    return (inside * (textured * same + (1 - textured) * np.float32(0.5))).astype(np.float32)
