"""The library's face: a plate, and the matte of every shot of it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleanplate.errors import InputError
from cleanplate.imaging import Image
from cleanplate.imaging.arrays import Picture, as_picture
from cleanplate.imaging.compositing import composite, composite_light, estimate_foreground, recover_foreground
from cleanplate.imaging.depthfile import as_depth, read_depth
from cleanplate.imaging.depthmap import merge_layers
from cleanplate.imaging.files import read_picture
from cleanplate.imaging.lens import Lens, read_lens
from cleanplate.imaging.resize import resize
from cleanplate.plate.anchors import Anchor, DepthScale, check_anchors, fit_anchors, fit_depth_map, relative_scale
from cleanplate.plate.bedside import Bedside, Mended
from cleanplate.plate.intrinsics import Intrinsics, find_intrinsics
from cleanplate.plate.sizes import fitted
from cleanplate.runtime.alignment import align_disparity
from cleanplate.runtime.backdrop import Backdrop, read_backdrop
from cleanplate.runtime.refine import extend_disparity, refine_alpha
from cleanplate.runtime.session import Session, open_session
from cleanplate.runtime.shadow import cast_shadow, shaded

PictureSource = str | os.PathLike[str] | NDArray[Any]
"""A picture file, or an array as `imaging.arrays.as_picture` takes it."""


@dataclass(frozen=True)
class Matte:
    """What was not there in the plate, at the shot's full size; where there was no plate (`NoPlate`), the people.

    `alpha` (h, w) is coverage in [0, 1]; `disparity` (h, w) is inverse depth of unknown scale and shift, larger =
    nearer, on one scale with every other shot of the plate, without one on a scale of its own: the foreground's where
    alpha >= 0.5, else the plate's. `shot` (h, w, 3) and `plate` (h, w, 3) are sRGB in [0, 1], `plate` already at the
    shot's size, position and light, or None. `disparity_range` is what lo and hi of 16-bit depth files are: the plate's
    (see `Plate.disparity_range`), without one the shot's least and greatest. `notices` are sentences a user should
    read. `plate_disparity` (h, w) is the plate's own everywhere, also behind somebody; `camera` tells the rays of
    pixels, `depth_scale` what makes metres of disparity, None unless `Plate.anchor` was called. All arrays are float32.
    """

    alpha: Image
    disparity: Image
    shot: Image
    plate: Image | None
    disparity_range: tuple[float, float]
    notices: tuple[str, ...] = ()
    plate_disparity: Image | None = None
    camera: Intrinsics | None = None
    depth_scale: DepthScale | None = None

    @cached_property
    def depth_m(self) -> Image | None:
        """Metres along the optical axis (h, w), of the foreground where alpha >= 0.5, else of the plate.

        0 where there is none: over 1 km, or infinitely far. None where the plate is not anchored.
        """
        if self.depth_scale is None or self.plate_disparity is None:
            return None
        foreground_m = self.depth_scale.depth_m(self.disparity)
        return merge_layers(self.alpha, foreground_m, self.depth_scale.room_m(self.plate_disparity))

    @cached_property
    def foreground(self) -> Image:
        """Straight foreground colour (h, w, 3) float32 in [0, 1], made when asked for.

        At edges the plate's colour is taken out exactly; where there is no plate, what stood behind is estimated.
        """
        if self.plate is None:
            return estimate_foreground(self.shot, self.alpha)
        return recover_foreground(self.shot, self.plate, self.alpha)

    @cached_property
    def shadow(self) -> Image:
        """The shadow that the foreground casts (h, w) float32, made when asked for: the share of light left, 1 = none.

        Without a plate nothing tells what a shadow is, and there is none.
        """
        if self.plate is None:
            return np.ones(self.alpha.shape, np.float32)
        return cast_shadow(self.shot, self.plate, self.alpha)

    def over(self, backdrop: Backdrop | PictureSource, *, shadow: bool = False) -> Image:
        """The foreground over another backdrop, as one camera would have seen both.

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
        behind_rgb = behind.fitted((self.shot.shape[0], self.shot.shape[1]), self.plate)
        return composite_light(self.foreground, self.alpha, shaded(behind_rgb, self.shadow) if shadow else behind_rgb)


