"""The shadow that the foreground casts, as a layer of its own."""

import cv2
import numpy as np

from cleanplate.imaging import Image, Pixels
from cleanplate.imaging.arrays import strips
from cleanplate.imaging.colour import linear_to_srgb, srgb_to_linear
from cleanplate.imaging.resize import resize
from cleanplate.imaging.spreading import spread

_CELLS = 256
"""Cells along the shorter side: shadows are soft, and noise is not to become one."""

_DARK_FROM, _DARK_FULLY = 0.04, 0.1
"""The loss of light from which a cell can be in shadow, and from which all of the loss is kept."""

_DIMMEST = 0.02
"""Linear light of the plate under which a ratio says nothing."""


def cast_shadow(shot: Pixels, plate: Image, alpha: Image) -> Image:
    """How much of the plate's light is left where the foreground casts its shadow.

    The ratio of shot to plate where alpha is small, against its median over the whole background, so that another
    exposure is no shadow; at most 1, and below only in what is clearly darker and touches the foreground. Under the
    foreground it goes on as around it.

    Args:
        shot: (h, w, 3) sRGB.
        plate: (h, w, 3) float32, the same.
        alpha: (h, w) float32 in [0, 1].

    Returns:
        (h, w) float32 in [0, 1], of linear light: 1 = no shadow.

    """
    scale = min(1.0, _CELLS / min(alpha.shape))
    size_hw = (max(1, round(alpha.shape[0] * scale)), max(1, round(alpha.shape[1] * scale)))
    part = resize(alpha, size_hw)
    seen, behind = (srgb_to_linear(resize(rgb, size_hw)).mean(axis=2) for rgb in (shot, plate))
    known = np.where(behind > _DIMMEST, np.clip(1 - part, 0, 1) ** 8, 0).astype(np.float32)
    background = known > 0.5
    if not background.any() or not (part >= 0.5).any():
        return np.ones(alpha.shape, np.float32)
    ratio = seen / np.maximum(behind, _DIMMEST)
    ratio /= max(float(np.median(ratio[background])), 1e-3)
    (smooth,), _ = spread([np.clip(ratio, 0, 1.5)], known)
    lost = np.clip(1 - smooth, 0, 1)
    step = np.clip((lost - _DARK_FROM) / (_DARK_FULLY - _DARK_FROM), 0, 1)
    lost = np.where(_touching(lost > _DARK_FROM, part >= 0.5), lost * step * step * (3 - 2 * step), 0)
    left = np.asarray(cv2.blur((1 - lost).astype(np.float32), (3, 3)), np.float32)
    return resize(left, (alpha.shape[0], alpha.shape[1]))


def shaded(backdrop: Image, shadow: Image) -> Image:
    """A backdrop (h, w, 3) in a shadow (h, w): its light times what is left of it, as sRGB."""
    result = backdrop.copy()
    for rows in strips(*shadow.shape):
        dark = shadow[rows] < 1
        result[rows][dark] = linear_to_srgb(srgb_to_linear(backdrop[rows][dark]) * shadow[rows][dark][:, None])
    return result


def _touching(
    dark: np.typing.NDArray[np.bool_], foreground: np.typing.NDArray[np.bool_]
) -> np.typing.NDArray[np.bool_]:
    """The dark regions that, with the foreground, make one piece."""
    _, labels = cv2.connectedComponents((dark | foreground).astype(np.uint8), connectivity=8)
    return dark & np.isin(labels, np.unique(labels[foreground]))
