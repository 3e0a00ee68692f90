"""Where the mattes and disparities to be scored come from, and the folder they can be kept in.

The folder mirrors the cameras': `CAMERA/ID.png` (8- or 16-bit alpha) and `CAMERA/ID_depth.npy` (float32 disparity).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from cleanplate.errors import InputError, UsageError
from cleanplate.evaluate.cameras import Camera
from cleanplate.imaging import Image
from cleanplate.imaging.arrays import is_grey, to_float, to_uint
from cleanplate.imaging.decoding import read_header
from cleanplate.imaging.depthfile import read_npy
from cleanplate.imaging.files import prepare_folder, read_picture, replace_file, write_picture
from cleanplate.imaging.resize import resize
from cleanplate.runtime.plate import Plate
from cleanplate.runtime.session import Session


@dataclass(frozen=True)
class Prediction:
    """Alpha (h, w) in [0, 1] and, where there is one, disparity (h, w): any scale and shift, larger = nearer."""

    alpha: Image
    disparity: Image | None


class Predictor(Protocol):
    """Gives the prediction for a shot, the same one each time it is asked."""

    @property
    def name(self) -> str:
        """What is being scored, for the report."""
        ...

    @property
    def weights(self) -> str | None:
        """The fingerprint of the model's weights; None where no model is run."""
        ...

    def predict(self, camera: Camera, shot: str) -> Prediction:
        """The prediction for one shot of a camera, at the shot's size."""
        ...


class RuntimePredictor:
    """Runs a model on every shot the way a user's `cleanplate run` does."""

    def __init__(self, model: Path | None = None, *, closer: bool = True) -> None:
        self._session, self._closer = Session(model), closer
        self._camera: Camera | None = None
        self._plate: Plate | None = None

    @property
    def name(self) -> str:
        """The model's title, and whether it looks once."""
        return named(self._session, closer=self._closer)

    @property
    def weights(self) -> str:
        """The contract's."""
        return self._session.contract.weights

    def predict(self, camera: Camera, shot: str) -> Prediction:
        """Matte one shot; the plate is opened once for as long as the camera stays the same.

        Alpha is rounded to 16 bit, so that a saved prediction scores exactly like this one.
        """
        if self._plate is None or camera != self._camera:
            self._plate, self._camera = Plate.open(camera.plate, self._session, closer=self._closer), camera
        matte = self._plate.matte(camera.shot(shot))
        return Prediction(to_float(to_uint(matte.alpha, 16)), matte.disparity.astype(np.float32))


def named(session: Session, *, closer: bool) -> str:
    """How a report names a model."""
    return session.contract.title + ("" if closer else ", one look")


class SavedPredictor:
    """Reads predictions that some tool has written before."""

    def __init__(self, folder: Path, cameras: Sequence[Camera], *, with_depth: bool = True) -> None:
        """Find every file that will be needed; raises InputError for the first that is missing."""
        self._folder, self._with_depth = folder, with_depth
        if not folder.is_dir():
            raise InputError(f"{folder}: is no folder; name the one that holds CAMERA/ID.png for every shot")
        for camera in cameras:
            for shot in camera.shots:
                alpha_path, disparity_path = _paths(folder, camera, shot)
                if not alpha_path.is_file():
                    raise InputError(f"{alpha_path}: is missing; every shot needs its matte")
                if self._needs_disparity(camera, shot) and not disparity_path.is_file():
                    raise InputError(f"{disparity_path}: is missing; add it, or leave depth out with --no-depth")

    @property
    def name(self) -> str:
        """The folder."""
        return str(self._folder)

    @property
    def weights(self) -> None:
        """Nobody knows."""
        return

    def predict(self, camera: Camera, shot: str) -> Prediction:
        """Read one shot's prediction; an alpha of another size is brought to the shot's, a disparity is refused.

        Raises:
            InputError: a file that cannot be used, or an alpha of another aspect ratio (`at_size`).
        """
        alpha_path, disparity_path = _paths(self._folder, camera, shot)
        size_hw = read_header(camera.shot(shot)).size_hw
        try:
            alpha = at_size(read_matte(alpha_path), size_hw)
        except MisfitError as error:
            raise InputError(f"{alpha_path}: {error}; save it in the shot's aspect ratio") from error
        if not self._needs_disparity(camera, shot):
            return Prediction(alpha, None)
        return Prediction(alpha, _read_disparity(disparity_path, size_hw))

    def _needs_disparity(self, camera: Camera, shot: str) -> bool:
        return self._with_depth and (camera.folder / f"{shot}_depth.png").is_file()