class Plate:
    """One photo of the empty scene; `Plate.open` makes it, `matte` uses it for any number of shots.

    >>> Plate.open("plate.jpg").matte("shot.jpg").alpha.shape  # doctest: +SKIP
    (1080, 1920)
    """

    def __init__(
        self, rgb: Image, session: Session, name: str = "plate", lens: Lens | None = None, *, doctor: bool = True
    ) -> None:
        self.rgb = rgb
        self.session = session
        self.name = name
        _, _, self._disparity = session.run(rgb, rgb)
        self._small = resize(rgb, (self._disparity.shape[0], self._disparity.shape[1]))
        self._fitted = rgb
        self._doctor = doctor
        self._bedside = Bedside(rgb)
        self._care: _Care | None = None
        self._lens = lens
        self.camera = find_intrinsics((rgb.shape[0], rgb.shape[1]), None, lens)
        self.depth_scale: DepthScale | None = None

    @classmethod
    def open(
        cls, plate: PictureSource, model: str | os.PathLike[str] | Session | None = None, *, doctor: bool = True
    ) -> "Plate":
        """Read a plate and look at it once.

        Args:
            plate: a picture file, or an array (h, w), (h, w, 3) or (h, w, 4) of uint8, uint16 or floats in [0, 1]. A
                plate's transparency is ignored: its colours count as stored.
            model: an ONNX file made by `cleanplate export`, or a `Session` to share; None takes the shipped model.
            doctor: bring the plate onto each shot (position and light) where that helps, and tell where it is no use;
                without it the plate is taken as it is.

        Raises:
            InputError: the picture cannot be used.
            ModelError: the model cannot be used.

        """
        picture, name = read_source(plate, "plate")
        lens = None if isinstance(plate, np.ndarray) else read_lens(Path(plate))
        return cls(picture.rgb, open_session(model), name, lens, doctor=doctor)

    def look_through(self, fov_deg: float | None) -> None:
        """Take a horizontal field of view for the camera's; None: what EXIF says or, without, 65 degrees.

        Raises:
            UsageError: not between 5 and 170 degrees.

        """
        self.camera = find_intrinsics((self.rgb.shape[0], self.rgb.shape[1]), fov_deg, self._lens)

    def anchor(self, anchors: Sequence[Anchor]) -> tuple[str, ...]:
        """Give this plate, and with it every shot from now on, metres: `Matte.depth_m`.

        Args:
            anchors: distances in metres from the lens to the plate's surface at some pixels. One fixes the scale, two
                or more scale and shift; `plate.anchors.fit_anchors` says how. `look_through` counts for what was
                anchored after it.

        Returns:
            Sentences a user should read.

        Raises:
            UsageError: none, outside the plate, not above 0 m, or two distances for one pixel.
            InputError: they contradict each other, given what the model sees.

        """
        size_hw = (self.rgb.shape[0], self.rgb.shape[1])
        anchors = check_anchors(anchors, size_hw, self.name)
        full = resize(self._disparity, size_hw)
        seen = [float(full[anchor.y, anchor.x]) for anchor in anchors]
        self.depth_scale = fit_anchors(anchors, seen, self._disparity, self.camera, self.name)
        if self.camera.source != "assumed":
            return self.depth_scale.notices
        told = f"{self.name}: no field of view is given or in its EXIF; {self.camera.fov_deg:.0f} degrees are assumed"
        return (*self.depth_scale.notices, told)

    def anchor_by_depth(self, depth_m: str | os.PathLike[str] | NDArray[Any]) -> tuple[str, ...]:
        """The same by a depth map of the plate, which is the plate's depth where it is known.

        Args:
            depth_m: a file that `imaging.depthfile.read_depth` takes, or an array (h, w) of metres along the optical
                axis, 0 = unknown; of the plate's aspect ratio within 1 %.

        Returns:
            Sentences a user should read.

        Raises:
            InputError: it cannot be used, or contradicts what the model sees.
            MissingExtraError: to read .exr needs OpenEXR.

        """
        is_array = isinstance(depth_m, np.ndarray)
        map_m = as_depth(depth_m) if is_array else read_depth(Path(depth_m))
        what = "depth" if is_array else str(depth_m)
        (height, width), (plate_height, plate_width) = map_m.shape, self.rgb.shape[:2]
        if abs(height * plate_width - width * plate_height) * 100 > max(height * plate_width, width * plate_height):
            raise InputError(
                f"{what}: is {width} x {height} pixels but the plate {self.name} is {plate_width} x {plate_height}; "
                "give a depth map of the plate's framing"
            )
        self.depth_scale = fit_depth_map(map_m, resize(self._disparity, (height, width)), self.name)
        return self.depth_scale.notices

    def matte(self, shot: PictureSource) -> Matte:
        """Matte one shot of the scene, possibly with nobody in it.

        Args:
            shot: as `open` takes a plate. Where a shot is transparent the plate shows through: a cut-out counts as laid
                over the plate. Of another size than the plate but the same aspect ratio within 1 %, the plate is
                resized to it and a notice says so.

        Raises:
            InputError: the picture cannot be used, or its aspect ratio is another.
            ModelError: the model fails.

        """
        picture, name = read_source(shot, "shot")
        plate, notices = self._fit((picture.rgb.shape[0], picture.rgb.shape[1]), name)
        rgb = picture.rgb if picture.alpha is None else composite(picture.rgb, picture.alpha, plate)
        care = self._cared_for(rgb, name) if self._doctor else _Care(None, plate, self._small, self._disparity, ())
        alpha, disparity, plate_disparity = self.session.run(care.small, rgb)
        scale, shift = align_disparity(plate_disparity, care.disparity, 1 - alpha)
        size_hw = (rgb.shape[0], rgb.shape[1])
        full_alpha, behind = refine_alpha(rgb, care.plate, alpha), resize(care.disparity, size_hw)
        front = extend_disparity(scale * disparity + np.float32(shift), alpha)
        merged = merge_layers(full_alpha, resize(front, size_hw), behind)
        return Matte(
            full_alpha, merged, rgb, care.plate, self.disparity_range, notices + care.notices,
            behind, self.camera.at(size_hw), self.depth_scale,
        )  # fmt: skip

    @property
    def disparity_range(self) -> tuple[float, float]:
        """The disparities lo and hi that 16-bit depth files of this plate run over, from the plate alone.

        `lo` is the plate's farthest, `hi` its nearest and half the range on top: somebody stands in front of the room.
        """
        lo, top = spanned(self._disparity)
        return lo, lo + 1.5 * (top - lo)

    @property
    def assumption(self) -> str:
        """What points without metres assume, as a sentence."""
        fov = f"{self.camera.fov_deg:.0f} degrees" + (" (assumed)" if self.camera.source == "assumed" else "")
        assumed = relative_scale(self._disparity)[1]
        return f"{self.name}: no distance is given: {assumed}, seen under {fov}; --metres gives the points metres"

    def _cared_for(self, shot: Image, shot_name: str) -> "_Care":
        """What the network and the results are given of the plate for this shot; kept while the camera stands."""
        mended = self._bedside.mended_for(shot)
        if self._care is None or self._care.mended is not mended:
            diagnosis = mended.diagnosis
            small, disparity = self._small, self._disparity
            if diagnosis.changes:
                small = resize(mended.plate, (small.shape[0], small.shape[1]))
                disparity = diagnosis.moved(disparity)
            notices: tuple[str, ...] = ()
            if diagnosis.verdict.kind != "fine":
                notices = (f"{self.name}: for {shot_name}, the plate {_as_told(diagnosis.verdict.sentence)}",)
            self._care = _Care(mended, mended.plate, small, disparity, notices)
        return self._care

    def _fit(self, size_hw: tuple[int, int], shot_name: str) -> tuple[Image, tuple[str, ...]]:
        """The plate at a shot's size, and what to tell about it."""
        height, width = self.rgb.shape[:2]
        if self._fitted.shape[:2] != size_hw:
            self._fitted = fitted(self.rgb, size_hw, self.name, shot_name)
            self._bedside = Bedside(self._fitted)
        if size_hw == (height, width):
            return self._fitted, ()
        sizes = f"{width} x {height} pixels, was resized to the shot's {size_hw[1]} x {size_hw[0]}"
        return self._fitted, (f"{self.name}: the plate, {sizes}",)


@dataclass(frozen=True)
class _Care:
    """A plate as it is used for a shot: at the shot's size, at the network's, its disparity, and what to tell."""

    mended: Mended | None
    plate: Image
    small: Image
    disparity: Image
    notices: tuple[str, ...]


def _as_told(sentence: str) -> str:
    return sentence.replace("mended: ", "was mended: ", 1)


def spanned(disparity: Image) -> tuple[float, float]:
    """The least disparity and the greatest, or a little more: a flat one still needs a range.

    >>> spanned(np.float32([[1.0, 3.0]])), spanned(np.float32([[2.0, 2.0]]))
    ((1.0, 3.0), (2.0, 2.002))
    """
    lo, top = float(disparity.min()), float(disparity.max())
    return lo, lo + max(top - lo, 1e-3 * max(1.0, abs(top)))


def read_source(source: PictureSource, what: str) -> tuple[Picture, str]:
    """A picture, and how an error names it: by its file, an array by `what`."""
    if isinstance(source, np.ndarray):
        return as_picture(source, what), what
    path = Path(source)
    return read_picture(path), str(path)
