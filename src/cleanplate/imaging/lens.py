"""What a picture's EXIF says about the lens it was taken with."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image as PilImage

_EXIF_IFD = 0x8769
_FOCAL_MM, _FOCAL_35MM = 0x920A, 0xA405
_WIDTH_PX, _HEIGHT_PX = 0xA002, 0xA003
_PLANE_RESOLUTION, _PLANE_UNIT = 0xA20E, 0xA210
_UNIT_MM = {2: 25.4, 3: 10.0, 4: 1.0, 5: 0.001}
"""Millimetres in a FocalPlaneResolutionUnit: inch, centimetre, and two in use that are not in the standard."""


@dataclass(frozen=True)
class Lens:
    """Focal length as EXIF gives it, in either way; `None` where it does not.

    Attributes:
        focal_35mm: the focal length in mm that has the same diagonal field of view on a 36 x 24 mm film.
        focal_px: the focal length in pixels of the picture as the camera stored it.
        long_side_px: the longer side of that picture; None: as it is now.
    """

    focal_35mm: float | None
    focal_px: float | None
    long_side_px: int | None


def read_lens(path: Path) -> Lens | None:
    """The lens by the EXIF of a picture; None where there is none, or none that makes sense.

    Source: Exif 2.32, tags FocalLengthIn35mmFilm, FocalLength, FocalPlaneXResolution and FocalPlaneResolutionUnit.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with PilImage.open(path, formats=("JPEG", "PNG", "WEBP", "TIFF")) as image:
                tags = image.getexif().get_ifd(_EXIF_IFD)
    except (OSError, ValueError, SyntaxError, PilImage.DecompressionBombError):  # whoever reads the pixels says more
        return None
    focal_mm, per_unit = _positive(tags.get(_FOCAL_MM)), _positive(tags.get(_PLANE_RESOLUTION))
    unit_mm = _UNIT_MM.get(tags.get(_PLANE_UNIT, 2))
    focal_px = focal_mm * per_unit / unit_mm if focal_mm and per_unit and unit_mm else None
    sides = [side for tag in (_WIDTH_PX, _HEIGHT_PX) if (side := _positive(tags.get(tag)))]
    found = Lens(_positive(tags.get(_FOCAL_35MM)), focal_px, int(max(sides)) if len(sides) == 2 else None)
    return found if found.focal_35mm or found.focal_px else None


def _positive(value: Any) -> float | None:
    """A number above 0, or None: a camera writes 0 (or 0/0) for "unknown"."""
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return number if 0 < number < float("inf") else None
