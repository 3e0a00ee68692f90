"""A 16-bit depth file says what was meant."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanplate.imaging.depthmap import colour_map, decode_disparity16, encode_disparity16, merge_layers

LO = st.floats(-100, 100)
SPAN = st.floats(1e-3, 1000)
SEED = st.integers(0, 2**32 - 1)


@given(LO, SPAN, SEED)
def test_what_is_decoded_is_within_half_a_step_of_what_was_encoded(lo: float, span: float, seed: int) -> None:
    # both ends as float32 has them: what lies between then stays between when it is rounded to float32
    lo, hi = float(np.float32(lo)), float(np.float32(lo + span))
    inside = (lo + (hi - lo) * np.random.default_rng(seed).uniform(0.001, 0.999, (8, 9))).astype(np.float32)
    codes, clipped = encode_disparity16(inside, lo, hi)
    decoded = decode_disparity16(codes, lo, hi)
    half_step = (hi - lo) / 65535 / 2
    assert np.abs(decoded.astype(np.float64) - inside).max() <= half_step + 1e-6 * max(abs(lo), hi - lo)
    assert clipped == 0


@given(LO, SPAN)
def test_codes_decode_and_encode_to_themselves(lo: float, span: float) -> None:
    if span < abs(lo) / 50:  # else float32 itself cannot tell the codes apart
        return
    codes = np.arange(0, 65536, 97, dtype=np.uint16)[None]
    again, _ = encode_disparity16(decode_disparity16(codes, lo, lo + span), lo, lo + span)
    assert np.array_equal(again, codes)


@given(SEED)
def test_nearer_never_gets_a_smaller_code(seed: int) -> None:
    disparity = np.sort(np.random.default_rng(seed).normal(size=(1, 200)).astype(np.float32))
    codes, _ = encode_disparity16(disparity, -1, 2)
    assert (np.diff(codes.astype(int)) >= 0).all()


def test_what_lies_outside_is_clipped_and_counted() -> None:
    codes, clipped = encode_disparity16(np.array([[-0.1, 0, 0.25, 1, 1.5, 9]], np.float32), 0, 1)
    assert codes.tolist() == [[0, 0, 16384, 65535, 65535, 65535]]
    assert clipped == 3


@pytest.mark.parametrize("hi", [1.0, 0.5, float("nan")])
def test_an_empty_range_is_a_mistake(hi: float) -> None:
    with pytest.raises(ValueError, match="hi must be greater"):
        encode_disparity16(np.zeros((2, 2), np.float32), 1.0, hi)


def test_the_single_map_is_never_a_blend() -> None:
    alpha = np.array([[0, 0.49, 0.5, 1]], np.float32)
    merged = merge_layers(alpha, np.full((1, 4), 9, np.float32), np.full((1, 4), 2, np.float32))
    assert merged.tolist() == [[2, 2, 9, 9]]
    assert merged.dtype == np.float32


def test_the_colour_map_gets_brighter_with_nearness_and_takes_a_flat_range() -> None:
    picture = colour_map(np.linspace(0, 1, 50, dtype=np.float32)[None], 0, 1)
    assert picture.shape == (1, 50, 3)
    assert picture.min() >= 0
    assert picture.max() <= 1
    assert (np.diff(picture.sum(axis=2)[0]) > 0).all()
    assert picture[0, -1, 0] > picture[0, -1, 2]  # pale yellow: red over blue, so the channels are RGB
    assert np.isfinite(colour_map(np.ones((2, 2), np.float32), 1, 1)).all()
