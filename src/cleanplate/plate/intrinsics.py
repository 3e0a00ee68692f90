"""How pixels become rays: the focal length of a plate, and where it is known from."""

import math
from dataclasses import dataclass
from numbers import Real
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cleanplate.errors import UsageError
from cleanplate.imaging.lens import Lens

ASSUMED_FOV_DEG = 65.0
"""Along the longer side, where nobody says: the main camera of a phone (26 mm on film: 67 degrees on a 4:3 picture)."""

_FILM_DIAGONAL_MM = math.hypot(36, 24)
_FOV_DEG = (5.0, 170.0)


@dataclass(frozen=True)
class Intrinsics:
    """A camera without distortion, with square pixels, its optical axis through the middle of the picture.

    Attributes:
        focal_px: focal length in pixels of a picture of `size_hw`.
        size_hw: the size of that picture.
        source: "given" by the user, from "exif", or "assumed".
    """

    focal_px: float
    size_hw: tuple[int, int]
    source: Literal["given", "exif", "assumed"]

    @property
    def fov_deg(self) -> float:
        """The horizontal field of view in degrees."""
        return math.degrees(2 * math.atan(self.size_hw[1] / 2 / self.focal_px))

    def at(self, size_hw: tuple[int, int]) -> "Intrinsics":
        """The same camera for a resized picture."""
        return Intrinsics(self.focal_px * max(size_hw) / max(self.size_hw), size_hw, self.source)

    def slopes(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """How far the ray through the middle of pixel x, y goes right and down on its way of 1 along the axis.

        >>> camera = Intrinsics(2.0, (4, 4), "given")
        >>> [float(side) for side in camera.slopes(np.array(3.0), np.array(0.0))]
        [0.75, -0.75]
        """
        height, width = self.size_hw
        return (x + 0.5 - width / 2) / self.focal_px, (y + 0.5 - height / 2) / self.focal_px

    def depth_m(self, x: float, y: float, distance_m: float) -> float:
        """Metres along the optical axis of what is `distance_m` from the lens on the ray through pixel x, y.

        >>> Intrinsics(1.0, (1, 3), "given").depth_m(1, 0, 2.0)
        2.0
        >>> round(Intrinsics(1.0, (1, 3), "given").depth_m(2, 0, 2.0), 4)
        1.4142
        """
        right, down = self.slopes(np.array([x], np.float64), np.array([y], np.float64))
        return distance_m / math.sqrt(1 + float(right[0]) ** 2 + float(down[0]) ** 2)


def find_intrinsics(size_hw: tuple[int, int], fov_deg: float | None, lens: Lens | None) -> Intrinsics:
    """The camera of a picture of `size_hw`: by the horizontal `fov_deg` if given, else by EXIF, else assumed.

    EXIF's FocalLengthIn35mmFilm is taken for the focal length with the same diagonal field of view on 36 x 24 mm film;
    without it FocalLength counts where FocalPlaneXResolution tells the size of a pixel.

    Raises:
        UsageError: `fov_deg` is no number between 5 and 170.

    >>> round(find_intrinsics((480, 640), 90.0, None).focal_px, 6)
    320.0
    >>> round(find_intrinsics((600, 800), None, Lens(26.0, None, None)).fov_deg, 1)
    67.3
    """
    height, width = size_hw
    if fov_deg is not None:
        if not isinstance(fov_deg, Real):
            raise UsageError(f"a field of view of {fov_deg!r} is no number; give degrees, 5 to 170, horizontally")
        if not _FOV_DEG[0] <= fov_deg <= _FOV_DEG[1]:
            raise UsageError(f"a field of view of {fov_deg:g} degrees is impossible; give 5 to 170, horizontally")
        return Intrinsics(width / 2 / math.tan(math.radians(fov_deg) / 2), size_hw, "given")
    if lens is not None and lens.focal_35mm is not None:
        return Intrinsics(lens.focal_35mm * math.hypot(height, width) / _FILM_DIAGONAL_MM, size_hw, "exif")
    if lens is not None and lens.focal_px is not None:
        resized = max(size_hw) / (lens.long_side_px or max(size_hw))
        return Intrinsics(lens.focal_px * resized, size_hw, "exif")
    return Intrinsics(max(size_hw) / 2 / math.tan(math.radians(ASSUMED_FOV_DEG) / 2), size_hw, "assumed")
