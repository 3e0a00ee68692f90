"""The ten axes keep their laws: nothing at level 0, more at each level, the same for the same seed, truth untouched."""

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from cleanplate.evaluate.stress.axes import AXES, NUM_LEVELS, Axis
from cleanplate.evaluate.stress.pairs import MARGIN_PX, Codes, Pair, shown
from cleanplate.imaging.colour import srgb_to_linear

LEVELS = range(NUM_LEVELS + 1)
BY_NAME = {axis.name: axis for axis in AXES}
PLATE_MOVES = ("plate shift", "rotation", "zoom")
SHOT_CHANGES = ("exposure", "white balance", "shadow", "light drift", "camouflage")
DRAWS_NOTHING = ("JPEG", "camouflage")

every_axis = pytest.mark.parametrize("axis", AXES, ids=lambda axis: axis.name)


def _distance(some: tuple[Codes, Codes], other: tuple[Codes, Codes]) -> float:
    return sum(float(np.abs(a.astype(float) - b).mean()) for a, b in zip(some, other, strict=True))


def _same(some: tuple[Codes, Codes], other: tuple[Codes, Codes]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(some, other, strict=True))


def test_there_are_ten_axes_of_five_levels() -> None:
    assert len(BY_NAME) == 10
    assert {len(axis.values) for axis in AXES} == {NUM_LEVELS} == {5}


@every_axis
def test_level_0_is_the_pair_itself(axis: Axis, invented: Pair) -> None:
    assert _same(axis.applied(invented, 0, 7), (shown(invented.plate), shown(invented.shot)))


@every_axis
def test_each_level_changes_more_than_the_one_before(axis: Axis, invented: Pair) -> None:
    clean = axis.applied(invented, 0, 7)
    distances = [_distance(axis.applied(invented, level, 7), clean) for level in LEVELS]
    assert distances[0] == 0
    assert all(later > earlier for earlier, later in pairwise(distances))


@every_axis
def test_the_same_seed_and_name_give_the_same_bytes_and_others_give_others(axis: Axis, invented: Pair) -> None:
    first = axis.applied(invented, 3, 7)
    assert _same(first, axis.applied(invented, 3, 7))
    others = [axis.applied(invented, 3, seed) for seed in range(8, 16)]
    others += [axis.applied(replace(invented, name=f"other {i}"), 3, 7) for i in range(8)]
    assert all(_same(first, other) for other in others) == (axis.name in DRAWS_NOTHING)


@every_axis
def test_truth_and_the_pair_itself_are_never_touched(axis: Axis, invented: Pair) -> None:
    arrays = (invented.plate, invented.shot, invented.alpha, invented.known)
    before = [array.tobytes() for array in arrays]
    axis.applied(invented, 5, 7)
    assert [array.tobytes() for array in arrays] == before


@pytest.mark.parametrize("name", [*PLATE_MOVES, *SHOT_CHANGES])
def test_only_the_picture_that_an_axis_is_about_changes(name: str, invented: Pair) -> None:
    plate, shot = BY_NAME[name].applied(invented, 5, 7)
    assert np.array_equal(plate, shown(invented.plate)) == (name in SHOT_CHANGES)
    assert np.array_equal(shot, shown(invented.shot)) == (name in PLATE_MOVES)


@pytest.mark.parametrize("name", PLATE_MOVES)
@pytest.mark.parametrize("size_hw", [(576, 576), (324, 576), (576, 324)])
def test_a_moved_plate_shows_no_border_that_was_made_up(name: str, size_hw: tuple[int, int], invented: Pair) -> None:
    framed = np.zeros((*size_hw, 3), np.float32)
    framed[2:-2, 2:-2] = 1
    alpha = np.zeros(size_hw, np.float32)
    pair = replace(invented, plate=framed, shot=framed, alpha=alpha, known=alpha == 0)
    for seed in range(6):
        assert BY_NAME[name].applied(pair, 5, seed)[0].min() == 255


def test_a_shift_is_so_many_pixels_long(invented: Pair) -> None:
    axis = BY_NAME["plate shift"]
    before = cv2.cvtColor(invented.plate, cv2.COLOR_RGB2GRAY)
    for level in (2, 3, 4):
        after, _ = axis.change(invented, axis.values[level - 1], np.random.default_rng(5))
        moved = cv2.cvtColor(after, cv2.COLOR_RGB2GRAY)
        window = cv2.createHanningWindow((before.shape[1], before.shape[0]), cv2.CV_32F)
        (x, y), _ = cv2.phaseCorrelate(before, moved, window)
        assert np.hypot(x, y) == pytest.approx(axis.values[level - 1], rel=0.1)


def test_exposure_multiplies_light_by_powers_of_two(invented: Pair) -> None:
    grey = replace(invented, shot=np.full_like(invented.shot, 0.4))
    for seed in range(6):
        _, shot = BY_NAME["exposure"].applied(grey, 4, seed)
        before, after = srgb_to_linear(np.array([0.4, shot[0, 0, 0] / 255], np.float32))
        assert abs(np.log2(after / before)) == pytest.approx(0.8, abs=0.03)


def test_white_balance_leaves_green_and_moves_red_against_blue(invented: Pair) -> None:
    grey = replace(invented, shot=np.full_like(invented.shot, 0.5))
    red, green, blue = (int(code) for code in BY_NAME["white balance"].applied(grey, 4, 7)[1][0, 0])
    assert green == 128
    assert (red - 128) * (blue - 128) < 0


def test_noise_has_its_deviation_and_plate_and_shot_each_their_own(invented: Pair) -> None:
    grey = replace(invented, plate=np.full_like(invented.plate, 0.5), shot=np.full_like(invented.shot, 0.5))
    plate, shot = (codes.astype(float) for codes in BY_NAME["noise"].applied(grey, 3, 7))
    assert plate.std() == pytest.approx(8, rel=0.03)
    assert shot.std() == pytest.approx(8, rel=0.03)
    assert abs(np.corrcoef(plate.ravel(), shot.ravel())[0, 1]) < 0.03


def test_a_shadow_falls_beside_the_foreground_and_only_takes_light(invented: Pair) -> None:
    _, shot = BY_NAME["shadow"].applied(invented, 5, 7)
    change = shot.astype(int) - shown(invented.shot)
    assert np.abs(change[invented.truth == 1]).max() <= 1
    assert change.max() <= 1
    assert (change[invented.truth == 0].min(-1) < -30).mean() > 0.01


def test_full_camouflage_has_the_plates_mean_colour_and_leaves_the_rest(invented: Pair) -> None:
    _, shot = BY_NAME["camouflage"].applied(invented, 5, 7)
    inside, outside = invented.truth == 1, invented.truth == 0
    wanted, found = shown(invented.plate)[inside].mean(0), shot[inside].mean(0)
    assert np.abs(wanted - found).max() < 6
    assert np.abs(wanted - shown(invented.shot)[inside].mean(0)).max() > 40
    assert np.array_equal(shot[outside], shown(invented.shot)[outside])


def test_a_level_that_there_is_not_is_refused(invented: Pair) -> None:
    with pytest.raises(ValueError, match="levels go from 0 to 5, got 6"):
        AXES[0].applied(invented, 6, 7)


def test_pictures_are_shown_without_their_margin(invented: Pair) -> None:
    height, width = invented.alpha.shape
    assert shown(invented.shot).shape == (height - 2 * MARGIN_PX, width - 2 * MARGIN_PX, 3)
