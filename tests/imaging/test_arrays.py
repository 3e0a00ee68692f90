"""Whatever array a user has becomes RGB in [0, 1], or one sentence says why not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import DTypeLike

from cleanplate.errors import InputError
from cleanplate.imaging.arrays import as_floats, as_picture, check_size, strips, to_float, to_rgb, to_uint


@pytest.mark.parametrize(("dtype", "top"), [(np.uint8, 255), (np.uint16, 65535), (">u2", 65535), (np.float64, 1)])
@pytest.mark.parametrize("shape", [(16, 20), (16, 20, 1), (16, 20, 3), (16, 20, 4)])
def test_arrays_of_every_kind_become_rgb(dtype: DTypeLike, top: int, shape: tuple[int, ...]) -> None:
    array = np.zeros(shape, dtype)
    array[2, 3] = top
    rgb = to_rgb(array)
    assert rgb.shape == (16, 20, 3)
    assert rgb.dtype == np.float32
    assert rgb[2, 3].tolist() == [1, 1, 1]
    assert rgb.sum() == 3


def test_a_fourth_channel_is_alpha_and_colours_stay_straight() -> None:
    array = np.full((16, 16, 4), 200, np.uint8)
    array[..., 3] = 51
    picture = as_picture(array)
    assert picture.alpha is not None
    assert np.allclose(picture.alpha, 0.2)
    assert np.allclose(picture.rgb, 200 / 255)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_refused(bad: float) -> None:
    array = np.zeros((16, 16, 3))
    array[5, 5, 1] = bad
    with pytest.raises(InputError, match="mine: holds NaN or infinite"):
        to_rgb(array, "mine")


@pytest.mark.parametrize("value", [1.01, -0.01, 255.0])
def test_floats_beyond_0_to_1_are_refused(value: float) -> None:
    with pytest.raises(InputError, match=r"must lie in 0\.\.1"):
        to_rgb(np.full((16, 16, 3), value))


def test_floats_that_interpolation_pushed_over_the_edge_are_clipped() -> None:
    assert to_rgb(np.full((16, 16, 3), 1 + 1e-6)).max() == 1


@pytest.mark.parametrize("shape", [(16,), (16, 16, 2), (3, 16, 16), (1, 16, 16, 3), (16, 16, 0)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="has shape"):
        to_rgb(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.bool_, np.complex64])
def test_other_types_are_refused(dtype: DTypeLike) -> None:
    with pytest.raises(InputError, match="give uint8, uint16 or floats"):
        to_rgb(np.zeros((16, 16, 3), dtype))


@pytest.mark.parametrize("size_hw", [(1, 1), (15, 100), (100, 15), (0, 100)])
def test_a_side_under_16_pixels_is_refused(size_hw: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="at least 16"):
        check_size(size_hw, "x")


@pytest.mark.parametrize("size_hw", [(16, 16), (8000, 8000), (2000, 32000), (32000, 2000)])
def test_sizes_up_to_8000_by_8000_are_taken(size_hw: tuple[int, int]) -> None:
    check_size(size_hw, "x")


@pytest.mark.parametrize("size_hw", [(8000, 8001), (60000, 60000), (16, 32001)])
def test_larger_sizes_are_refused(size_hw: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="8000 x 8000"):
        check_size(size_hw, "x")


@pytest.mark.parametrize("bits", [8, 16])
def test_integers_survive_the_way_to_floats_and_back(bits: int) -> None:
    codes = np.arange(2**bits, dtype=np.uint8 if bits == 8 else np.uint16).reshape(16, -1)
    assert np.array_equal(to_uint(to_float(codes), bits), codes)


def test_codes_are_floats_where_they_are_asked_for_and_stay_codes_where_they_are() -> None:
    codes = np.arange(256, dtype=np.uint8).reshape(16, 16).repeat(3).reshape(16, 16, 3)
    assert np.array_equal(as_floats(codes), to_float(codes))
    floats = to_float(codes)
    assert as_floats(floats) is floats
    assert to_uint(codes, 8) is codes
    assert np.array_equal(to_uint(codes, 16), to_uint(floats, 16))


def test_floats_are_rounded_to_nearest_and_clipped() -> None:
    values = np.array([[-1.0, 0.4 / 255, 0.6 / 255, 1.0, 7.0]], np.float32)
    assert to_uint(values, 8).tolist() == [[0, 0, 1, 255, 255]]


@given(st.integers(1, 5000), st.integers(1, 3_000_000))
def test_strips_cover_every_row_once(height: int, width: int) -> None:
    rows = [row for strip in strips(height, width) for row in range(height)[strip]]
    assert rows == list(range(height))
