"""What was laid over a plate can be taken off again."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cleanplate.imaging import Image
from cleanplate.imaging.arrays import to_float, to_uint
from cleanplate.imaging.colour import srgb_to_linear
from cleanplate.imaging.compositing import composite, composite_light, estimate_foreground, recover_foreground

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
def test_light_is_mixed_between_the_same_ends(seed: int) -> None:
    foreground, backdrop, alpha = three(seed)
    assert np.array_equal(composite_light(foreground, np.zeros_like(alpha), backdrop), backdrop)
    assert np.array_equal(composite_light(foreground, np.ones_like(alpha), backdrop), foreground)
    mixed = srgb_to_linear(composite_light(foreground, alpha, backdrop))
    assert np.allclose(mixed, composite(srgb_to_linear(foreground), alpha, srgb_to_linear(backdrop)), atol=1e-5)


@given(SEED)
def test_the_foreground_of_a_composite_is_recovered(seed: int) -> None:
    foreground, plate, alpha = three(seed)
    alpha = 0.2 + 0.8 * alpha
    recovered = srgb_to_linear(recover_foreground(composite_light(foreground, alpha, plate), plate, alpha))
    assert np.allclose(recovered, srgb_to_linear(foreground), atol=1e-4)  # as light: dark codes are steep


@given(SEED)
def test_a_recovered_foreground_gives_the_shot_again(seed: int) -> None:
    foreground, plate, alpha = three(seed)
    alpha = np.where(alpha < 0.3, 0, alpha).astype(np.float32)
    shot = composite_light(foreground, alpha, plate)
    again = composite_light(recover_foreground(shot, plate, alpha), alpha, plate)
    assert np.allclose(again, shot, atol=1e-4)


@given(SEED)
def test_where_alpha_is_1_the_foreground_is_exactly_the_shot(seed: int) -> None:
    shot, plate, alpha = three(seed)
    assert np.array_equal(recover_foreground(shot, plate, np.ones_like(alpha)), shot)


@given(SEED, st.floats(0.5, 2))
def test_a_plate_of_another_exposure_leaves_colours_that_can_be_shown(seed: int, gain: float) -> None:
    foreground, plate, alpha = three(seed)
    shot = composite_light(foreground, alpha, np.clip(plate * np.float32(gain), 0, 1))
    recovered = recover_foreground(shot, plate, alpha)
    assert recovered.min() >= 0
    assert recovered.max() <= 1


def ramp_over_a_wall() -> tuple[Image, Image, Image]:
    """Dark hair before a light wall: shot, plate, and an alpha that falls from 1 to 0 and stays there."""
    alpha = np.clip(np.linspace(1.5, -0.5, 64, dtype=np.float32), 0, 1)[None].repeat(16, axis=0)
    hair, wall = np.full((16, 64, 3), 0.1, np.float32), np.full((16, 64, 3), 0.9, np.float32)
    return composite_light(hair, alpha, wall), wall, alpha


def test_no_fringe_of_the_wall_is_left_over_any_backdrop() -> None:
    shot, wall, alpha = ramp_over_a_wall()
    recovered = recover_foreground(shot, wall, alpha)
    for grey in (0.0, 0.5, 1.0):
        backdrop, hair = np.full_like(shot, grey), np.full_like(shot, 0.1)
        seen, wanted = (composite_light(colour, alpha, backdrop) for colour in (recovered, hair))
        assert np.abs(seen - wanted).max() < 0.01


def test_the_colour_goes_on_one_pixel_beyond_the_edge_and_no_further() -> None:
    shot, wall, alpha = ramp_over_a_wall()
    recovered = recover_foreground(shot, wall, alpha)
    last = int(np.flatnonzero(alpha[0] > 0)[-1])
    assert np.abs(recovered[:, last + 1] - 0.1).max() < 0.01
    assert np.array_equal(recovered[:, last + 2 :], shot[:, last + 2 :])


def test_where_no_foreground_is_sure_faint_pixels_keep_the_shots_colour() -> None:
    shot, plate, alpha = three(0)
    faint = 0.02 * alpha
    assert np.array_equal(recover_foreground(shot, plate, faint), shot)


def test_the_way_over_to_the_colour_nearby_is_smooth() -> None:
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


def test_of_a_shot_in_codes_the_foreground_is_in_codes() -> None:
    rng = np.random.default_rng(3)
    shot, plate = rng.integers(0, 256, (64, 96, 3), np.uint8), rng.random((64, 96, 3), np.float32)
    alpha = np.clip(np.linspace(-0.5, 1.5, 96, dtype=np.float32), 0, 1)[None].repeat(64, axis=0)
    recovered = recover_foreground(shot, plate, alpha)
    assert recovered.dtype == np.uint8
    assert np.array_equal(recovered, to_uint(recover_foreground(to_float(shot), plate, alpha), 8))
