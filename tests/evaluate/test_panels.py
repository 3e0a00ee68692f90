"""The report's pictures show the errors where they are, and stay small."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PilImage

from cleanplate.evaluate.cameras import find_cameras, read_truth
from cleanplate.evaluate.panels import BLACK, BLUE, GREY, LONG_SIDE_PX, RED, WHITE, error_map, panels, to_data_uri
from cleanplate.evaluate.predictions import Prediction, SavedPredictor
from cleanplate.imaging import Image


def _open(data_uri: str) -> PilImage.Image:
    prefix = "data:image/jpeg;base64,"
    assert data_uri.startswith(prefix)
    return PilImage.open(io.BytesIO(base64.b64decode(data_uri.removeprefix(prefix))))


def test_false_foreground_is_red_missed_is_blue_and_unscored_grey() -> None:
    truth = np.zeros((20, 40), bool)
    truth[:, 20:] = True
    known = np.ones((20, 40), bool)
    known[:, 35:] = False
    alpha = truth.astype(np.float32)
    alpha[0, 5], alpha[0, 30], alpha[1, 5] = 1, 0, 0.5
    shown = error_map(alpha, truth, known)
    np.testing.assert_allclose(shown[0, 5], RED)
    np.testing.assert_allclose(shown[0, 30], BLUE)
    np.testing.assert_allclose(shown[1, 5], (np.array(RED) + BLACK) / 2, rtol=1e-6)
    np.testing.assert_allclose(shown[3, 5], BLACK)
    np.testing.assert_allclose(shown[3, 30], WHITE)
    np.testing.assert_allclose(shown[3, 18:22], GREY)
    np.testing.assert_allclose(shown[3, 36], GREY)


@pytest.mark.parametrize("size_hw", [(900, 1800), (1800, 900), (3, 4000), (20, 30)])
def test_an_embedded_picture_is_small_and_keeps_its_shape(size_hw: tuple[int, int]) -> None:
    size = _open(to_data_uri(np.full((*size_hw, 3), 0.5, np.float32))).size
    scale = min(1, LONG_SIDE_PX / max(size_hw))
    assert size == (max(1, round(size_hw[1] * scale)), max(1, round(size_hw[0] * scale)))


def test_an_embedded_picture_shows_its_colours() -> None:
    picture = np.broadcast_to(np.array(RED, np.float32), (32, 48, 3))
    np.testing.assert_allclose(np.asarray(_open(to_data_uri(picture))) / 255, picture, atol=0.03)


def test_depth_is_shown_where_there_is_any(invented: tuple[Path, Path]) -> None:
    cameras = {camera.name: camera for camera in find_cameras(invented[0])}
    predictor = SavedPredictor(invented[1], list(cameras.values()))
    hall, five = cameras["hall"], ["plate", "shot", "truth", "matte", "errors"]

    def titles(shot: str, disparity: Image | None) -> list[str]:
        prediction = Prediction(predictor.predict(hall, shot).alpha, disparity)
        return [panel.title for panel in panels(hall, shot, read_truth(hall, shot), prediction)]

    ramp = np.tile(np.linspace(0, 1, 96, dtype=np.float32), (72, 1))
    assert titles("0001", ramp) == [*five, "depth", "measured depth"]
    assert titles("0001", None) == [*five, "measured depth"]
    assert titles("0002", ramp) == [*five, "depth"]
    assert titles("0002", None) == five


def test_found_depth_has_the_colours_of_the_measured_one_whatever_its_scale(invented: tuple[Path, Path]) -> None:
    hall = find_cameras(invented[0])[1]
    truth = read_truth(hall, "0001")
    assert truth.depth_m is not None
    known = truth.depth_m > 0
    disparity = np.where(known, 40 / np.maximum(truth.depth_m, 0.1) - 7, 0).astype(np.float32)
    shown = panels(hall, "0001", truth, Prediction(truth.foreground.astype(np.float32), disparity))
    found, measured = (np.asarray(_open(panel.data_uri), np.float64) for panel in shown[-2:])
    valid = (truth.depth_m > 0.3) & (truth.depth_m < 10)
    assert np.median(np.abs(found - measured)[valid]) < 12
