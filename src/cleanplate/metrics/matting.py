"""How well a matte fits the truth, away from the truth's own edge."""

import numpy as np

from cleanplate.imaging import Image
from cleanplate.metrics import Mask

BAND_PX = 2
"""Pixels on either side of the truth's edge that are not scored: hand-made and depth-made edges are not exact there."""

FOUND = 0.5
"""From this alpha on a pixel counts as foreground."""


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


def mean_absolute_error(alpha: Image, truth: Mask, scored: Mask) -> float | None:
    """Mean of `|alpha - truth|` over the `scored` pixels, with truth 1 on the foreground; in [0, 1], smaller is better.

    All three are (h, w), alpha in [0, 1]. `None` where no pixel is scored.

    >>> truth = np.array([[False, True, True]])
    >>> mean_absolute_error(np.array([[0.5, 1.0, 0.5]], np.float32), truth, np.array([[True, True, False]]))
    0.25
    """
    if not scored.any():
        return None
    return float(np.abs(alpha[scored] - truth[scored]).mean())


def _near(region: Mask, distance_px: int) -> Mask:
    """The region grown by a square of `2 * distance_px + 1` pixels: first along the rows, then along the columns."""
    height, width = region.shape
    padded = np.pad(region, distance_px)
    offsets = range(2 * distance_px + 1)
    rows = np.logical_or.reduce([padded[:, offset : offset + width] for offset in offsets])
    return np.logical_or.reduce([rows[offset : offset + height] for offset in offsets])
