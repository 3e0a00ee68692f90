"""How well a matte fits the truth: away from the edge of a mask made by hand, and at every soft edge of an exact one.

`truth` is a Mask where it only tells foreground from background (by hand, by depth camera), and an Image (alpha in
[0, 1]) where coverage is known exactly (rendered pairs).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image
from cleanplate.metrics import Mask

BAND_PX = 2
"""Pixels on either side of the truth's edge that are not scored: hand-made and depth-made edges are not exact there."""

FOUND = 0.5
"""From this alpha on a pixel counts as foreground."""

EDGE_PX = 10
"""Pixels up to this far from the true edge are also scored on their own (`near_edge`)."""

SOFT = 0.02, 0.98
"""Strictly between these alphas a pixel is partly covered; beyond them it is covered or not, but for rounding."""

_SIGMA_PX, _REACH_PX = 1.4, 4  # at 4 px the Gaussian is below 2 % of its peak
_CONNECTED_STEPS = 10
_DISCONNECTED = 0.15  # Rhemann's theta: what sticks out less is no visible fault


def scored_pixels(truth: Mask, known: Mask, band_px: int = BAND_PX) -> Mask:
    """Where a matte is scored: where the truth is known, and not within `band_px` of the truth's edge.

    `truth` (h, w) is True on the foreground, `known` (h, w) False where the truth says nothing; the result is (h, w).
    The edge is taken from `truth` alone, so the border of an unknown region counts as one where it touches the
    foreground. Distance is the larger of the horizontal and the vertical one; nothing lies beyond the picture.

    >>> row = np.array([[False, False, False, True, True, True]])
    >>> scored_pixels(row, np.ones_like(row), band_px=1).astype(int)
    array([[1, 1, 0, 0, 1, 1]])
    """
    return known & ~(_near(truth, band_px) & _near(~truth, band_px))


def iou(alpha: Image, truth: Mask, scored: Mask) -> float:
    """Intersection over union of `alpha >= 0.5` and `truth` over the `scored` pixels; in [0, 1], larger is better.

    All three are (h, w), alpha in [0, 1]. Where nothing was there and nothing was found the result is 0, as in the
    project's yardstick, so a perfect 1 needs a foreground. Source: P. Jaccard, 1912, "The distribution of the flora
    in the alpine zone".

    >>> truth = np.array([[False, True, True, True]])
    >>> iou(np.array([[0.6, 0.7, 0.5, 0.4]], np.float32), truth, np.ones_like(truth))
    0.5
    """
    there, found = truth[scored], alpha[scored] >= FOUND
    return int(np.count_nonzero(found & there)) / max(1, int(np.count_nonzero(found | there)))


def mean_absolute_error(alpha: Image, truth: Mask | Image, scored: Mask) -> float | None:
    """Mean of `|alpha - truth|` over the `scored` pixels; in [0, 1], smaller is better.

    All three are (h, w), alpha in [0, 1], truth a mask (1 on the foreground) or the true alpha. `None` where no pixel
    is scored. With `near_edge(truth)` as the scored pixels it is the error at the soft edge.

    >>> truth = np.array([[False, True, True]])
    >>> mean_absolute_error(np.array([[0.5, 1.0, 0.5]], np.float32), truth, np.array([[True, True, False]]))
    0.25
    """
    if not scored.any():
        return None
    return float(np.abs(alpha[scored] - truth[scored]).mean())


