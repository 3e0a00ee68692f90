"""High dynamic range to sRGB: the PQ and HLG curves, BT.2020 to sRGB primaries, and one tone curve."""

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image
from cleanplate.imaging.arrays import to_uint
from cleanplate.imaging.colour import linear_to_srgb

Transfer = Literal["PQ", "HLG"]

WHITE_NITS = 203.0
"""What white paper has in an HDR picture (ITU-R BT.2408-7, 2.1)."""

PEAK_NITS = 1000.0
"""The brightest light whose detail is kept, in cd/m2: HLG's nominal peak, and what most PQ films are mastered for."""

_TO_SRGB_PRIMARIES = np.array(  # ITU-R BT.2087-0, annex 2
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32
)
_LUMINANCE_2020 = np.array([[0.2627, 0.6780, 0.0593]], np.float32)
_HLG_GAMMA = 1.2  # at a peak of 1000 nits
_LEVELS = 1 << 16


def tone_mapped(codes: NDArray[np.uint16], white: int, transfer: Transfer) -> Image:
    """The sRGB picture of an HDR one.

    Light up to about half of reference white stays as it is, brighter light is rolled off so that 1000 nits become
    1. The curve works on the largest of red, green and blue, which keeps hues (ITU-R BT.2390-11, 5.4.1, "EETF").

    Args:
        codes: (h, w, 3) uint16 R'G'B' of BT.2020 primaries.
        white: the code that stands for 1.
        transfer: what the codes mean, SMPTE ST 2084 ("PQ") or ARIB STD-B67 ("HLG").

    Returns:
        (h, w, 3) float32 in [0, 1].

    """
    signal = np.minimum(np.arange(_LEVELS) / white, 1)
    light = (pq_to_nits(signal) if transfer == "PQ" else _hlg_to_scene_light(signal)).astype(np.float32)[codes]
    if transfer == "HLG":
        light *= PEAK_NITS * cv2.transform(light, _LUMINANCE_2020)[..., None] ** np.float32(_HLG_GAMMA - 1)
    light = np.maximum(cv2.transform(light, _TO_SRGB_PRIMARIES), 0)
    brightest = np.maximum(np.maximum(light[..., 0], light[..., 1]), light[..., 2])
    light *= _gains()[_levels(np.divide(brightest, PEAK_NITS, dtype=np.float32))][..., None]
    return linear_to_srgb(np.linspace(0, 1, _LEVELS, dtype=np.float32))[_levels(light)]


def _levels(shares: Image) -> NDArray[np.uint16]:
    """Values in [0, 1] as the nearest of 65,536 levels: tables take a fifth of the time of powers."""
    return to_uint(shares, 16)


def pq_to_nits(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Light in cd/m2 of a PQ signal in [0, 1], any shape (SMPTE ST 2084, equation 4.1).

    >>> pq_to_nits(np.array([0.0, 0.5081, 1.0])).round().tolist()
    [0.0, 100.0, 10000.0]
    """
    root = np.asarray(signal) ** (1 / 78.84375)
    return 10000 * (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)


def nits_to_pq(nits: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse of `pq_to_nits`.

    >>> nits_to_pq(np.array([0.0, 100.0, 10000.0])).round(4).tolist()
    [0.0, 0.5081, 1.0]
    """
    power = (np.asarray(nits) / 10000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def _hlg_to_scene_light(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scene light in [0, 1] of an HLG signal (ITU-R BT.2100-2, table 5, the OETF's inverse)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)


def _gains() -> NDArray[np.float32]:
    """What light is multiplied by, white becoming 1, for each level of its brightest colour's share of the peak.

    A Hermite roll-off above the knee, in steps of PQ (BT.2390-11, 5.4.1).
    """
    nits = np.maximum(np.linspace(0, PEAK_NITS, _LEVELS), 1e-6)
    peak, white = nits_to_pq(np.array([PEAK_NITS, WHITE_NITS]))
    top = white / peak
    knee = 1.5 * top - 0.5
    given = nits_to_pq(nits) / peak
    t = np.maximum(given - knee, 0) / (1 - knee)
    rolled = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * top
    mapped = np.where(given < knee, nits, pq_to_nits(rolled * peak))
    return np.asarray(mapped / nits / WHITE_NITS, np.float32)
