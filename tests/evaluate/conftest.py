"""An invented set of real cameras with predictions, each camera with another difficulty; nothing in it was filmed."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

SIZE_HW = (72, 96)
PERSON = (slice(14, 64), slice(30, 52))


class _Builder:
    def __init__(self, root: Path) -> None:
        self.real, self.predictions = root / "real", root / "predictions"
        self.rng = np.random.default_rng(20260101)

    def camera(self, name: str) -> None:
        (self.real / name).mkdir(parents=True)
        (self.predictions / name).mkdir(parents=True)
        self.picture(self.real / name / "plate.png", self.rng.random((*SIZE_HW, 3)) * 255)

    def shot(self, name: str, person: tuple[slice, slice] | None, alpha: NDArray[np.generic], depth: str = "") -> None:
        camera, shot = name.split("/")
        mask = np.zeros(SIZE_HW)
        if person is not None:
            mask[person] = 255
        mask[40:52, 46:70] = 128
        mask[:, :3] = 128
        self.picture(self.real / camera / f"{shot}.png", self.rng.random((*SIZE_HW, 3)) * 255)
        self.picture(self.real / camera / f"{shot}_mask.png", mask)
        self.picture(self.predictions / camera / f"{shot}.png", alpha)
        if depth:
            self._depth(camera, shot, mask == 255, depth)

    def _depth(self, camera: str, shot: str, person: NDArray[np.bool_], kind: str) -> None:
        row = np.linspace(4.5, 1.2, SIZE_HW[0])[:, None]
        depth_m = np.where(person, 1.8, row + 0.4 * self.rng.random(SIZE_HW))
        disparity = 2.5 / depth_m - 1 + 0.15 * self.rng.normal(size=SIZE_HW)
        kinds = {
            "good": disparity,
            "swapped": -disparity,
            "nearly flat": 7 + 1e-6 * disparity,
            "flat": 0 * disparity + 3,
        }
        depth_m[self.rng.random(SIZE_HW) < 0.2] = 0
        depth_m[:4], depth_m[4:6] = 0.2, 11
        self.picture(self.real / camera / f"{shot}_depth.png", depth_m * 1000, np.uint16)
        np.save(self.predictions / camera / f"{shot}_depth.npy", kinds[kind].astype(np.float32))

    def matte(self, person: tuple[slice, slice] | None, blur: float = 0.25) -> NDArray[np.float64]:
        alpha = np.zeros(SIZE_HW)
        if person is not None:
            alpha[person] = 1
            alpha = np.roll(alpha, (3, -4), (0, 1))
        return np.clip(alpha + self.rng.normal(0, blur, SIZE_HW), 0, 1)

    @staticmethod
    def picture(path: Path, values: NDArray[np.generic], dtype: type[np.uint8 | np.uint16] | None = None) -> None:
        picture = np.rint(values.astype(np.float64))
        chosen = dtype or (np.uint16 if picture.max() > 255 else np.uint8)
        assert cv2.imwrite(str(path), picture.astype(chosen))


@pytest.fixture
def invented(tmp_path: Path) -> tuple[Path, Path]:
    """The folders REAL and PREDICTIONS of five cameras.

    Mixed depth, odd disparities, a small person, nobody at all, and mattes in every format.
    """
    build = _Builder(tmp_path)
    build.camera("hall")
    build.shot("hall/0001", PERSON, build.matte(PERSON) * 65535, "good")
    build.shot("hall/0002", PERSON, build.matte(PERSON) * 255)
    build.shot("hall/0003", PERSON, build.matte(PERSON, 0.4) * 65535, "good")
    build.camera("odd_depth")
    build.shot("odd_depth/a", PERSON, build.matte(PERSON) * 255, "swapped")
    build.shot("odd_depth/b", PERSON, build.matte(PERSON) * 255, "nearly flat")
    build.shot("odd_depth/c", PERSON, build.matte(PERSON) * 255, "flat")
    build.camera("small_person")
    small = (slice(20, 40), slice(10, 30))
    build.shot("small_person/x", small, build.matte(small) * 65535, "good")
    build.camera("nobody")
    build.shot("nobody/empty", None, np.zeros(SIZE_HW))
    build.shot("nobody/ghost", None, build.matte(None, 0.3) * 255)
    build.camera("formats")
    matte = build.matte(PERSON) * 255
    noise = build.rng.random((*SIZE_HW, 3)) * 255
    build.shot("formats/rgb", PERSON, np.dstack([matte, matte, matte]))
    build.shot("formats/rgba", PERSON, np.dstack([noise, matte]))
    build.shot("formats/half_size", PERSON, cv2.resize(matte, (SIZE_HW[1] // 2, SIZE_HW[0] // 2)))
    build.shot("formats/double_size", PERSON, cv2.resize(matte, (SIZE_HW[1] * 2, SIZE_HW[0] * 2)))
    (build.real / "notes").mkdir()
    return build.real, build.predictions
