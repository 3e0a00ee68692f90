"""A resized picture shows the same scene."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanplate.imaging import Image, Pixels, arrays
from cleanplate.imaging import resize as resizing
from cleanplate.imaging.arrays import as_floats, to_float
from cleanplate.imaging.resize import resize

SIDE = st.integers(1, 40)
SHAPE = st.sampled_from([(), (1,), (3,), (4,)])


@given(st.tuples(SIDE, SIDE), st.tuples(SIDE, SIDE), SHAPE, st.floats(0, 1, width=32))
def test_a_constant_stays_constant(
    old_hw: tuple[int, int], new_hw: tuple[int, int], tail: tuple[int, ...], value: float
) -> None:
    resized = resize(np.full((*old_hw, *tail), value, np.float32), new_hw)
    assert resized.shape == (*new_hw, *tail)
    assert resized.dtype == np.float32
    assert np.allclose(resized, value, atol=1e-6)


@given(SIDE, SIDE, st.integers(1, 8), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_a_shrink_by_whole_numbers_keeps_the_mean(h: int, w: int, by_h: int, by_w: int, seed: int) -> None:
    large = np.random.default_rng(seed).random((h * by_h, w * by_w, 3), np.float32)
    small = resize(large, (h, w))
    blocks = large.reshape(h, by_h, w, by_w, 3).mean(axis=(1, 3))
    assert np.allclose(small, blocks, atol=1e-5)


@pytest.mark.parametrize("new_hw", [(7, 9), (10, 12), (20, 30), (40, 12), (10, 60), (45, 13)])
@pytest.mark.parametrize("tail", [(), (1,), (3,), (6,)])
def test_a_large_picture_is_averaged_some_rows_at_a_time(
    new_hw: tuple[int, int], tail: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = np.random.default_rng(0).integers(0, 256, (40, 60, *tail), dtype=np.uint8)
    whole = resize(to_float(codes), new_hw)
    seen: list[int] = []

    def counted(part: Pixels) -> Image:
        seen.append(len(part))
        return as_floats(part)

    monkeypatch.setattr(arrays, "_STRIP_PX", 7 * 60)
    monkeypatch.setattr(resizing, "as_floats", counted)
    in_parts = resize(codes, new_hw)
    assert np.allclose(in_parts, whole, atol=1e-6)
    assert max(seen) == (7 if new_hw[0] < 40 or new_hw[1] < 60 else 40)
    assert np.array_equal(in_parts, resize(to_float(codes), new_hw))


def test_the_same_size_is_the_same_array() -> None:
    array = np.zeros((20, 30, 3), np.float32)
    assert resize(array, (20, 30)) is array


@given(st.integers(2, 30), st.integers(1, 5))
def test_growing_interpolates_linearly_between_pixel_centres(width: int, factor: int) -> None:
    ramp = np.tile(np.arange(width, dtype=np.float32), (4, 1))
    grown = resize(ramp, (4, width * factor))[0]
    centres = (np.arange(width * factor) + 0.5) / factor - 0.5
    assert np.allclose(grown, np.clip(centres, 0, width - 1), atol=1e-3)


def test_one_axis_may_grow_while_the_other_shrinks() -> None:
    columns = np.tile(np.array([[0.0, 1.0]], np.float32), (40, 1))
    resized = resize(columns, (4, 4))
    assert resized == pytest.approx(np.tile([[0, 0.25, 0.75, 1]], (4, 1)))