def near_edge(truth: Image, distance_px: float = EDGE_PX) -> Mask:
    """Where a pixel lies within `distance_px` of the true edge, both (h, w), truth an alpha in [0, 1].

    A pixel is of the edge where it is partly covered, `0.02 < truth < 0.98`, or where one of the four pixels beside it
    lies across 0.5 (one below, the other not): a hard edge has no partly covered pixel. Distance is the Euclidean one
    between the middles of pixels; the border of the picture is no edge.

    >>> near_edge(np.array([[0, 0, 0, 0, 1, 1]], np.float32), distance_px=1).astype(int)
    array([[0, 0, 1, 1, 1, 1]])
    >>> near_edge(np.array([[0, 0, 0, 0.1, 0.4, 0.4]], np.float32), distance_px=2).astype(int)
    array([[0, 1, 1, 1, 1, 1]])
    """
    edge = (truth > SOFT[0]) & (truth < SOFT[1])
    covered = truth >= FOUND
    for one, other in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        across = covered[one] != covered[other]
        edge[one] |= across
        edge[other] |= across
    if not edge.any():  # cv2 measures from nothing to a large number, but does not promise it
        return edge
    away_px = cv2.distanceTransform((~edge).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(away_px <= distance_px)


def sum_absolute_differences(alpha: Image, truth: Image) -> float:
    """SAD: `sum(|alpha - truth|) / 1000`, in thousands of pixels' alpha; at least 0, smaller is better.

    Both are (h, w), alphas in [0, 1]. It grows with the picture: compare it at one size only. There is no trimap, so
    the whole picture counts. Source: Rhemann et al., 2009, "A perceptually motivated online benchmark for image
    matting".

    >>> sum_absolute_differences(np.full((20, 100), 0.5, np.float32), np.ones((20, 100), np.float32))
    1.0
    """
    return float(np.abs(_difference(alpha, truth)).sum() / 1000)


def mean_squared_error(alpha: Image, truth: Image) -> float:
    """MSE: `mean((alpha - truth)^2)` over the whole picture; in [0, 1], smaller is better.

    Both are (h, w), alphas in [0, 1]. Source: as `sum_absolute_differences`.

    >>> mean_squared_error(np.array([[0.5, 1.0]], np.float32), np.array([[1.0, 1.0]], np.float32))
    0.125
    """
    return float(np.square(_difference(alpha, truth)).mean())


def gradient_error(alpha: Image, truth: Image) -> float:
    """Grad: `sum((|G alpha| - |G truth|)^2) / 1000`; at least 0, smaller is better. Shows blurred and jagged edges.

    Both are (h, w), alphas in [0, 1]. `G` are the first derivatives of a Gaussian of sigma 1.4 px along x and y:
    filters of 9 x 9 pixels, their squares summing to 1; the picture goes on beyond its border as it ends there. Like
    SAD it grows with the picture. Source: Rhemann et al., 2009 (see `sum_absolute_differences`), with q = 2.

    >>> edge = np.repeat([[0.0, 1.0]], 32, 1).repeat(64, 0).astype(np.float32)
    >>> gradient_error(edge, edge), gradient_error(edge + 0.25, edge) < 1e-9
    (0.0, True)
    >>> round(1000 * gradient_error(np.zeros_like(edge), edge) / 64, 1)  # what a missed edge costs for each of its rows
    19.6
    """
    return float(np.square(_slope(alpha) - _slope(truth)).sum() / 1000)


def connectivity_error(alpha: Image, truth: Image) -> float:
    """Conn: `sum(|phi(alpha) - phi(truth)|) / 1000`; at least 0, smaller is better. Shows what floats by itself.

    Both are (h, w), alphas in [0, 1]. For t = 0.1, 0.2, ... 1, Omega(t) is the largest 4-connected region where both
    alphas are at least t, and a pixel's level l is the last t (from 0 on) before the first Omega(t) that it is not in,
    1 if it is in all. `phi(a) = 1 - d` with `d = a - l`, but 1 where d < 0.15. Like SAD it grows with the picture.
    Source: Rhemann et al., 2009 (see `sum_absolute_differences`), with p = 1, theta = 0.15 and lambda = 1, which is
    how later benchmarks compute it (Xu et al., 2017, "Deep Image Matting").

    >>> truth = np.zeros((40, 40), np.float32)
    >>> truth[:, :20] = 1
    >>> floating = truth.copy()
    >>> floating[10:20, 30:40] = 1
    >>> connectivity_error(truth, truth), connectivity_error(floating, truth)
    (0.0, 0.1)
    """
    level = np.ones(truth.shape, np.float64)
    leaves = np.zeros(truth.shape, bool)
    for step in range(1, _CONNECTED_STEPS + 1):
        threshold = np.float32(step / _CONNECTED_STEPS)
        out = ~leaves & ~_largest_region((alpha >= threshold) & (truth >= threshold))
        level[out] = (step - 1) / _CONNECTED_STEPS
        leaves |= out
    return float(np.abs(_connected(alpha, level) - _connected(truth, level)).sum() / 1000)


def _difference(alpha: Image, truth: Image) -> NDArray[np.float64]:
    return alpha.astype(np.float64) - truth


def _slope(alpha: Image) -> NDArray[np.float64]:
    """The length (h, w) of the gradient, by derivatives of a Gaussian."""
    smooth = cv2.getGaussianKernel(2 * _REACH_PX + 1, _SIGMA_PX, cv2.CV_64F)
    derived = smooth * np.arange(-_REACH_PX, _REACH_PX + 1)[:, None]
    smooth, derived = smooth / np.linalg.norm(smooth), derived / np.linalg.norm(derived)
    along_x, along_y = (
        cv2.sepFilter2D(alpha, cv2.CV_64F, kernel_x, kernel_y, borderType=cv2.BORDER_REPLICATE)
        for kernel_x, kernel_y in ((derived, smooth), (smooth, derived))
    )
    return np.hypot(along_x, along_y)


def _largest_region(mask: Mask) -> Mask:
    """The largest 4-connected region of a mask (h, w), any of several as large; nothing where there is none."""
    count, labels, figures, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if count == 1:  # label 0 is what lies outside the mask
        return np.zeros_like(mask)
    return np.asarray(labels == 1 + int(figures[1:, cv2.CC_STAT_AREA].argmax()))


def _connected(alpha: Image, level: NDArray[np.float64]) -> NDArray[np.float64]:
    beyond = alpha - level
    return 1 - np.where(beyond >= _DISCONNECTED, beyond, 0)


def _near(region: Mask, distance_px: int) -> Mask:
    """The region grown by a square of `2 * distance_px + 1` pixels: first along the rows, then along the columns."""
    height, width = region.shape
    padded = np.pad(region, distance_px)
    offsets = range(2 * distance_px + 1)
    rows = np.logical_or.reduce([padded[:, offset : offset + width] for offset in offsets])
    return np.logical_or.reduce([rows[offset : offset + height] for offset in offsets])
