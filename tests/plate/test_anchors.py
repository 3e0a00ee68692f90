"""Anchors turn an exact disparity into exact metres; what contradicts is refused, and by how much is said."""

from typing import Any, cast

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cleanplate.errors import InputError, UsageError
from cleanplate.imaging import Image
from cleanplate.plate.anchors import (
    FAR_TO_NEAR,
    Anchor,
    DepthScale,
    check_anchors,
    fit_anchors,
    fit_depth_map,
    parse_anchor,
    relative_scale,
)
from cleanplate.plate.intrinsics import find_intrinsics

SIZE_HW = (30, 40)
CAMERA = find_intrinsics(SIZE_HW, 70.0, None)
DEPTH_M = np.linspace(1.5, 6.0, 1200, dtype=np.float32).reshape(SIZE_HW)[::-1].copy()


def true_anchor(x: int, y: int, factor: float = 1.0) -> Anchor:
    """What a tape says, times a factor."""
    return Anchor(x, y, factor * float(DEPTH_M[y, x]) / CAMERA.depth_m(x, y, 1.0))


def seen(gain: float = 1.0, offset: float = 0.0) -> Image:
    """The exact disparity on a scale of its own."""
    return (gain / DEPTH_M + offset).astype(np.float32)


def close(found: Image, wanted: Image, share: float) -> bool:
    return bool(np.allclose(found, wanted, rtol=share, atol=0))


def fit(anchors: list[Anchor], disparity: Image) -> DepthScale:
    at = [float(disparity[anchor.y, anchor.x]) for anchor in anchors]
    return fit_anchors(anchors, at, disparity, CAMERA, "plate")


NEAR, FAR, MIDDLE, OTHER = true_anchor(30, 27), true_anchor(4, 2), true_anchor(20, 15), true_anchor(9, 21)


