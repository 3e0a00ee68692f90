"""A registration made exact: dense, and blind to what does not fit."""

import cv2
import numpy as np

from cleanplate.imaging import Image
from cleanplate.plate.geometry import Matrix, unit
from cleanplate.plate.structure import likeness

_TUKEY = 3.0
_PRIOR_PX = np.array([1e3, 1e3, 1e3, 1e3, 4.0, 4.0, 8.0, 8.0])
"""How large each part of a step may be, at a picture's ends: shift, zoom and turn are free, shear and perspective are
only believed where much speaks for them, since they run away where half of the picture is hidden."""


def step(moved_plate: Image, shot: Image, inside: Image, reach_px: float) -> tuple[Matrix, float]:
    """One step that brings a plate nearer to a shot: iterated reweighting, a homography's eight numbers.

    Args:
        moved_plate: structure (h, w) of the plate as it lies now.
        shot: structure (h, w) of the shot.
        inside: weight (h, w) in [0, 1]: 0 where the plate shows nothing.
        reach_px: window in which the two are compared to leave the foreground out.

    Returns:
        The step (3, 3), to be multiplied from the left, and the share of the textured weight that takes part.

    Source: Evangelidis and Psarakis, Parametric image alignment using enhanced correlation coefficient maximization,
    2008 (what is aligned); Malis, Improving vision-based control using efficient second-order minimization, 2004 (both
    gradients); Beaton and Tukey, The fitting of power series, 1974 (the weights).

    """
    height, width = shot.shape
    alike, textured = likeness(moved_plate, shot, reach_px)
    trust = inside * np.clip((alike - np.float32(0.2)) / np.float32(0.4), 0, 1)
    mean = (moved_plate + shot) / 2
    slope_x = np.asarray(cv2.Scharr(mean, cv2.CV_32F, 1, 0, scale=1 / 32), np.float32)
    slope_y = np.asarray(cv2.Scharr(mean, cv2.CV_32F, 0, 1, scale=1 / 32), np.float32)
    difference = moved_plate - shot
    use = (trust > 0.05) & (slope_x**2 + slope_y**2 > 1e-4)
    share = float((trust * textured).sum() / max(float((inside * textured).sum()), 1e-6))
    if np.count_nonzero(use) < 50:
        return np.eye(3), share
    half = np.float32(max(height, width) / 2)
    rows, columns = np.nonzero(use)
    x = (columns.astype(np.float32) - np.float32((width - 1) / 2)) / half
    y = (rows.astype(np.float32) - np.float32((height - 1) / 2)) / half
    gx, gy, r = slope_x[use], slope_y[use], difference[use]
    radial = gx * x + gy * y
    basis = np.stack([gx, gy, radial, gy * x - gx * y, gx * x - gy * y, gx * y + gy * x, radial * x, radial * y])
    theta = _robust(basis, r, trust[use])
    return _as_matrix(theta / float(half), float(half), ((width - 1) / 2, (height - 1) / 2)), share


def _robust(basis: Image, wanted: Image, trust: Image) -> Matrix:
    """Weights by Tukey, scale by the median deviation; pixels in pixels."""
    theta = np.zeros(8)
    rest = wanted
    for _ in range(3):
        scale = max(1.4826 * float(np.median(np.abs(rest))), 0.02)
        weight = trust * np.clip(1 - (rest / np.float32(_TUKEY * scale)) ** 2, 0, 1) ** 2
        weighted = basis * weight
        # neighbours share their noise: of 25 pixels one counts as a witness against the prior
        prior = 25 * scale**2 / _PRIOR_PX**2
        normal = (weighted @ basis.T).astype(np.float64) + np.diag(prior)
        theta = np.linalg.solve(normal + 1e-9 * np.trace(normal) * np.eye(8), (weighted @ wanted).astype(np.float64))
        rest = wanted - (theta.astype(np.float32) @ basis)
    return theta


def _as_matrix(theta: Matrix, half: float, middle: tuple[float, float]) -> Matrix:
    shift_x, shift_y, zoom, turn, stretch, shear, tilt_x, tilt_y = theta
    own = np.array(
        [
            [1 + zoom + stretch, shear - turn, shift_x],
            [shear + turn, 1 + zoom - stretch, shift_y],
            [-tilt_x, -tilt_y, 1],
        ]
    )
    frame = np.array([[half, 0, middle[0]], [0, half, middle[1]], [0, 0, 1]])
    return unit(frame @ own @ np.linalg.inv(frame))
