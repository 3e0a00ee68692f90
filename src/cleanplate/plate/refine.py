"""A registration made exact: dense, and blind to what does not fit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image
from cleanplate.plate.geometry import Matrix, unit
from cleanplate.plate.structure import likeness, slopes

_TUKEY = 3.0
_ROUNDS = 3
_MIN_PLACES = 50
_WITNESSES = 25
"""Neighbours share their noise: of so many pixels one counts as a witness against the prior."""

_PRIOR_PX = np.array([1e3, 1e3, 1e3, 1e3, 4.0, 4.0, 8.0, 8.0])
"""How large each part of a step may be, at a picture's ends: shift, zoom and turn are free, shear and perspective are
only believed where much speaks for them, since they run away where half of the picture is hidden."""

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Seen:
    """How a picture differs from the one before: movement, added light, gained light, share of places that fit."""

    matrix: Matrix
    offset: float
    gain: float
    share: float


class Steps:
    """Small steps from one luma (h, w) at the places of a mask; what depends on it alone is computed once."""

    def __init__(self, luma: Image, mask: Image) -> None:
        self._places = np.nonzero(mask)
        self._size_hw = (luma.shape[0], luma.shape[1])
        self._luma = luma[self._places]
        across, down = (slope[self._places] for slope in slopes(luma))
        motion = _basis(across, down, self._places, self._size_hw)[:4]
        level = self._luma - self._luma.mean(dtype=np.float32) if len(self._luma) else self._luma
        # a brighter picture looks like a movement at every edge unless light may explain it
        self._basis = np.concatenate([motion, -np.ones_like(level)[None], -level[None]])

    def towards(self, luma: Image) -> Seen | None:
        """The movement (shift, zoom, turn) and light that lead to another luma; None where nothing tells."""
        if len(self._luma) < _MIN_PLACES:
            return None
        theta, share = _robust(self._basis, self._luma - luma[self._places], np.ones_like(self._luma), np.zeros(6))
        motion = np.concatenate([theta[:4], np.zeros(4)])
        return Seen(_as_matrix(motion, self._size_hw), float(theta[4]), float(theta[5]), share)


def step(moved_plate: Image, shot: Image, inside: Image, reach_px: float) -> Matrix:
    """One step that brings a plate nearer to a shot: iterated reweighting, a homography's eight numbers.

    Args:
        moved_plate: structure (h, w) of the plate as it lies now.
        shot: structure (h, w) of the shot.
        inside: weight (h, w) in [0, 1]: 0 where the plate shows nothing.
        reach_px: window in which the two are compared to leave the foreground out.

    Returns:
        The step (3, 3), to be multiplied from the left.

    Source: Evangelidis and Psarakis, Parametric image alignment using enhanced correlation coefficient maximization,
    2008 (what is aligned); Malis, Improving vision-based control using efficient second-order minimization, 2004 (both
    gradients); Beaton and Tukey, The fitting of power series, 1974 (the weights).

    """
    alike = likeness(moved_plate, shot, reach_px)
    trust = np.asarray(inside * np.clip((alike - np.float32(0.2)) / np.float32(0.4), 0, 1), np.float32)
    slope_x, slope_y = slopes(np.multiply(moved_plate + shot, 0.5, dtype=np.float32))
    use = np.nonzero((trust > 0.05) & (slope_x**2 + slope_y**2 > 1e-4))
    if len(use[0]) < _MIN_PLACES:
        return np.eye(3)
    size_hw = (shot.shape[0], shot.shape[1])
    basis = _basis(slope_x[use], slope_y[use], use, size_hw)
    theta, _ = _robust(basis, (moved_plate - shot)[use], trust[use], 1 / _PRIOR_PX**2)
    return _as_matrix(theta, size_hw)


def _basis(gx: Image, gy: Image, places: tuple[NDArray[np.intp], ...], size_hw: tuple[int, int]) -> Image:
    """What the difference at each place becomes by shift x, shift y, zoom, turn, stretch, shear and two tilts (8, n).

    In pixels at the ends of the longer side.
    """
    height, width = size_hw
    half = np.float32(max(size_hw) / 2)
    x = np.asarray((places[1] - (width - 1) / 2) / half, np.float32)
    y = np.asarray((places[0] - (height - 1) / 2) / half, np.float32)
    radial = gx * x + gy * y
    rows = [gx, gy, radial, gy * x - gx * y, gx * x - gy * y, gx * y + gy * x, radial * x, radial * y]
    return np.stack(rows).astype(np.float32)


def _robust(basis: Image, wanted: Image, trust: Image, prior: _Floats) -> tuple[_Floats, float]:
    """Least squares with Tukey's weights, scale by the median deviation; also the share of places that fit."""
    theta: _Floats = np.zeros(len(basis))
    rest, weight = wanted, trust
    for _ in range(_ROUNDS):
        scale = max(1.4826 * float(np.median(np.abs(rest))), 0.004)
        apart = rest / np.float32(_TUKEY * scale)
        weight = np.asarray(trust * np.clip(1 - apart * apart, 0, 1) ** 2, np.float32)
        weighted = basis * weight
        normal = (weighted @ basis.T).astype(np.float64) + np.diag(_WITNESSES * scale**2 * prior)
        normal += 1e-9 * np.trace(normal) * np.eye(len(basis))
        theta = np.asarray(np.linalg.solve(normal, (weighted @ wanted).astype(np.float64)), np.float64)
        rest = wanted - (theta.astype(np.float32) @ basis)
    return theta, float((weight > 0.1).mean())


def _as_matrix(theta: _Floats, size_hw: tuple[int, int]) -> Matrix:
    half = max(size_hw) / 2
    shift_x, shift_y, zoom, turn, stretch, shear, tilt_x, tilt_y = theta / half
    own = np.array(
        [
            [1 + zoom + stretch, shear - turn, shift_x],
            [shear + turn, 1 + zoom - stretch, shift_y],
            [-tilt_x, -tilt_y, 1],
        ]
    )
    frame = np.array([[half, 0, (size_hw[1] - 1) / 2], [0, half, (size_hw[0] - 1) / 2], [0, 0, 1]])
    return unit(frame @ own @ np.linalg.inv(frame))
