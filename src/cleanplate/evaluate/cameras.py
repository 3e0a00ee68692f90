"""Real cameras on disk: an empty plate, shots, and by hand or by depth camera what was not there in the plate.

One folder a camera: `plate.png`; for every shot `ID.png` and `ID_mask.png` (255 foreground, 0 background, 128 not
scored); where depth was measured also `ID_depth.png` (uint16 millimetres, 0 = unknown).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cleanplate.errors import InputError
from cleanplate.imaging import Image
from cleanplate.imaging.decoding import read_header
from cleanplate.imaging.files import decode_png
from cleanplate.metrics import Mask

FOREGROUND, BACKGROUND, NOT_SCORED = 255, 0, 128
"""What the values of a mask file say."""

_MASK = "_mask.png"
_DEPTH = "_depth.png"


@dataclass(frozen=True)
class Camera:
    """One camera's folder and the names of the shots that can be scored, in order."""

    folder: Path
    shots: tuple[str, ...]

    @property
    def name(self) -> str:
        """The folder's name, which is also the camera's."""
        return self.folder.name

    @property
    def plate(self) -> Path:
        """The picture of the empty scene."""
        return self.folder / "plate.png"

    def shot(self, name: str) -> Path:
        """The picture of one shot."""
        return self.folder / f"{name}.png"


@dataclass(frozen=True)
class Truth:
    """What is true of one shot, each (h, w): foreground, where that is known, and depth (0 = unknown) if measured."""

    foreground: Mask
    known: Mask
    depth_m: Image | None


def find_cameras(folder: Path) -> list[Camera]:
    """All cameras in `folder`, by name; folders without a single mask are passed over.

    Raises InputError where there is none, or where one lacks its plate or the shot that belongs to a mask.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: is no folder; name the one that holds one folder a camera")
    try:
        cameras = [_camera(path) for path in sorted(folder.iterdir()) if path.is_dir()]
        for camera in cameras:
            _refuse_bare_shots(camera)
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be read ({error.strerror}); check the permissions") from error
    cameras = [camera for camera in cameras if camera.shots]
    if not cameras:
        raise InputError(f"{folder}: holds no camera; put plate.png, ID.png and ID{_MASK} into one folder a camera")
    for camera in cameras:
        if not camera.plate.is_file():
            raise InputError(f"{camera.plate}: is missing; add the picture of the empty scene")
        for name in camera.shots:
            if not camera.shot(name).is_file():
                raise InputError(f"{camera.shot(name)}: is missing; add the shot that {name}{_MASK} belongs to")
    return cameras


def _camera(folder: Path) -> Camera:
    masks = sorted(path.name for path in folder.iterdir() if path.name.endswith(_MASK) and path.name[0] != ".")
    return Camera(folder, tuple(name.removesuffix(_MASK) for name in masks))


def _refuse_bare_shots(camera: Camera) -> None:
    """A shot whose mask was lost would change the figures: all pictures beside a plate are shots, masks or depth."""
    if not camera.plate.is_file():
        return
    pictures = (path for path in camera.folder.iterdir() if path.suffix.lower() == ".png" and path.name[0] != ".")
    for path in sorted(pictures):
        if path.suffix != ".png":
            raise InputError(f"{path}: is passed over where capitals count; name it {path.stem}.png")
        other = path == camera.plate or path.name.endswith((_MASK, _DEPTH))
        if not other and path.stem not in camera.shots:
            raise InputError(f"{path}: has no {path.stem}{_MASK}; add its mask, or take the shot out")


def read_truth(camera: Camera, shot: str, *, with_depth: bool = True) -> Truth:
    """Mask and, where there is one and `with_depth`, measured depth of one shot.

    Raises InputError where a file cannot be read, has another size than its shot, or values that mean nothing.
    """
    mask_path, depth_path = camera.folder / f"{shot}{_MASK}", camera.folder / f"{shot}{_DEPTH}"
    size_hw = read_header(camera.shot(shot)).size_hw
    mask = read_png(mask_path)
    _check_size(mask_path, mask, size_hw)
    if mask.dtype == np.uint8:
        mask = _grey(mask_path, mask)
    foreign = np.setdiff1d(mask, (FOREGROUND, BACKGROUND, NOT_SCORED))
    if mask.dtype != np.uint8 or foreign.size:
        raise InputError(f"{mask_path}: is no mask; save 8 bit with 255 foreground, 0 background, 128 not scored")
    depth_m = None
    if with_depth and depth_path.is_file():
        code = read_png(depth_path)
        _check_size(depth_path, code, size_hw)
        if code.dtype != np.uint16 or code.ndim != 2:
            raise InputError(f"{depth_path}: is no depth; save one channel of 16 bit, millimetres, 0 where unknown")
        depth_m = code.astype(np.float32) / np.float32(1000)
    return Truth(mask == FOREGROUND, mask != NOT_SCORED, depth_m)


def _grey(path: Path, mask: NDArray[np.generic]) -> NDArray[np.generic]:
    """The one channel of a mask (h, w), or the one that all channels of a grey mask saved in colour repeat."""
    if mask.ndim == 2:
        return mask
    num_colours = mask.shape[2] - (mask.shape[2] % 2 == 0)
    if (mask[..., :num_colours] != mask[..., :1]).any():
        raise InputError(f"{path}: is coloured; save the mask in grey, 255 foreground, 0 background, 128 not scored")
    if (mask[..., num_colours:] != 255).any():
        raise InputError(f"{path}: is partly transparent; save the mask without transparency, in grey alone")
    return mask[..., 0]


def read_png(path: Path) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """The numbers in a PNG file as they are stored; raises InputError that names the file."""
    header = read_header(path)  # refuses what is no picture, and what would fill the memory
    if header.orientation != 1:
        raise InputError(f"{path}: says that it is to be turned (EXIF); save it upright, without that mark")
    try:
        return decode_png(path.read_bytes())
    except InputError as error:
        raise InputError(f"{path}: cannot be read as a PNG ({error}); save it anew") from error


def _check_size(path: Path, array: NDArray[np.generic], size_hw: tuple[int, int]) -> None:
    if array.shape[:2] != size_hw:
        (height, width), (shot_height, shot_width) = array.shape[:2], size_hw
        sizes = f"is {width} x {height} pixels and its shot {shot_width} x {shot_height}"
        raise InputError(f"{path}: {sizes}; save both at one size")
