"""The figures equal those of the project's independent yardstick, a script that lives outside the repository."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cleanplate.evaluate.cameras import Camera, find_cameras
from cleanplate.evaluate.predictions import Prediction, RuntimePredictor, SavedPredictor, save_prediction
from cleanplate.evaluate.real import score_cameras
from cleanplate.evaluate.scores import MEAN, ShotScores, camera_scores, cells, mean_figures

YARDSTICK = Path(__file__).parents[3] / "shared" / "bench" / "score.py"

PINNED = {
    "formats": ["0.722", "0.125", "", "", "", ""],
    "hall": ["0.585", "0.146", "0.117", "0.862", "0.087", "0.970"],
    "nobody": ["0.000", "0.061", "", "", "", ""],
    "odd_depth": ["0.665", "0.127", "0.248", "0.453", "0.256", "0.272"],
    "small_person": ["0.463", "0.114", "0.119", "0.858", "", ""],
    MEAN: ["0.487", "0.114", "0.162", "0.725", "0.172", "0.621"],
}
"""What the yardstick itself printed for the invented set, on the day this test was written."""


def _rows(shots: list[ShotScores]) -> dict[str, list[str]]:
    cameras = camera_scores(shots)
    rows = {row.camera: cells(row.figures) for row in cameras}
    return rows | {MEAN: cells(mean_figures([row.figures for row in cameras]))}


def _yardstick(*arguments: str) -> dict[str, list[str]]:
    if not YARDSTICK.is_file():
        pytest.skip(f"the yardstick {YARDSTICK} is not on this machine")
    command = [sys.executable, str(YARDSTICK), *arguments]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[1:]
    return {line[:24].strip(): [re.sub("nan", "", value) for value in line[30:].split()] for line in printed}


def test_scores_equal_the_yardstick_to_three_decimals(invented: tuple[Path, Path]) -> None:
    real, predictions = invented
    cameras = find_cameras(real)
    shots = score_cameras(cameras, SavedPredictor(predictions, cameras))
    assert _rows(shots) == _yardstick(str(predictions), str(real))


def test_scores_without_depth_equal_the_yardstick_too(invented: tuple[Path, Path]) -> None:
    real, predictions = invented
    cameras = find_cameras(real)
    predictor = SavedPredictor(predictions, cameras, with_depth=False)
    shots = score_cameras(cameras, predictor, with_depth=False)
    assert _rows(shots) == _yardstick("--no-depth", str(predictions), str(real))


def test_scores_of_the_invented_set_stay_what_they_are(invented: tuple[Path, Path]) -> None:
    real, predictions = invented
    cameras = find_cameras(real)
    assert _rows(score_cameras(cameras, SavedPredictor(predictions, cameras))) == PINNED


class _OnTheEdge:
    """A predictor whose alphas lie a hair's breadth from 0.5, where a coarse file would flip them."""

    name = "on the edge"
    weights = None

    def predict(self, camera: Camera, shot: str) -> Prediction:
        rng = np.random.default_rng(len(camera.name) + len(shot))
        alpha = (0.5 + 1e-3 * rng.normal(size=(72, 96))).astype(np.float32)
        return Prediction(alpha, rng.random((72, 96), np.float32))


def test_saved_predictions_score_as_they_did_when_they_were_made(invented: tuple[Path, Path], tmp_path: Path) -> None:
    real, _ = invented
    cameras = find_cameras(real)
    live = score_cameras(cameras, _OnTheEdge(), save_to=tmp_path / "kept")
    assert _rows(live) == _rows(score_cameras(cameras, SavedPredictor(tmp_path / "kept", cameras)))
    assert _rows(live) == _yardstick(str(tmp_path / "kept"), str(real))


def test_what_a_model_saves_scores_for_the_yardstick_as_it_did_here(
    invented: tuple[Path, Path], difference_model: Path, tmp_path: Path
) -> None:
    real, _ = invented
    shots = score_cameras(find_cameras(real), RuntimePredictor(difference_model), save_to=tmp_path / "kept")
    assert _rows(shots) == _yardstick(str(tmp_path / "kept"), str(real))


def test_a_saved_alpha_keeps_sixteen_bits_and_never_crosses_one_half(
    invented: tuple[Path, Path], tmp_path: Path
) -> None:
    camera = find_cameras(invented[0])[0]
    alpha = np.tile(np.linspace(0, 1, 96, dtype=np.float32), (72, 1))
    alpha[0], alpha[1] = 0.5, np.nextafter(np.float32(0.5), np.float32(0))
    for shot in camera.shots:
        save_prediction(tmp_path / "kept", camera, shot, Prediction(alpha, None))
    kept = SavedPredictor(tmp_path / "kept", [camera]).predict(camera, camera.shots[0]).alpha
    np.testing.assert_allclose(kept, alpha, atol=0.51 / 65535)
    np.testing.assert_array_equal(kept >= 0.5, alpha >= 0.5)
