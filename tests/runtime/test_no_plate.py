"""Where there is no plate, the network gets the grey that stands for none, and what comes out says so."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cleanplate import NoPlate
from cleanplate.contract import NO_PLATE
from cleanplate.errors import ModelError
from cleanplate.imaging import Image
from cleanplate.imaging.files import decode_png
from cleanplate.runtime.no_plate import NOTICE
from cleanplate.runtime.outputs import OutputChoice, preview, write_outputs
from cleanplate.runtime.session import Session

SQUARE = np.zeros((32, 48), bool)
SQUARE[8:24, 16:32] = True


@pytest.fixture(scope="module")
def model(make_model: Callable[..., Path]) -> Path:
    return make_model(contract={"without_plate": True})


@pytest.fixture
def shot() -> Image:
    """Grey like the plate that is none, with a bright square: all that the tiny model finds."""
    rgb = np.full((32, 48, 3), NO_PLATE, np.float32)
    rgb[:, :8] = 0.45
    rgb[SQUARE] = 0.9
    return rgb


def test_a_model_that_needs_a_plate_refuses_in_one_sentence(difference_model: Path) -> None:
    with pytest.raises(ModelError, match=r"difference\.onnx: has not learnt to do without a plate; give") as caught:
        NoPlate(difference_model)
    assert "\n" not in str(caught.value)


def test_the_network_gets_grey_for_the_plate(model: Path, shot: Image) -> None:
    matte = NoPlate(model).matte(shot)
    assert matte.alpha == pytest.approx(np.clip(4 * np.abs(shot[..., 0] - NO_PLATE), 0, 1), abs=1e-5)
    assert matte.disparity[SQUARE] == pytest.approx(0.9, abs=1e-5)
    assert matte.disparity[~SQUARE] == pytest.approx(NO_PLATE, abs=1e-5)


def test_the_matte_has_no_plate_and_a_range_of_its_own(model: Path, shot: Image) -> None:
    session = Session(model)
    matte = NoPlate(session).matte(shot)
    assert matte.plate is None
    assert matte.notices == (NOTICE,)
    assert matte.disparity_range == (matte.disparity.min(), matte.disparity.max())
    assert NoPlate(session).matte(shot * np.float32(0.5)).disparity_range != matte.disparity_range


@pytest.mark.parametrize("size_hw", [(16, 16), (16, 40), (301, 200)])
def test_results_have_the_shots_size(model: Path, size_hw: tuple[int, int]) -> None:
    matte = NoPlate(model).matte(np.random.default_rng(0).random((*size_hw, 3), np.float32))
    assert matte.alpha.shape == matte.disparity.shape == size_hw
    assert matte.foreground.shape == (*size_hw, 3)
    assert matte.alpha.dtype == matte.disparity.dtype == matte.foreground.dtype == np.float32


def test_where_a_shot_is_transparent_nobody_is(model: Path, shot: Image) -> None:
    cut_out = np.dstack([shot, SQUARE.astype(np.float32)])
    cut_out[~SQUARE, :3] = 0
    assert np.array_equal(NoPlate(model).matte(cut_out).alpha, SQUARE.astype(np.float32))


def test_the_files_say_whose_scale_it_is_and_show_no_plate(tmp_path: Path, model: Path, shot: Image) -> None:
    matte = NoPlate(model).matte(shot)
    write_outputs(matte, Session(model).contract, tmp_path, "a", OutputChoice())
    sidecar = json.loads((tmp_path / "a_depth.json").read_text())
    assert sidecar["scale_of"] == "shot"
    assert (sidecar["lo"], sidecar["hi"]) == matte.disparity_range
    assert sidecar["clipped_pixels"] == 0
    codes = decode_png((tmp_path / "a_depth.png").read_bytes())
    assert (codes.min(), codes.max()) == (0, 65535)
    picture = preview(matte)
    assert picture.shape == (32, 4 * 48 + 3 * 8, 3)
    assert np.array_equal(picture[:, :48], matte.shot)
