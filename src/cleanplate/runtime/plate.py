"""The library's face: a plate, and the matte of every shot of it."""

import os
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleanplate.errors import InputError
from cleanplate.imaging import Image
from cleanplate.imaging.arrays import Picture
from cleanplate.imaging.depthfile import as_depth, read_depth
from cleanplate.imaging.files import word_of
from cleanplate.imaging.lens import Lens, read_lens
from cleanplate.imaging.resize import resize
from cleanplate.plate.anchors import Anchor, DepthScale, check_anchors, fit_anchors, fit_depth_map, relative_scale
from cleanplate.plate.bedside import Bedside
from cleanplate.plate.intrinsics import find_intrinsics
from cleanplate.plate.sizes import fitted, same_aspect
from cleanplate.runtime.alignment import foreground_disparity, plate_disparity
from cleanplate.runtime.care import Care
from cleanplate.runtime.matte import Matte, spanned
from cleanplate.runtime.refine import refine_alpha
from cleanplate.runtime.session import Session, open_session
from cleanplate.runtime.shots import PictureSource, ReadyShot, made_ready, read_source


class Plate:
    """One photo of the empty scene; `Plate.open` makes it, `matte` uses it for any number of shots.

    The constructor takes an array as `open` does, or a `Picture` already read, and raises the same errors as `open`.

    >>> Plate.open("plate.jpg").matte("shot.jpg").alpha.shape  # doctest: +SKIP
    (1080, 1920)
    """

    def __init__(
        self,
        picture: NDArray[Any] | Picture,
        session: Session,
        name: str = "plate",
        lens: Lens | None = None,
        *,
        doctor: bool = True,
        closer: bool = True,
    ) -> None:
        read, self.name = read_source(picture, name)
        self.rgb = rgb = read.rgb
        self.session = session
        self._seen_plate = session.see(rgb)
        self._disparity = plate_disparity(session, self._seen_plate)
        self._fitted = rgb
        self._doctor, self._closer = doctor, closer
        self._bedside = Bedside(rgb)
        self._care: Care | None = None
        self._lens = lens
        self.camera = find_intrinsics((rgb.shape[0], rgb.shape[1]), None, lens)
        self.depth_scale: DepthScale | None = None

    @classmethod
    def open(
        cls,
        plate: PictureSource,
        model: str | os.PathLike[str] | Session | None = None,
        *,
        doctor: bool = True,
        closer: bool = True,
    ) -> "Plate":
        """Read a plate and look at it, for all its shots.

        Args:
            plate: a picture file, or an array (h, w), (h, w, 3) or (h, w, 4) of uint8, uint16 or floats in [0, 1]. A
                plate's transparency is ignored: its colours count as stored.
            model: an ONNX file made by `cleanplate export`, or a `Session` to share; None takes the shipped model.
            doctor: fit the plate to each shot (position and light) where that helps, and say in a notice where it
                cannot be used; False takes the plate as it is.
            closer: look at each shot a second time, closer by, where something was found: a better alpha, most of all
                of what is far away, for two to three times the network's work.

        Raises:
            InputError: the picture cannot be used, or `model` is no file's name.
            ModelError: the model cannot be used.
            UsageError: the environment variable CLEANPLATE_THREADS is not a whole number of at least 1.

        """
        picture, name = read_source(plate, "plate")
        lens = None if isinstance(plate, np.ndarray) else read_lens(Path(plate))
        return cls(picture, open_session(model), name, lens, doctor=doctor, closer=closer)

    def look_through(self, fov_deg: float | None) -> None:
        """Set the camera's horizontal field of view in degrees; None takes it from the plate's EXIF.

        Without EXIF, 65 degrees along the longer side are assumed. What `anchor` has fitted stays: call this first.

        Raises:
            UsageError: `fov_deg` is no number, or not between 5 and 170.

        """
        self.camera = find_intrinsics((self.rgb.shape[0], self.rgb.shape[1]), fov_deg, self._lens)

    def anchor(self, anchors: Sequence[Anchor]) -> tuple[str, ...]:
        """Fix the plate's depth scale by known distances: every matte from now on has metres (`Matte.depth_m`).

        Args:
            anchors: distances in metres from the lens to the plate's surface at some pixels. One fixes the scale, two
                or more scale and shift; `plate.anchors.fit_anchors` says how. The field of view that holds now is
                used: call `look_through` first.

        Returns:
            Sentences a user should read.

        Raises:
            UsageError: as `plate.anchors.check_anchors`.
            InputError: they contradict each other, or lie at one depth, as the model sees the plate.

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
        """Do as `anchor` does, by a depth map of the plate; where the map knows a depth, that is the plate's.

        Args:
            depth_m: a file that `imaging.depthfile.read_depth` takes, or an array (h, w) of floats, metres along the
                optical axis, 0 = unknown. Its aspect ratio must be the plate's within 1 %.

        Returns:
            Sentences a user should read.

        Raises:
            InputError: it cannot be used, or contradicts what the model sees.
            MissingExtraError: reading .exr needs OpenEXR.

        """
        is_array = isinstance(depth_m, np.ndarray)
        map_m = as_depth(depth_m) if is_array else read_depth(Path(word_of(depth_m, "depth")))
        what = "depth" if is_array else str(depth_m)
        (height, width), (plate_height, plate_width) = map_m.shape, self.rgb.shape[:2]
        if not same_aspect((height, width), (plate_height, plate_width)):
            raise InputError(
                f"{what}: is {width} x {height} pixels but {self.name} is {plate_width} x {plate_height}; "
                "give a depth map of the plate's framing"
            )
        self.depth_scale = fit_depth_map(map_m, resize(self._disparity, (height, width)), self.name)
        return self.depth_scale.notices

    def matte(self, shot: PictureSource) -> Matte:
        """Matte one shot of the scene, possibly with nobody in it.

        Args:
            shot: as `open` takes a plate. Where a shot is transparent the plate shows through: a cut-out counts as laid
                over the plate. If its size is not the plate's but its aspect ratio is, within 1 %, the plate is
                resized to the shot and a notice says so.

        Raises:
            InputError: the picture cannot be used, or its aspect ratio is not the plate's within 1 %.
            ModelError: the model fails.

        """
        return self.begin(shot)()

    def ready(self, shot: PictureSource | Picture | ReadyShot, name: str = "shot") -> ReadyShot:
        """Do the part of `begin` that depends on no other shot; any thread may do it while another shot is begun.

        Args:
            shot: as `matte` takes it, or a `Picture` already read; a `ReadyShot` of this plate is returned as it is.
            name: what sentences call the shot, unless it is a file, which goes by its path.

        Raises:
            InputError: as `matte`.

        """
        if isinstance(shot, ReadyShot):
            return shot
        picture, name = read_source(shot, name)
        plate, notices = self._fit((picture.pixels.shape[0], picture.pixels.shape[1]), name)
        return made_ready(picture, name, plate, self._seen_plate.size_hw, notices)

    def begin(self, shot: PictureSource | Picture | ReadyShot, name: str = "shot") -> Callable[[], Matte]:
        """Do the part of `matte` in which shots must come one after the other, and all that can fail.

        Args:
            shot: as `ready` takes it.
            name: how sentences name it, unless it is a file.

        Returns:
            A function that does the rest, at full size, and returns the matte. Call it once, in any thread; the next
            shot may be begun meanwhile.

        Raises:
            InputError, ModelError: as `matte`.

        """
        ready = self.ready(shot, name)
        care = self._care_for(ready)
        found = self.session.run(care.seen, ready.small)
        alpha = found[0] if care.reach is None else care.reach.carried(found[0])
        front = partial(foreground_disparity, found, care.disparity, alpha, ready.size_hw)
        look = care.look_closer(self.session, ready.pixels, alpha) if self._closer else None
        camera, depth_scale = self.camera.at(ready.size_hw), self._scale_under(care)

        def finish() -> Matte:
            full_alpha = refine_alpha(ready.pixels, care.plate, alpha, (ready.small, care.seen.picture))
            if look is not None:
                full_alpha = look.added(full_alpha, ready.pixels, care.plate, care.reach)
            notices, span = ready.notices + care.notices(self.name, ready.name), self.disparity_range
            layers = full_alpha, front, care.behind, ready.pixels, care.shown
            diagnosis = None if care.mended is None else care.mended.diagnosis
            return Matte(*layers, span, notices, camera, depth_scale, diagnosis)

        return finish

    def look_at(self, shot: PictureSource | Picture | ReadyShot, name: str = "shot") -> None:
        """Let the doctor examine a shot as `begin` does, without matting it: later shots are compared with this one.

        Raises:
            InputError, ModelError: as `matte`.

        """
        if self._doctor:  # who does not look has nothing to remember
            self._care_for(self.ready(shot, name))

    def twin(self, *, closer: bool | None = None) -> "Plate":
        """A copy of this plate that remembers the same shots; from now on each of the two remembers only its own.

        `closer`: as `open` takes it; None keeps this plate's.
        """
        other = copy(self)
        other._closer = self._closer if closer is None else closer
        other._bedside = copy(self._bedside)
        return other

    @property
    def disparity_range(self) -> tuple[float, float]:
        """The disparities (lo, hi) of codes 0 and 65535 in 16-bit disparity files, the same for all of its shots.

        `lo` is the plate's farthest, `hi` its nearest plus half the range: somebody may stand in front of the room.
        """
        lo, top = spanned(self._disparity)
        return lo, lo + 1.5 * (top - lo)

    @property
    def assumption(self) -> str:
        """What points without metres assume, as a sentence."""
        fov = f"{self.camera.fov_deg:.0f} degrees" + (" (assumed)" if self.camera.source == "assumed" else "")
        assumed = relative_scale(self._disparity)[1]
        how = f"{assumed}, with a field of view of {fov}"
        return f"{self.name}: no distance is given: {how}; give a known distance to have metres"

    def _scale_under(self, care: Care) -> DepthScale | None:
        """What makes metres, its depth map moved as the plate was."""
        scale = self.depth_scale
        if scale is None or scale.map_m is None or care.mended is None:
            return scale
        moved = care.mended.diagnosis.moved_depth(scale.map_m)
        return scale if moved is scale.map_m else replace(scale, map_m=moved)

    def _care_for(self, shot: ReadyShot) -> Care:
        """What the network and the results are given of the plate for this shot; kept while the camera stands."""
        if not self._doctor:
            if self._care is None or self._care.plate is not shot.behind:
                self._care = Care(None, shot.behind, self._seen_plate, self._disparity, shot.name)
            return self._care
        if self._bedside.plate is not shot.behind:
            self._bedside = Bedside(shot.behind)
        mended = self._bedside.mended_for(shot.pixels, shot.small)
        if self._care is None or self._care.mended is not mended:
            diagnosis = mended.diagnosis
            seen, disparity = self._seen_plate, self._disparity
            if diagnosis.changes:
                seen = self.session.see(resize(mended.plate, seen.size_hw))
                disparity = diagnosis.moved(disparity)
            self._care = Care(mended, mended.plate, seen, disparity, shot.name)
        return self._care

    def _fit(self, size_hw: tuple[int, int], shot_name: str) -> tuple[Image, tuple[str, ...]]:
        """The plate at a shot's size, and what to tell about it."""
        height, width = self.rgb.shape[:2]
        if self._fitted.shape[:2] != size_hw:
            self._fitted = fitted(self.rgb, size_hw, self.name, shot_name)
        if size_hw == (height, width):
            return self._fitted, ()
        sizes = f"{width} x {height} pixels, was resized to the shot's {size_hw[1]} x {size_hw[0]}"
        return self._fitted, (f"{self.name}: the plate, {sizes}",)
