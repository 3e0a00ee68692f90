"""The doctor: one plate against one shot."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image
from cleanplate.imaging.resize import resize
from cleanplate.plate.findings import (
    Findings,
    added_to_plate,
    differing,
    lost_in_plate,
    remaining_shift,
    surely_same,
)
from cleanplate.plate.geometry import Matrix, Reach, covered, motion_px, picked, reach_of, rescaled, warp
from cleanplate.plate.register import register, work_size
from cleanplate.plate.relight import Light, fit_light
from cleanplate.plate.structure import grey
from cleanplate.plate.verdict import Verdict, describe_light, describe_motion, judge

_COLOURS_PX = 320
_LIGHT_PX = 160
_MIN_TRACKS = 12


@dataclass(frozen=True)
class Diagnosis:
    """What is to be done with a plate for a shot, and what it is worth.

    `matrix` leads from plate pixels to shot pixels, None where the plate lies right; `light` is how to relight it;
    `size_hw` is the size of both pictures.
    """

    size_hw: tuple[int, int]
    matrix: Matrix | None
    light: Light
    findings: Findings
    verdict: Verdict

    @property
    def changes(self) -> bool:
        """Whether `mended` gives another picture than it gets."""
        return self.matrix is not None or not self.light.is_same

    def mended(self, plate: Image) -> Image:
        """The plate (h, w, 3) as the shot's camera would have taken it; the same array where nothing changes."""
        if self.matrix is None:
            return self.light.on(plate)
        moved = warp(plate, self.matrix)
        np.clip(moved, 0, 1, out=moved)  # in place: a picture may have 64 megapixels
        return self.light.on(moved)

    def moved(self, plate_map: Image) -> Image:
        """A map (h, w) of the plate, of any size, moved as the plate is; the same array where it is not moved."""
        if self.matrix is None:
            return plate_map
        size_hw = (plate_map.shape[0], plate_map.shape[1])
        return warp(plate_map, rescaled(self.matrix, self.size_hw, size_hw))

    def reach(self, size_hw: tuple[int, int]) -> Reach | None:
        """How far the plate reaches into the shot at size `size_hw`; None where it is not moved: it covers all."""
        return None if self.matrix is None else reach_of(rescaled(self.matrix, self.size_hw, size_hw), size_hw)

    def moved_depth(self, depth_m: Image) -> Image:
        """A depth map of the plate (h, w), of any size, moved likewise: no two depths are mixed, 0 is unknown."""
        if self.matrix is None:
            return depth_m
        size_hw = (depth_m.shape[0], depth_m.shape[1])
        return picked(depth_m, rescaled(self.matrix, self.size_hw, size_hw))


def examine(plate: Image, shot: Image, near: Matrix | None = None) -> Diagnosis:
    """Bring a plate onto a shot and judge it.

    A plate that fits the shot in no position is left as it is: neither its position nor its light is mended then.

    Args:
        plate: (h, w, 3) float32 sRGB in [0, 1].
        shot: (h, w, 3) of the same size.
        near: a matrix to try as well: where the plate lay in an earlier shot.

    """
    size_hw = (shot.shape[0], shot.shape[1])
    registration = register(plate, shot, near)
    matrix = registration.matrix
    small_hw = work_size(size_hw, _COLOURS_PX)
    pair = resize(plate, small_hw), resize(shot, small_hw)
    inside = np.ones(small_hw, np.bool_)
    if matrix is not None:
        small = rescaled(matrix, size_hw, small_hw)
        pair, inside = (warp(pair[0], small), pair[1]), covered(small, small_hw)
    same = surely_same(pair[0], pair[1], inside)
    light = _light(pair[0], pair[1], same)
    mended = light.on(np.clip(pair[0], 0, 1))
    differs = differing(mended, pair[1], np.where(inside, same, np.float32(1)))
    added, brought = added_to_plate(mended, pair[1], differs)
    shifts = _shifts(plate, shot, matrix)
    findings = Findings(
        overlap=float(inside.mean()),
        agreement=registration.agreement,
        structured=registration.structured,
        num_tracks=len(shifts),
        residual_px=float(np.median(shifts)) if len(shifts) >= _MIN_TRACKS else None,
        worst_px=float(np.percentile(shifts, 90)) if len(shifts) >= _MIN_TRACKS else None,
        differs=float(differs.mean()),
        added=added,
        brought=brought,
        lost=float((lost_in_plate(*pair) & inside).mean()),
    )
    moves = "" if matrix is None else _motion(matrix, size_hw)
    enlarged = max(size_hw) / max(work_size(size_hw))
    verdict = judge(findings, ", ".join(words for words in (moves, describe_light(light)) if words), enlarged)
    if not verdict.laid:
        return Diagnosis(size_hw, None, Light(), findings, verdict)
    return Diagnosis(size_hw, matrix, light, findings, verdict)


def _light(plate: Image, shot: Image, same: Image) -> Light:
    size_hw = work_size((shot.shape[0], shot.shape[1]), _LIGHT_PX)
    return fit_light(np.clip(resize(plate, size_hw), 0, 1), resize(shot, size_hw), resize(same, size_hw))


def _shifts(plate: Image, shot: Image, matrix: Matrix | None) -> Image:
    """Remaining shifts in the shot's pixels, measured at the size at which the plate was registered."""
    size_hw = (shot.shape[0], shot.shape[1])
    work_hw = work_size(size_hw)
    first, second = grey(resize(plate, work_hw)), grey(resize(shot, work_hw))
    inside = np.ones(work_hw, np.bool_)
    if matrix is not None:
        small = rescaled(matrix, size_hw, work_hw)
        first, inside = warp(first, small), covered(small, work_hw)
    return remaining_shift(first, second, inside) * np.float32(max(size_hw) / max(work_hw))


def _motion(matrix: Matrix, size_hw: tuple[int, int]) -> str:
    turned = _at_middle(matrix, size_hw)
    zoom = float(np.sqrt(max(np.linalg.det(turned), 0)))
    turn = float(np.degrees(np.arctan2(turned[1, 0] - turned[0, 1], turned[0, 0] + turned[1, 1])))
    return describe_motion(motion_px(matrix, size_hw), turn, zoom)


def _at_middle(matrix: Matrix, size_hw: tuple[int, int]) -> NDArray[np.float64]:
    """What a homography does to small steps (2, 2) in the picture's middle: its derivative there."""
    x, y, w = matrix @ ((size_hw[1] - 1) / 2, (size_hw[0] - 1) / 2, 1)
    return (matrix[:2, :2] - np.outer((x / w, y / w), matrix[2, :2])) / w
