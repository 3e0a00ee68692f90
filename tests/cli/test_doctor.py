"""`cleanplate doctor`: a verdict in words, its numbers, and an exit code a script can use."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from cleanplate.cli.main import main
from cleanplate.imaging import Image
from cleanplate.imaging.files import write_picture


def room(seed: int) -> Image:
    rng = np.random.default_rng(seed)
    return np.asarray(cv2.GaussianBlur(rng.random((90, 120, 3), np.float32), (0, 0), 2), np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_picture(tmp_path / "plate.png", room(1))
    write_picture(tmp_path / "moved.png", np.roll(room(1), 4, axis=1))
    write_picture(tmp_path / "other.png", room(2))
    write_picture(tmp_path / "wide.png", np.zeros((60, 120, 3), np.float32))
    return tmp_path


def doctor(folder: Path, shot: str, *options: str) -> int:
    return main(["doctor", str(folder / "plate.png"), str(folder / shot), *options])


def test_a_plate_that_fits_is_fine(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(folder, "plate.png") == 0
    assert capsys.readouterr().out.startswith(f"{folder / 'plate.png'}: fine: ")


def test_a_plate_that_was_mended_says_how(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(folder, "moved.png") == 0
    assert ": mended: moved by 4.0 px" in capsys.readouterr().out


def test_a_plate_of_another_room_fails_and_says_what_to_do(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(folder, "other.png") == 1
    assert "photograph the empty scene again" in capsys.readouterr().out


def test_json_has_the_numbers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(folder, "moved.png", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["kind"] == "mended"
    assert facts["matrix"][0][2] == pytest.approx(4, abs=0.1)
    assert {"overlap", "agreement", "residual_px", "differs", "added"} <= facts.keys()


def test_another_aspect_ratio_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(folder, "wide.png") == 1
    assert "aspect ratios" in capsys.readouterr().err


def test_a_missing_argument_is_wrong_usage(folder: Path) -> None:
    assert main(["doctor", str(folder / "plate.png")]) == 2


def test_a_cut_out_counts_as_laid_over_the_plate_as_in_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cut_out = np.zeros((90, 120, 4), np.float32)
    cut_out[20:60, 30:60] = (0.9, 0.2, 0.1, 1)
    write_picture(folder / "cut.png", cut_out)
    assert doctor(folder, "cut.png") == 0
    assert ": fine: " in capsys.readouterr().out


def test_a_clip_is_no_photo(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "walk.mp4").write_bytes(b"a clip by its name")
    assert doctor(folder, "walk.mp4") == 2
    assert "walk.mp4: is a clip and no photo; give one of its frames" in capsys.readouterr().err