def save_prediction(folder: Path, camera: Camera, shot: str, prediction: Prediction) -> None:
    """Keep a prediction as 16-bit PNG and float32 NPY; raises InputError where the folder cannot be written."""
    alpha_path, disparity_path = _paths(folder, camera, shot)
    prepare_folder(alpha_path.parent)
    write_picture(alpha_path, prediction.alpha, bits=16)
    if prediction.disparity is not None:
        with replace_file(disparity_path) as unfinished, unfinished.open("wb") as file:
            np.save(file, prediction.disparity.astype(np.float32))


def refuse_cameras(folder: Path, cameras: Sequence[Camera]) -> None:
    """Raise UsageError where `folder` holds shots instead of predictions: the two carry the same file names."""
    for camera in cameras:
        if (folder / camera.name / "plate.png").exists() or any((folder / camera.name).glob("*_mask.png")):
            raise UsageError(f"{folder / camera.name}: holds shots, not predictions; name another folder")


def _paths(folder: Path, camera: Camera, shot: str) -> tuple[Path, Path]:
    return folder / camera.name / f"{shot}.png", folder / camera.name / f"{shot}_depth.npy"


def read_matte(path: Path) -> Image:
    """The matte (h, w) in [0, 1] that a picture is: its transparency, or a grey picture where it has none.

    A grey matte saved with an opaque alpha channel still is a grey matte.

    Raises:
        InputError: it cannot be read, or is coloured and has no transparency.
    """
    picture = read_picture(path)
    coloured = not is_grey(picture.rgb)
    if picture.alpha is not None and (coloured or float(picture.alpha.min()) < 1):
        return picture.alpha
    if coloured:
        raise InputError(f"{path}: is a coloured picture; a matte is grey, or a picture with transparency")
    return np.ascontiguousarray(picture.rgb[..., 0])


class MisfitError(ValueError):
    """A matte of another aspect ratio than its shot: which pixels belong together is anybody's guess."""


def at_size(matte: Image, size_hw: tuple[int, int]) -> Image:
    """A matte (h, w) at its shot's size, by `resize`.

    Raises:
        MisfitError: its aspect ratio is another, by more than a side rounded to whole pixels explains; says both sizes.
    """
    (height, width), (wanted_height, wanted_width) = matte.shape, size_hw
    # One pixel more or less of a side, in whichever of the two pictures was made of the other.
    if abs(width * wanted_height - height * wanted_width) > max(*matte.shape, *size_hw):
        raise MisfitError(f"is {width} x {height} pixels and its shot {wanted_width} x {wanted_height}")
    return resize(matte, size_hw)


def _read_disparity(path: Path, size_hw: tuple[int, int]) -> Image:
    stored = read_npy(path)
    if stored.dtype.kind not in "fiu":
        raise InputError(f"{path}: holds {stored.dtype}; save disparity as float32 with numpy.save")
    disparity = np.array(stored, np.float32)
    if disparity.shape != size_hw:
        raise InputError(f"{path}: has shape {disparity.shape} and its shot {size_hw}; save it at the shot's size")
    if not np.isfinite(disparity).all():
        raise InputError(f"{path}: holds NaN or infinite values; save finite disparity everywhere")
    return disparity