@given(st.floats(0.1, 20), st.floats(-5, 5), st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_two_or_more_anchors_make_an_exact_disparity_exact(gain: float, offset: float, number: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    anchors = [true_anchor(int(rng.integers(40)), int(y)) for y in rng.choice(30, number, replace=False)]
    assume(np.ptp([anchor.y for anchor in anchors]) >= 5)
    disparity = seen(gain, offset)
    scale = fit(anchors, disparity)
    assert close(scale.depth_m(disparity), DEPTH_M, 5e-3)
    assert max(scale.residuals) < 1e-3
    assert scale.notices == ()


@given(st.floats(0.1, 20))
def test_one_anchor_is_exact_where_disparity_0_is_infinitely_far(gain: float) -> None:
    scale = fit([MIDDLE], seen(gain))
    assert scale.shift == 0
    assert close(scale.depth_m(seen(gain)), DEPTH_M, 1e-4)
    assert "one anchor fixes only the scale, so the model's disparity 0 is taken for infinitely far" in scale.notices[0]


def test_one_anchor_with_a_zero_that_means_nothing_assumes_how_deep_the_plate_is_and_says_so() -> None:
    disparity = seen(3, -1)
    scale = fit([MIDDLE], disparity)
    depth_m = scale.depth_m(disparity)
    assert depth_m[MIDDLE.y, MIDDLE.x] == pytest.approx(DEPTH_M[MIDDLE.y, MIDDLE.x], rel=1e-4)
    assert depth_m.max() / depth_m.min() == pytest.approx(FAR_TO_NEAR, rel=1e-3)
    assert "the plate's farthest surface is taken to be 5 times as far as its nearest" in scale.notices[0]


def test_of_four_anchors_a_wrong_one_moves_nothing_and_is_named() -> None:
    wrong = true_anchor(12, 8, 3.0)
    scale = fit([NEAR, FAR, wrong, MIDDLE, OTHER], seen(2, 1))
    assert close(scale.depth_m(seen(2, 1)), DEPTH_M, 1e-3)
    assert f"{wrong} only within 200 %" in scale.notices[0]


def test_anchors_that_say_near_is_far_contradict_what_the_model_sees() -> None:
    with pytest.raises(InputError, match=r"plate: the anchors contradict .* nearer than .* by \d+ % of the plate's"):
        fit([NEAR, FAR], seen(-1))
    with pytest.raises(InputError, match="contradict"):
        fit([NEAR, FAR, MIDDLE, OTHER], seen(-1))


def test_the_two_that_contradict_are_named() -> None:
    disparity = np.broadcast_to(np.linspace(0, 1, 40, dtype=np.float32), SIZE_HW)
    with pytest.raises(InputError, match=r"35,5 is nearer than 0,5 by 90 % of .* as 20 m, the other as 2; measure"):
        fit([Anchor(39, 5, 1.6), Anchor(35, 5, 20), Anchor(0, 5, 2)], disparity)


def test_anchors_that_no_line_fits_contradict_each_other_by_so_much() -> None:
    wild = [true_anchor(3, 3, 0.3), true_anchor(30, 9), true_anchor(20, 15, 4.0), true_anchor(9, 27)]
    with pytest.raises(InputError, match=r"contradict each other, half of them by \d+ % or more"):
        fit([*wild, true_anchor(5, 6, 5.0), true_anchor(25, 24, 6.0)], seen())


def test_anchors_at_one_depth_are_refused() -> None:
    with pytest.raises(InputError, match="lie at one depth as the model sees it; choose one near and one far"):
        fit([NEAR, true_anchor(31, 27)], seen())
    with pytest.raises(InputError, match="lie at one depth"):
        fit([NEAR, FAR], np.ones_like(DEPTH_M))


def test_a_part_that_comes_out_beyond_infinity_is_told() -> None:
    disparity = seen()
    disparity[:6] -= 1
    scale = fit([NEAR, MIDDLE], disparity)
    assert (scale.depth_m(disparity)[:6] == 0).all()
    assert "20 % of it is infinitely far and has no depth" in scale.notices[0]


@pytest.mark.parametrize(("x", "y"), [(40, 3), (3, 30), (-1, 3), (3, -1)])
def test_an_anchor_outside_the_picture_is_refused(x: int, y: int) -> None:
    with pytest.raises(UsageError, match=rf"the anchor {x},{y}=2 lies outside its 40 x 30 pixels"):
        check_anchors([Anchor(x, y, 2.0)], SIZE_HW)


@pytest.mark.parametrize("distance_m", [-2.4, 0.0, float("nan"), float("inf"), 1e-320, 1000.0])
def test_a_distance_that_is_none_is_refused(distance_m: float) -> None:
    with pytest.raises(UsageError, match=r"needs a distance of at least 0\.001 and below 1000 m"):
        check_anchors([Anchor(3, 3, distance_m)], SIZE_HW)


def test_anchors_come_out_in_numbers_that_a_file_takes() -> None:
    x, y, distance_m = (cast("Any", number) for number in (np.int64(3), np.int32(4), np.float32(2)))
    (anchor,) = check_anchors([Anchor(x, y, distance_m)], SIZE_HW)
    assert [type(value) for value in (anchor.x, anchor.y, anchor.distance_m)] == [int, int, float]


@pytest.mark.parametrize("anchor", [Anchor(3.5, 4, 2.0), (3, 4, 2.0)])  # pyright: ignore[reportArgumentType]
def test_what_names_no_pixel_is_no_anchor(anchor: Anchor) -> None:
    with pytest.raises(UsageError, match=r"is no anchor; give Anchor\(x, y, distance_m\), its pixel in whole numbers"):
        check_anchors([anchor], SIZE_HW)


def test_two_distances_for_one_pixel_contradict_each_other_by_so_much() -> None:
    with pytest.raises(UsageError, match=r"3,3=2 and 3,3=3 contradict each other: one pixel, two distances 50 % apart"):
        check_anchors([Anchor(3, 3, 2.0), Anchor(3, 3, 3.0)], SIZE_HW)
    assert check_anchors([Anchor(3, 3, 2.0), Anchor(3, 3, 2.0)], SIZE_HW) == (Anchor(3, 3, 2.0),)
    with pytest.raises(UsageError, match="no anchor is given"):
        check_anchors([], SIZE_HW)


@pytest.mark.parametrize("word", ["", "3", "3,4", "3,4=", "3=4", "a,b=c", "3,4=2m", "3.5,4=2", "3,4,5=2", "=2"])
def test_a_word_that_is_no_anchor_is_refused(word: str) -> None:
    with pytest.raises(UsageError, match="is no anchor; give X,Y=METRES"):
        parse_anchor(word)


@given(st.integers(0, 9999), st.integers(0, 9999), st.floats(0.01, 999))
def test_an_anchor_is_read_as_it_is_written(x: int, y: int, distance_m: float) -> None:
    assert parse_anchor(f"{x},{y}={distance_m!r}") == Anchor(x, y, distance_m)


@pytest.mark.parametrize(("gain", "offset", "seed"), [(1.0, 0.0, 0), (0.1, 5.0, 1), (20.0, -5.0, 2)])
def test_a_depth_map_is_fitted_though_a_fifth_of_it_is_wrong(gain: float, offset: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    map_m = DEPTH_M.copy()
    map_m[rng.random(SIZE_HW) < 0.3] = 0
    map_m[:, :8] *= 3
    disparity = seen(gain, offset)
    scale = fit_depth_map(map_m, disparity, "plate")
    assert close(scale.depth_m(disparity), DEPTH_M, 0.01)


def test_where_a_depth_map_is_known_it_is_the_rooms_depth_at_any_size() -> None:
    map_m = DEPTH_M.copy()
    map_m[:10] = 0
    disparity = (1.3 / DEPTH_M + 0.2 * np.sin(np.arange(40)) / 9).astype(np.float32)
    scale = fit_depth_map(map_m, disparity, "plate")
    assert np.array_equal(scale.room_m(disparity)[10:], map_m[10:])
    assert np.array_equal(scale.room_m(disparity)[:10], scale.depth_m(disparity)[:10])
    twice = scale.room_m(disparity.repeat(2, axis=0).repeat(2, axis=1))
    assert np.array_equal(twice[20:], map_m[10:].repeat(2, axis=0).repeat(2, axis=1))


def test_a_depth_map_that_says_nothing_or_the_opposite_is_refused() -> None:
    with pytest.raises(InputError, match="knows only 0 pixels"):
        fit_depth_map(np.zeros_like(DEPTH_M), seen(), "plate")
    with pytest.raises(InputError, match="what is near in its depth map is far for the model"):
        fit_depth_map(seen(), seen(), "plate")
    with pytest.raises(InputError, match="its depth map shows one depth, 4 m, and cannot tell how far"):
        fit_depth_map(np.full_like(DEPTH_M, 4), seen(), "plate")


def test_without_any_measurement_the_nearest_surface_is_the_unit() -> None:
    scale, assumed = relative_scale(seen(3, -1))
    depth = scale.depth_m(seen(3, -1))
    assert (depth.min(), depth.max()) == (pytest.approx(1, rel=1e-3), pytest.approx(FAR_TO_NEAR, rel=1e-3))
    assert "farthest surface is taken to be 5 times as far" in assumed
