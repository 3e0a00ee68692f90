"""Pixels become rays by the field of view that is given, in EXIF, or assumed."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PilImage

from cleanplate.errors import UsageError
from cleanplate.imaging.lens import Lens, read_lens
from cleanplate.plate.intrinsics import ASSUMED_FOV_DEG, find_intrinsics


def with_exif(path: Path, tags: dict[int, object], size: tuple[int, int] = (400, 300)) -> Path:
    exif = PilImage.Exif()
    exif[271] = "a maker"  # Pillow writes no EXIF without a tag of its own level
    exif.get_ifd(0x8769).update(tags)
    PilImage.new("RGB", size).save(path, exif=exif)
    return path


@given(st.floats(5, 170), st.integers(16, 4000), st.integers(16, 4000))
def test_the_field_of_view_that_is_given_is_the_horizontal_one(fov_deg: float, height: int, width: int) -> None:
    camera = find_intrinsics((height, width), fov_deg, Lens(26.0, 5.0, None))
    assert camera.fov_deg == pytest.approx(fov_deg)
    assert camera.source == "given"


@pytest.mark.parametrize("fov_deg", [0.0, -60.0, 4.9, 171.0, 360.0, math.nan])
def test_a_field_of_view_that_is_none_is_refused(fov_deg: float) -> None:
    with pytest.raises(UsageError, match="give 5 to 170"):
        find_intrinsics((300, 400), fov_deg, None)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_the_35_mm_focal_length_counts_by_the_diagonal(tmp_path: Path, suffix: str) -> None:
    lens = read_lens(with_exif(tmp_path / f"a{suffix}", {0xA405: 43}))
    camera = find_intrinsics((300, 400), None, lens)
    assert camera.source == "exif"
    assert camera.focal_px == pytest.approx(500 * 43 / math.hypot(36, 24))


@pytest.mark.parametrize(("unit", "per_unit"), [(2, 2540.0), (3, 1000.0), (None, 2540.0)])
def test_without_it_the_size_of_a_pixel_counts(tmp_path: Path, unit: int | None, per_unit: float) -> None:
    tags: dict[int, object] = {0x920A: 5.0, 0xA20E: per_unit, 0xA002: 800, 0xA003: 600}
    lens = read_lens(with_exif(tmp_path / "a.jpg", tags | ({} if unit is None else {0xA210: unit})))
    assert find_intrinsics((600, 800), None, lens).focal_px == pytest.approx(500)  # 100 pixels a millimetre
    assert find_intrinsics((300, 400), None, lens).focal_px == pytest.approx(250)  # resized since, EXIF kept
    assert find_intrinsics((400, 300), None, lens).focal_px == pytest.approx(250)  # and turned upright


@pytest.mark.parametrize("tags", [{}, {0xA405: 0}, {0x920A: 5.0}, {0xA20E: 100.0}])
def test_exif_that_says_nothing_leaves_an_assumption(tmp_path: Path, tags: dict[int, object]) -> None:
    lens = read_lens(with_exif(tmp_path / "a.jpg", tags))
    camera = find_intrinsics((300, 400), None, lens)
    assert lens is None
    assert (camera.source, camera.fov_deg) == ("assumed", pytest.approx(ASSUMED_FOV_DEG))
    assert find_intrinsics((400, 300), None, None).focal_px == camera.focal_px  # along the longer side


def test_what_is_no_picture_has_no_lens(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("no picture")
    assert read_lens(tmp_path / "a.jpg") is None
    assert read_lens(tmp_path / "missing.jpg") is None


@given(st.floats(20, 140), st.integers(0, 399), st.integers(0, 299), st.floats(0.1, 50))
def test_a_point_at_its_depth_on_its_ray_has_the_distance(fov_deg: float, x: int, y: int, distance_m: float) -> None:
    camera = find_intrinsics((300, 400), fov_deg, None)
    depth_m = camera.depth_m(x, y, distance_m)
    right, down = camera.slopes(np.array(float(x)), np.array(float(y)))
    assert math.hypot(float(right) * depth_m, float(down) * depth_m, depth_m) == pytest.approx(distance_m)


def test_a_resized_picture_keeps_its_field_of_view() -> None:
    camera = find_intrinsics((300, 400), 60.0, None)
    assert camera.at((600, 800)).fov_deg == pytest.approx(60)
    assert camera.at((600, 800)).focal_px == pytest.approx(2 * camera.focal_px)
