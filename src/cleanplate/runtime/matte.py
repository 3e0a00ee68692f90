"""What becomes of a shot: its alpha, its disparity, and what can be made of them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image, Pixels
from cleanplate.imaging.arrays import as_floats
from cleanplate.imaging.compositing import composite_light, estimate_foreground, recover_foreground
from cleanplate.imaging.depthmap import merge_layers
from cleanplate.plate.anchors import DepthScale
from cleanplate.plate.doctor import Diagnosis
from cleanplate.plate.intrinsics import Intrinsics
from cleanplate.runtime.backdrop import Backdrop, read_backdrop
from cleanplate.runtime.shadow import cast_shadow, shaded
from cleanplate.runtime.shots import PictureSource


@dataclass(frozen=True, eq=False)
class Matte:
    """What was not there in the plate, at the shot's full size; where there was no plate (`NoPlate`), the people.

    All arrays are float32 but for 8-bit codes; colours are sRGB in [0, 1].

    Attributes:
        alpha: (h, w) coverage in [0, 1].
        front: makes `foreground_disparity` when that is first asked for.
        plate_disparity: (h, w) inverse depth of the plate, also behind the foreground; larger = nearer. Its scale and
            shift are unknown, but the same for every shot of the plate; without a plate, every shot has its own.
        pixels: (h, w, 3) the shot; uint8 codes if it came in 8 bits.
        plate: (h, w, 3) the plate brought to the shot's size, position and light; None if there is none.
        disparity_range: lo and hi of 16-bit disparity files: `Plate.disparity_range` or, without a plate, the least
            and the greatest disparity of the shot.
        notices: sentences a user should read.
        camera: which ray each pixel sees; None without a plate.
        depth_scale: what turns disparity into metres; None unless the plate was anchored (`Plate.anchor`).
        diagnosis: what the doctor says of the plate for this shot; None where the doctor is off or there is no plate.
    """

    alpha: Image
    front: Callable[[], Image]
    plate_disparity: Image
    pixels: Pixels
    plate: Image | None
    disparity_range: tuple[float, float]
    notices: tuple[str, ...] = ()
    camera: Intrinsics | None = None
    depth_scale: DepthScale | None = None
    diagnosis: Diagnosis | None = None

    @property
    def shot(self) -> Image:
        """The shot (h, w, 3) float32 sRGB in [0, 1]; converted anew at each access where `pixels` are 8-bit codes."""
        return as_floats(self.pixels)

    @cached_property
    def beyond(self) -> NDArray[np.bool_] | None:
        """Where a moved plate does not cover the shot, (h, w) bool: there `plate` only repeats its border.

        None where the plate was not moved; made when asked for.
        """
        height, width = self.alpha.shape
        reach = None if self.diagnosis is None else self.diagnosis.reach((height, width))
        return None if reach is None else reach.beyond

    @cached_property
    def foreground_disparity(self) -> Image:
        """The foreground's layer (h, w) on the scale of `plate_disparity`, made when asked for.

        It is carried outward from where it was found, and means nothing where nothing was.
        """
        return self.front()

    @cached_property
    def disparity(self) -> Image:
        """The shot's one map (h, w): the foreground's where alpha >= 0.5, else the plate's."""
        return merge_layers(self.alpha, self.foreground_disparity, self.plate_disparity)

    @cached_property
    def depth_m(self) -> Image | None:
        """Metres along the optical axis (h, w), of the foreground where alpha >= 0.5, else of the plate.

        0 where there is none: over 1 km, or infinitely far. None where the plate is not anchored.
        """
        if self.depth_scale is None:
            return None
        foreground_m = self.depth_scale.depth_m(self.foreground_disparity)
        return merge_layers(self.alpha, foreground_m, self.depth_scale.room_m(self.plate_disparity))

    @cached_property
    def foreground(self) -> Image:
        """Straight foreground colour (h, w, 3) float32 in [0, 1], made when asked for.

        At edges the plate's colour is taken out exactly; where there is no plate, what stood behind is estimated.
        """
        rounded = self.plate is not None and self.pixels.dtype == np.uint8
        return as_floats(self._foreground(self.shot) if rounded else self.foreground_pixels)

    @cached_property
    def foreground_pixels(self) -> Pixels:
        """`foreground` as files keep it: uint8 codes of an 8-bit shot over a known plate, else the same floats."""
        return self._foreground(self.pixels)

    def _foreground(self, shot: Pixels) -> Pixels:
        if self.plate is None:
            return estimate_foreground(as_floats(shot), self.alpha)
        return recover_foreground(shot, self.plate, self.alpha)

    @cached_property
    def shadow(self) -> Image:
        """The share of light that the foreground's shadow leaves, (h, w) float32 in [0, 1]: 1 = no shadow.

        Made when asked for. Without a plate no shadow can be told from the scene, and all of it is 1.
        """
        if self.plate is None:
            return np.ones(self.alpha.shape, np.float32)
        return cast_shadow(self.pixels, self.plate, self.alpha)

    def over(self, backdrop: Backdrop | PictureSource, *, shadow: bool = False) -> Image:
        """The foreground over another backdrop, as one camera would have seen both; its colours are the cut-out's.

        Args:
            backdrop: "blur" (the plate, out of focus), a colour ("#rrggbb" or a CSS name), a picture file or array,
                which is scaled to cover the shot; or a `Backdrop` that was read before.
            shadow: whether the backdrop carries the shadow that the foreground cast on the plate.

        Returns:
            (h, w, 3) float32 sRGB in [0, 1], of the shot's size.

        Raises:
            InputError: the picture cannot be used. UsageError: a word that is neither a colour nor a file,
                or "blur" where there is no plate.

        """
        behind = backdrop if isinstance(backdrop, Backdrop) else read_backdrop(backdrop)
        height, width = self.alpha.shape
        behind_rgb = behind.fitted((height, width), self.plate)
        foreground = as_floats(self.foreground_pixels)
        return composite_light(foreground, self.alpha, shaded(behind_rgb, self.shadow) if shadow else behind_rgb)


def spanned(disparity: Image) -> tuple[float, float]:
    """The least disparity and the greatest, or a little more: a flat one still needs a range.

    >>> spanned(np.float32([[1.0, 3.0]])), spanned(np.float32([[2.0, 2.0]]))
    ((1.0, 3.0), (2.0, 2.002))
    """
    lo, top = float(disparity.min()), float(disparity.max())
    return lo, lo + max(top - lo, 1e-3 * max(1.0, abs(top)))
