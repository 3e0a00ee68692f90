"""A folder of real cameras is read as it is, or refused in one sentence that names the file."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as PilImage

from cleanplate.errors import InputError
from cleanplate.evaluate.cameras import Camera, find_cameras, read_truth


@pytest.fixture
def hall(invented: tuple[Path, Path]) -> Camera:
    return next(camera for camera in find_cameras(invented[0]) if camera.name == "hall")


def _overwrite(path: Path, values: NDArray[np.uint8 | np.uint16]) -> None:
    assert cv2.imwrite(str(path), values)


def test_cameras_and_shots_come_in_order_and_folders_without_masks_are_passed_over(
    invented: tuple[Path, Path],
) -> None:
    (invented[0] / "hall" / "._0001_mask.png").write_bytes(b"macOS's own")
    cameras = find_cameras(invented[0])
    assert [camera.name for camera in cameras] == ["formats", "hall", "nobody", "odd_depth", "small_person"]
    assert cameras[1].shots == ("0001", "0002", "0003")


def test_truth_is_what_the_files_say(hall: Camera) -> None:
    mask = cv2.imread(str(hall.folder / "0001_mask.png"), cv2.IMREAD_UNCHANGED)
    millimetres = cv2.imread(str(hall.folder / "0001_depth.png"), cv2.IMREAD_UNCHANGED)
    assert mask is not None
    assert millimetres is not None
    truth = read_truth(hall, "0001")
    np.testing.assert_array_equal(truth.foreground, mask == 255)
    np.testing.assert_array_equal(truth.known, mask != 128)
    assert truth.depth_m is not None
    np.testing.assert_allclose(truth.depth_m * 1000, millimetres, rtol=1e-6)


def test_a_shot_without_measured_depth_has_none_and_depth_can_be_left_out(hall: Camera) -> None:
    assert read_truth(hall, "0002").depth_m is None
    assert read_truth(hall, "0001", with_depth=False).depth_m is None


def test_a_grey_mask_saved_in_colour_is_the_same_mask(hall: Camera) -> None:
    path = hall.folder / "0001_mask.png"
    before = read_truth(hall, "0001")
    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert grey is not None
    _overwrite(path, np.dstack([grey, grey, grey]).astype(np.uint8))
    after = read_truth(hall, "0001")
    np.testing.assert_array_equal(after.foreground, before.foreground)
    np.testing.assert_array_equal(after.known, before.known)


def test_a_mask_whose_colours_differ_or_that_is_transparent_is_refused(hall: Camera) -> None:
    path = hall.folder / "0001_mask.png"
    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert grey is not None
    opaque = np.full_like(grey, 255)
    _overwrite(path, np.dstack([grey, grey, grey, opaque]).astype(np.uint8))
    assert read_truth(hall, "0001").foreground.any()
    coloured = np.dstack([opaque, 0 * grey, grey]).astype(np.uint8)
    clear = np.dstack([grey, grey, grey, opaque * (grey == 255)]).astype(np.uint8)
    for wrong, told in (
        (coloured, "is coloured; save the mask in grey"),
        (clear, "is partly transparent; save the mask without transparency"),
    ):
        _overwrite(path, wrong)
        with pytest.raises(InputError, match=f"0001_mask.png: {told}"):
            read_truth(hall, "0001")
    PilImage.fromarray(grey.astype(np.uint8)).convert("P").save(path)
    assert read_truth(hall, "0001").foreground.any()
    painted = PilImage.fromarray((grey == 255).astype(np.uint8), "P")
    painted.putpalette([0, 0, 0, 255, 0, 0])
    painted.save(path)
    with pytest.raises(InputError, match=r"0001_mask.png: is coloured"):
        read_truth(hall, "0001")


def test_a_mask_that_is_to_be_turned_is_refused(hall: Camera) -> None:
    path = hall.folder / "0001_mask.png"
    with PilImage.open(path) as mask:
        exif = mask.getexif()
        exif[274] = 3
        mask.save(path, exif=exif)
    with pytest.raises(InputError, match=r"0001_mask.png: says that it is to be turned \(EXIF\); save it upright"):
        read_truth(hall, "0001")


def test_a_shot_that_would_be_passed_over_because_of_its_capitals_is_refused(hall: Camera) -> None:
    hall.shot("0002").rename(hall.folder / "0009.PNG")
    hall.plate.rename(hall.folder / "spare.txt")
    hall.shot("0001").rename(hall.folder / "plate.png")
    with pytest.raises(InputError, match=r"0009.PNG: is passed over where capitals count; name it 0009.png"):
        find_cameras(hall.folder.parent)


def test_a_camera_that_cannot_be_read_is_told(hall: Camera, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.iterdir

    def closed(path: Path) -> Iterator[Path]:
        if path == hall.folder:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(Path, "iterdir", closed)
    with pytest.raises(InputError, match=r"hall: cannot be read \(Permission denied\); check the permissions"):
        find_cameras(hall.folder.parent)


def test_a_missing_folder_or_one_without_cameras_is_refused(tmp_path: Path, hall: Camera) -> None:
    with pytest.raises(InputError, match=r"nowhere: is no folder"):
        find_cameras(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"hall: holds no camera; put plate.png"):
        find_cameras(hall.folder)


def test_a_camera_without_its_plate_is_refused(hall: Camera) -> None:
    hall.plate.unlink()
    with pytest.raises(InputError, match=r"plate.png: is missing"):
        find_cameras(hall.folder.parent)


def test_a_mask_without_its_shot_is_refused(hall: Camera) -> None:
    hall.shot("0002").unlink()
    with pytest.raises(InputError, match=r"0002.png: is missing; add the shot that 0002_mask.png belongs to"):
        find_cameras(hall.folder.parent)


def test_a_shot_whose_mask_is_missing_is_refused(hall: Camera) -> None:
    (hall.folder / "0002_mask.png").unlink()
    with pytest.raises(InputError, match=r"0002.png: has no 0002_mask.png; add its mask, or take the shot out"):
        find_cameras(hall.folder.parent)


@pytest.mark.parametrize(("kind", "dtype"), [("mask", np.uint8), ("depth", np.uint16)])
def test_truth_of_another_size_is_refused(hall: Camera, kind: str, dtype: type[np.uint8 | np.uint16]) -> None:
    _overwrite(hall.folder / f"0001_{kind}.png", np.zeros((96, 72), dtype))
    with pytest.raises(InputError, match=rf"0001_{kind}.png: is 72 x 96 pixels and its shot 96 x 72; save both"):
        read_truth(hall, "0001")


@pytest.mark.parametrize("values", [np.full((72, 96), 1, np.uint8), np.full((72, 96), 255, np.uint16)])
def test_a_mask_with_values_that_mean_nothing_is_refused(hall: Camera, values: NDArray[np.uint8 | np.uint16]) -> None:
    _overwrite(hall.folder / "0001_mask.png", values)
    with pytest.raises(InputError, match=r"0001_mask.png: is no mask; save 8 bit with 255 foreground"):
        read_truth(hall, "0001")


@pytest.mark.parametrize("values", [np.zeros((72, 96), np.uint8), np.zeros((72, 96, 3), np.uint16)])
def test_a_depth_that_is_not_in_millimetres_is_refused(hall: Camera, values: NDArray[np.uint8 | np.uint16]) -> None:
    _overwrite(hall.folder / "0001_depth.png", values)
    with pytest.raises(InputError, match=r"0001_depth.png: is no depth; save one channel of 16 bit"):
        read_truth(hall, "0001")


@pytest.mark.parametrize("keep", [0, 60, 0.5])
def test_a_broken_mask_is_refused_by_name(hall: Camera, keep: float) -> None:
    path = hall.folder / "0001_mask.png"
    data = path.read_bytes()
    path.write_bytes(data[: int(keep * len(data)) if keep < 1 else int(keep)])
    with pytest.raises(InputError, match=r"0001_mask.png: "):
        read_truth(hall, "0001")
