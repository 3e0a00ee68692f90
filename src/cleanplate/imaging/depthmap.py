"""Disparity as files and pictures: 16-bit codes, the single map out of two layers, a colour map to look at."""

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image
from cleanplate.imaging.arrays import strips

_TOP = 65535


def encode_disparity16(disparity: Image, lo: float, hi: float) -> tuple[NDArray[np.uint16], int]:
    """Disparity as 16-bit codes: round((disparity - lo) / (hi - lo) * 65535), clipped to 0..65535.

    Args:
        disparity: (h, w) float32, finite, larger = nearer.
        lo: the disparity of code 0.
        hi: the disparity of code 65535; greater than `lo`.

    Returns:
        The codes (h, w) uint16, and how many pixels lay outside lo..hi and were clipped.

    >>> codes, clipped = encode_disparity16(np.float32([[0.0, 0.5, 1.5]]), 0.0, 1.0)
    >>> codes.tolist(), clipped
    ([[0, 32768, 65535]], 1)

    """
    if not hi > lo:
        raise ValueError(f"hi must be greater than lo, got lo {lo} and hi {hi}")
    codes = np.empty(disparity.shape, np.uint16)
    clipped = 0
    for rows in strips(*disparity.shape):
        # float64: near a large lo, float32 would lose more than the step of the code
        position = (disparity[rows].astype(np.float64) - lo) / (hi - lo)
        clipped += int(np.count_nonzero((position < 0) | (position > 1)))
        codes[rows] = np.rint(np.clip(position, 0, 1) * _TOP)
    return codes, clipped


def decode_disparity16(codes: NDArray[np.uint16], lo: float, hi: float) -> Image:
    """Disparity (h, w) float32 of 16-bit codes: lo + code / 65535 * (hi - lo), within half a step of what was encoded.

    >>> decode_disparity16(np.array([[0, 65535]], np.uint16), 2.0, 4.0).tolist()
    [[2.0, 4.0]]
    """
    return (lo + codes.astype(np.float64) / _TOP * (hi - lo)).astype(np.float32)


def merge_layers(alpha: Image, foreground_disparity: Image, plate_disparity: Image) -> Image:
    """One disparity map out of two layers, all (h, w): the foreground's where alpha >= 0.5, else the plate's.

    No blend: halfway between two surfaces there is none, and points would hang in mid-air.
    """
    merged = np.array(plate_disparity, np.float32)
    np.copyto(merged, foreground_disparity, where=alpha >= 0.5)
    return merged


def colour_map(disparity: Image, lo: float, hi: float) -> Image:
    """Disparity (h, w) as a picture (h, w, 3) in [0, 1] to look at: black at `lo`, by red, to pale yellow at `hi`."""
    span = max(hi - lo, np.finfo(np.float32).tiny)
    codes = np.rint(np.clip((disparity - lo) / span, 0, 1) * 255).astype(np.uint8)
    bgr = cv2.applyColorMap(codes, cv2.COLORMAP_INFERNO)
    return np.divide(bgr[..., ::-1], 255, dtype=np.float32)
