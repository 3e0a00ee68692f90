"""A backdrop is a picture that covers the shot, a colour, or the plate out of focus."""

from pathlib import Path

import numpy as np
import pytest

from cleanplate.errors import InputError, UsageError
from cleanplate.imaging.files import write_picture
from cleanplate.runtime.backdrop import read_backdrop

PLATE = np.random.default_rng(0).random((60, 90, 3), np.float32)


@pytest.mark.parametrize(("word", "rgb"), [("#00ff80", (0, 1, 128 / 255)), ("Tomato", (1, 99 / 255, 71 / 255))])
def test_a_colour_fills_the_picture(word: str, rgb: tuple[float, float, float]) -> None:
    fitted = read_backdrop(word).fitted((60, 90), PLATE)
    assert fitted.shape == PLATE.shape
    assert fitted == pytest.approx(np.broadcast_to(np.array(rgb, np.float32), PLATE.shape))


def test_blur_is_the_plate_without_its_details() -> None:
    fitted = read_backdrop("blur").fitted((60, 90), PLATE)
    assert fitted.shape == PLATE.shape
    assert fitted.mean() == pytest.approx(PLATE.mean(), abs=0.02)
    assert fitted.std() < 0.3 * PLATE.std()


@pytest.mark.parametrize("size_hw", [(30, 45), (30, 90), (120, 40), (16, 16)])
def test_a_picture_covers_the_whole_and_keeps_its_middle(size_hw: tuple[int, int]) -> None:
    picture = np.zeros((*size_hw, 3), np.float32)
    middle = np.s_[size_hw[0] // 2 - 2 : size_hw[0] // 2 + 2, size_hw[1] // 2 - 2 : size_hw[1] // 2 + 2]
    picture[middle] = 1
    fitted = read_backdrop(picture).fitted((60, 90), PLATE)
    assert fitted.shape == PLATE.shape
    centre = (fitted[..., 0].sum(axis=1) @ np.arange(60), fitted[..., 0].sum(axis=0) @ np.arange(90))
    assert np.array(centre) / fitted[..., 0].sum() == pytest.approx((29.5, 44.5), abs=1.5)


def test_a_file_and_an_array_are_the_same_backdrop(tmp_path: Path) -> None:
    write_picture(tmp_path / "beach.png", PLATE, 16)
    assert read_backdrop(tmp_path / "beach.png").fitted((60, 90), PLATE) == pytest.approx(PLATE, abs=1e-4)


def test_a_path_is_a_file_whatever_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_picture(tmp_path / "a.png", PLATE)
    (tmp_path / "a.png").rename("red")
    assert read_backdrop(Path("red")).colour is None
    assert read_backdrop("red").colour == (1, 0, 0)


def test_what_is_neither_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="backdrop rouge: is no file, no colour"):
        read_backdrop("rouge")
    with pytest.raises(UsageError, match="there is no plate to blur"):
        read_backdrop("blur").fitted((60, 90), None)
    with pytest.raises(InputError, match=r"beach\.jpg"):
        read_backdrop(tmp_path / "beach.jpg")
