"""Predictions come from the shipping runtime or from files, and unusable files are refused by name."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cleanplate.errors import InputError, UsageError
from cleanplate.evaluate import predictions
from cleanplate.evaluate.cameras import Camera, find_cameras
from cleanplate.evaluate.predictions import (
    MisfitError,
    RuntimePredictor,
    SavedPredictor,
    at_size,
    read_matte,
    refuse_cameras,
    save_prediction,
)
from cleanplate.imaging.files import encode_png
from cleanplate.runtime.plate import Plate
from cleanplate.runtime.session import Session
from cleanplate.runtime.shots import PictureSource

ModelMaker = Callable[..., Path]


@pytest.fixture
def cameras(invented: tuple[Path, Path]) -> list[Camera]:
    return find_cameras(invented[0])


def test_two_models_of_one_name_and_version_are_told_apart(make_model: ModelMaker) -> None:
    one, other = (RuntimePredictor(make_model(contract={"precision": kind})) for kind in ("float32", "int8"))
    assert (one.name, other.name) == ("difference 0.0.1 (float32)", "difference 0.0.1 (int8)")
    stronger = RuntimePredictor(make_model(gain=9.0))
    assert stronger.name == one.name
    assert stronger.weights != one.weights
    assert one.weights.startswith("sha256:")


def test_every_plate_is_opened_once_for_all_shots_of_its_camera(
    cameras: list[Camera], difference_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []

    class Counted(Plate):
        @classmethod
        def open(
            cls,
            plate: PictureSource,
            model: str | os.PathLike[str] | Session | None = None,
            *,
            doctor: bool = True,
            closer: bool = True,
        ) -> Plate:
            assert isinstance(plate, Path)
            opened.append(plate)
            return super().open(plate, model, doctor=doctor, closer=closer)

    monkeypatch.setattr(predictions, "Plate", Counted)
    predictor = RuntimePredictor(difference_model)
    for camera in cameras[:2]:
        for shot in camera.shots:
            predictor.predict(camera, shot)
    assert opened == [cameras[0].plate, cameras[1].plate]


def test_what_the_runtime_gives_is_scored_as_a_file_would_hold_it(
    cameras: list[Camera], difference_model: Path, tmp_path: Path
) -> None:
    camera = cameras[1]
    predictor = RuntimePredictor(difference_model)
    assert predictor.name == "difference 0.0.1 (float32)"
    matte = Plate.open(camera.plate, model=difference_model).matte(camera.shot("0001"))
    for shot in camera.shots:
        save_prediction(tmp_path, camera, shot, predictor.predict(camera, shot))
    given, kept = predictor.predict(camera, "0001"), SavedPredictor(tmp_path, [camera]).predict(camera, "0001")
    np.testing.assert_array_equal(given.alpha, kept.alpha)
    np.testing.assert_allclose(given.alpha, matte.alpha, atol=0.51 / 65535)
    assert given.alpha.std() > 0.1
    assert given.disparity is not None
    assert kept.disparity is not None
    np.testing.assert_array_equal(given.disparity, kept.disparity)
    np.testing.assert_array_equal(given.disparity, matte.disparity)


def test_the_first_missing_prediction_is_named_before_any_is_read(
    invented: tuple[Path, Path], cameras: list[Camera]
) -> None:
    folder = invented[1]
    with pytest.raises(InputError, match=r"nowhere: is no folder"):
        SavedPredictor(folder / "nowhere", cameras)
    (folder / "hall" / "0003_depth.npy").unlink()
    with pytest.raises(InputError, match=r"0003_depth.npy: is missing; add it, or leave depth out with --no-depth"):
        SavedPredictor(folder, cameras)
    assert SavedPredictor(folder, cameras, with_depth=False).predict(cameras[1], "0003").disparity is None
    (folder / "hall" / "0002.png").unlink()
    with pytest.raises(InputError, match=r"hall.0002.png: is missing"):
        SavedPredictor(folder, cameras)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        (np.zeros((36, 48), np.float32), r"has shape \(36, 48\) and its shot \(72, 96\)"),
        (np.full((72, 96), np.nan, np.float32), "holds NaN or infinite values"),
        (np.full((72, 96), "far"), "holds <U3; save disparity as float32"),
        (np.array([{}]), r"cannot be read \(no array of numbers"),  # numpy pickles objects, pickles are never loaded
        (None, "is empty; copy it again"),
    ],
)
def test_a_disparity_that_cannot_be_scored_is_refused_by_name(
    invented: tuple[Path, Path], cameras: list[Camera], values: NDArray[np.generic] | None, complaint: str
) -> None:
    path = invented[1] / "hall" / "0001_depth.npy"
    path.write_bytes(b"")
    if values is not None:
        np.save(path, values)
    with pytest.raises(InputError, match=rf"0001_depth.npy: {complaint}"):
        SavedPredictor(invented[1], cameras).predict(cameras[1], "0001")


def test_an_alpha_that_is_no_picture_is_refused_by_name(invented: tuple[Path, Path], cameras: list[Camera]) -> None:
    (invented[1] / "hall" / "0001.png").write_text("not a picture")
    with pytest.raises(InputError, match=r"predictions.hall.0001.png: "):
        SavedPredictor(invented[1], cameras).predict(cameras[1], "0001")


@pytest.mark.parametrize(
    ("kept_hw", "shot_hw", "taken"),
    [
        ((72, 96), (144, 192), True),
        ((36, 49), (72, 96), True),  # a side rounded up
        ((35, 48), (72, 96), True),
        ((1081, 1920), (1080, 1920), True),
        ((135, 240), (1081, 1920), True),
        ((256, 256), (288, 512), False),
        ((1088, 1920), (1080, 1920), False),  # filled up to a multiple of 32
        ((96, 72), (72, 96), False),
        ((38, 48), (72, 96), False),
    ],
)
def test_a_matte_fits_within_a_pixel_of_rounding_and_is_never_stretched(
    kept_hw: tuple[int, int], shot_hw: tuple[int, int], taken: bool
) -> None:
    matte = np.ones(kept_hw, np.float32)
    if taken:
        assert at_size(matte, shot_hw).shape == shot_hw
    else:
        said = f"is {kept_hw[1]} x {kept_hw[0]} pixels and its shot {shot_hw[1]} x {shot_hw[0]}"
        with pytest.raises(MisfitError, match=said):
            at_size(matte, shot_hw)


def test_a_larger_prediction_is_averaged_over_areas_and_one_of_another_shape_is_refused(
    invented: tuple[Path, Path], cameras: list[Camera]
) -> None:
    path = invented[1] / "hall" / "0001.png"
    lines = np.zeros((72 * 5, 96 * 5), np.uint8)
    lines[:, ::5] = 255  # where linear interpolation looks, five times finer, there is never a line
    path.write_bytes(encode_png(lines))
    predictor = SavedPredictor(invented[1], cameras)
    np.testing.assert_allclose(predictor.predict(cameras[1], "0001").alpha, 0.2, atol=1e-3)
    path.write_bytes(encode_png(lines[:200]))
    with pytest.raises(
        InputError, match=r"0001\.png: is 480 x 200 pixels and its shot 96 x 72; save it in the shot's aspect ratio$"
    ):
        predictor.predict(cameras[1], "0001")


def test_shots_are_not_taken_for_predictions(invented: tuple[Path, Path], cameras: list[Camera]) -> None:
    real, folder = invented
    refuse_cameras(folder, cameras)
    with pytest.raises(UsageError, match=r"real.formats: holds shots, not predictions"):
        refuse_cameras(real, cameras)
    for camera in cameras:
        camera.plate.unlink()
    with pytest.raises(UsageError, match="holds shots"):
        refuse_cameras(real, cameras)


def test_a_grey_matte_with_an_opaque_alpha_channel_is_a_matte_and_a_coloured_picture_is_none(tmp_path: Path) -> None:
    grey = np.zeros((16, 16, 4), np.uint8)
    grey[..., 3] = 255
    grey[2:5, 2:5, :3] = 255
    (tmp_path / "a.png").write_bytes(encode_png(grey))
    assert read_matte(tmp_path / "a.png").sum() == 9
    grey[..., 3] = 51
    (tmp_path / "a.png").write_bytes(encode_png(grey))
    np.testing.assert_allclose(read_matte(tmp_path / "a.png"), 0.2)
    grey[0, 0, 0] = 200
    (tmp_path / "a.png").write_bytes(encode_png(grey[..., :3]))
    with pytest.raises(InputError, match=r"a\.png: is a coloured picture; a matte is grey, or a picture with transpar"):
        read_matte(tmp_path / "a.png")


@pytest.mark.parametrize("data", [b"PK\x03\x04 and then nothing", b"\x93NUMPY"])
def test_disparity_that_is_damaged_is_told(invented: tuple[Path, Path], cameras: list[Camera], data: bytes) -> None:
    path = invented[1] / cameras[1].name / "0001_depth.npy"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"0001_depth\.npy: "):
        SavedPredictor(invented[1], cameras).predict(cameras[1], "0001")


def test_disparity_of_several_fields_is_told(invented: tuple[Path, Path], cameras: list[Camera]) -> None:
    np.save(invented[1] / cameras[1].name / "0001_depth.npy", np.zeros((4, 4), [("near", "f4"), ("far", "f4")]))
    with pytest.raises(InputError, match=r"0001_depth\.npy: holds \[.*near.*; save disparity as float32"):
        SavedPredictor(invented[1], cameras).predict(cameras[1], "0001")
