"""What was laid over a plate can be taken off again."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cleanplate.imaging import Image
from cleanplate.imaging.compositing import composite, estimate_foreground, recover_foreground

SEED = st.integers(0, 2**32 - 1)


def three(seed: int) -> tuple[Image, Image, Image]:
    rng = np.random.default_rng(seed)
    return rng.random((9, 7, 3), np.float32), rng.random((9, 7, 3), np.float32), rng.random((9, 7), np.float32)


@given(SEED)
def test_alpha_0_is_the_backdrop_and_alpha_1_the_foreground(seed: int) -> None:
    foreground, backdrop, alpha = three(seed)
    assert np.array_equal(composite(foreground, np.zeros_like(alpha), backdrop), backdrop)
    assert np.array_equal(composite(foreground, np.ones_like(alpha), backdrop), foreground)


@given(SEED)
def test_a_composite_lies_between_its_two_parts(seed: int) -> None:
    foreground, backdrop, alpha = three(seed)
    result = composite(foreground, alpha, backdrop)
    assert (result >= np.minimum(foreground, backdrop) - 1e-6).all()
    assert (result <= np.maximum(foreground, backdrop) + 1e-6).all()


@given(SEED)
def test_the_foreground_of_a_composite_is_recovered(seed: int) -> None:
    foreground, plate, alpha = three(seed)
    alpha = 0.2 + 0.8 * alpha
    recovered = recover_foreground(composite(foreground, alpha, plate), plate, alpha)
    assert np.allclose(recovered, foreground, atol=1e-5)


@given(SEED)
def test_a_recovered_foreground_gives_the_shot_again(seed: int) -> None:
    foreground, plate, alpha = three(seed)
    alpha = np.where(alpha < 0.3, 0, alpha).astype(np.float32)
    shot = composite(foreground, alpha, plate)
    again = composite(recover_foreground(shot, plate, alpha), alpha, plate)
    assert np.allclose(again, shot, atol=1e-5)


@given(SEED)
def test_where_alpha_is_1_the_foreground_is_exactly_the_shot(seed: int) -> None:
    shot, plate, alpha = three(seed)
    assert np.array_equal(recover_foreground(shot, plate, np.ones_like(alpha)), shot)


@given(SEED, st.floats(0.5, 2))
def test_a_plate_of_another_exposure_leaves_colours_that_can_be_shown(seed: int, gain: float) -> None:
    foreground, plate, alpha = three(seed)
    shot = composite(foreground, alpha, np.clip(plate * np.float32(gain), 0, 1))
    recovered = recover_foreground(shot, plate, alpha)
    assert recovered.min() >= 0
    assert recovered.max() <= 1
    faint = alpha <= 0.05
    assert np.array_equal(recovered[faint], shot[faint])


def test_the_way_over_to_the_shot_is_smooth() -> None:
    alpha = np.linspace(0, 1, 2001, dtype=np.float32)[None]
    shot = np.full((1, 2001, 3), 0.5, np.float32)
    plate = np.full((1, 2001, 3), 0.45, np.float32)  # a little off: the formula alone would jump to 0.5 + 0.05 / alpha
    recovered = recover_foreground(shot, plate, alpha)
    assert np.abs(np.diff(recovered[0, :, 0])).max() < 0.005


def test_without_a_plate_the_backdrop_is_mostly_taken_out_of_the_edges() -> None:
    rows, columns = np.mgrid[:120, :160].astype(np.float32)
    alpha = np.clip((40 - np.hypot(rows - 60, columns - 80)) / 12 + 0.5, 0, 1).astype(np.float32)
    red = np.stack([0.8 + columns / 1600, rows / 1200, np.full_like(rows, 0.1)], axis=2).astype(np.float32)
    blue = np.stack([rows / 1200, 0.2 + columns / 1600, np.full_like(rows, 0.9)], axis=2).astype(np.float32)
    shot = composite(red, alpha, blue)
    edge = (alpha > 0.05) & (alpha < 0.95)
    left, before = (np.abs(colour - red)[edge].mean() for colour in (estimate_foreground(shot, alpha), shot))
    assert left < 0.15 * before


@given(SEED)
def test_without_a_plate_what_is_whole_keeps_the_shots_colour(seed: int) -> None:
    shot, _, alpha = three(seed)
    alpha = np.clip(2 * alpha - 0.5, 0, 1)
    estimated = estimate_foreground(shot, alpha)
    whole = (alpha == 0) | (alpha == 1)
    assert np.array_equal(estimated[whole], shot[whole])
    assert estimated.min() >= 0
    assert estimated.max() <= 1
