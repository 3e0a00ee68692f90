"""The files of a shot hold what their names say."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PilImage

from cleanplate import Matte, Plate, __version__
from cleanplate.errors import InputError
from cleanplate.imaging.arrays import to_float
from cleanplate.imaging.depthmap import decode_disparity16
from cleanplate.imaging.files import decode_png
from cleanplate.runtime.outputs import OutputChoice, preview, write_outputs

SQUARE = (slice(8, 24), slice(16, 32))


@pytest.fixture
def plate(difference_model: Path) -> Plate:
    rgb = np.random.default_rng(2).uniform(0.1, 0.4, (32, 48, 3)).astype(np.float32)
    return Plate.open(rgb, difference_model)


@pytest.fixture
def matte(plate: Plate) -> Matte:
    shot = plate.rgb.copy()
    shot[SQUARE] = 0.45
    return plate.matte(shot)


def written(folder: Path, plate: Plate, matte: Matte, choice: OutputChoice) -> list[str]:
    write_outputs(matte, plate.session.contract, folder, "a", choice)
    return sorted(path.name for path in folder.iterdir())


def test_all_products_have_their_names(tmp_path: Path, plate: Plate, matte: Matte) -> None:
    names = ["a_cutout.png", "a_depth.json", "a_depth.png", "a_matte.png", "a_preview.jpg"]
    assert written(tmp_path, plate, matte, OutputChoice()) == names


def test_only_what_is_wanted_is_written(tmp_path: Path, plate: Plate, matte: Matte) -> None:
    choice = OutputChoice(("matte", "depth"), depth_format="npy")
    assert written(tmp_path, plate, matte, choice) == ["a_depth.json", "a_depth.npy", "a_matte.png"]


@pytest.mark.parametrize(("bits", "dtype"), [(8, np.uint8), (16, np.uint16)])
def test_matte_and_cut_out_hold_alpha_and_straight_colour(
    tmp_path: Path, plate: Plate, matte: Matte, bits: int, dtype: type[np.generic]
) -> None:
    write_outputs(matte, plate.session.contract, tmp_path, "a", OutputChoice(bits=bits))
    alpha = decode_png((tmp_path / "a_matte.png").read_bytes())
    cutout = decode_png((tmp_path / "a_cutout.png").read_bytes())
    assert alpha.dtype == cutout.dtype == dtype
    assert to_float(alpha) == pytest.approx(matte.alpha, abs=0.51 / (2**bits - 1))
    assert np.array_equal(cutout[..., 3], alpha)
    inside = to_float(cutout[..., :3])[alpha > 0]
    assert inside == pytest.approx(matte.foreground[alpha > 0], abs=0.51 / (2**bits - 1))


def test_the_cut_out_does_not_show_the_shot_where_nothing_is(tmp_path: Path, plate: Plate, matte: Matte) -> None:
    write_outputs(matte, plate.session.contract, tmp_path, "a", OutputChoice(("cutout",)))
    cutout = decode_png((tmp_path / "a_cutout.png").read_bytes())
    assert (cutout[:6] == 0).all()
    assert (cutout[7, 16:32, :3] > 0).all()  # the pixels beside the square keep their colour for whoever scales it


def test_depth_decodes_with_the_formula_of_the_sidecar(tmp_path: Path, plate: Plate, matte: Matte) -> None:
    write_outputs(matte, plate.session.contract, tmp_path, "a", OutputChoice(("depth",)))
    codes = decode_png((tmp_path / "a_depth.png").read_bytes())
    sidecar = json.loads((tmp_path / "a_depth.json").read_text())
    lo, hi = plate.disparity_range
    assert sidecar == {
        "quantity": "disparity",
        "unit": None,
        "lo": lo,
        "hi": hi,
        "scale_of": "plate",
        "model": "difference",
        "version": "0.0.1",
        "precision": "float32",
        "weights": plate.session.contract.weights,
        "clipped_pixels": 0,
        "cleanplate": __version__,
    }
    assert codes.dtype == np.uint16
    decoded = decode_disparity16(codes.astype(np.uint16), sidecar["lo"], sidecar["hi"])
    assert decoded == pytest.approx(matte.disparity, abs=(hi - lo) / 65535)


def test_what_stands_nearer_than_the_range_is_clipped_and_counted(tmp_path: Path, plate: Plate) -> None:
    shot = plate.rgb.copy()
    shot[SQUARE] = 1.0
    write_outputs(plate.matte(shot), plate.session.contract, tmp_path, "a", OutputChoice(("depth",)))
    codes = decode_png((tmp_path / "a_depth.png").read_bytes())
    assert json.loads((tmp_path / "a_depth.json").read_text())["clipped_pixels"] == 16 * 16
    assert (codes[SQUARE] == 65535).all()


def test_npy_depth_is_float32_at_the_shots_size(tmp_path: Path, plate: Plate, matte: Matte) -> None:
    write_outputs(matte, plate.session.contract, tmp_path, "a", OutputChoice(("depth",), depth_format="npy"))
    stored = np.load(tmp_path / "a_depth.npy", allow_pickle=False)
    assert stored.dtype == np.float32
    assert np.array_equal(stored, matte.disparity)


def test_the_preview_shows_five_panels_side_by_side(tmp_path: Path, plate: Plate, matte: Matte) -> None:
    picture = preview(matte)
    assert picture.shape == (32, 5 * 48 + 4 * 8, 3)
    assert matte.plate is not None
    assert np.array_equal(picture[:, :48], matte.plate)
    assert np.array_equal(picture[:, 56:104], matte.shot)
    assert np.array_equal(picture[:, 112:160, 1], matte.alpha)
    write_outputs(matte, plate.session.contract, tmp_path, "a", OutputChoice(("preview",)))
    assert PilImage.open(tmp_path / "a_preview.jpg").size == (272, 32)


@pytest.mark.parametrize("size_hw", [(100, 2000), (2000, 100), (1500, 1500)])
def test_the_preview_of_a_large_shot_is_bounded(difference_model: Path, size_hw: tuple[int, int]) -> None:
    plate = Plate.open(np.zeros(size_hw, np.uint8), difference_model)
    height, width, _ = preview(plate.matte(np.zeros(size_hw, np.uint8))).shape
    assert height <= 640
    assert width <= 2432


def test_what_is_missing_is_told_a_product_at_a_time(tmp_path: Path) -> None:
    choice = OutputChoice(("matte", "depth", "preview"))
    (tmp_path / "a_matte.png").touch()
    (tmp_path / "a_depth.png").touch()  # without its sidecar it is worth nothing
    assert choice.missing(tmp_path, "a") == ("depth", "preview")
    assert OutputChoice().missing(tmp_path / "nowhere", "a") == ("matte", "cutout", "depth", "preview")


def test_a_file_that_cannot_be_written_leaves_none_of_the_shots_files(
    tmp_path: Path, plate: Plate, matte: Matte
) -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))  # the matte fits, the cut-out does not
        with pytest.raises(InputError, match="cannot be written"):
            write_outputs(matte, plate.session.contract, tmp_path, "a", OutputChoice(("matte", "cutout")))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []
