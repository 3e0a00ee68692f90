"""Alpha stays what the foreground covers, depth is never blended, and what is no foreground has no alpha."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from cleanplate.sample.record import Sample, View
from cleanplate.synth.camera import Effects, degrade

SIZE = (48, 64)
NONE = Effects.none()
BEHIND, FRONT = 0.2, 0.9


def _flat() -> Sample:
    """A foreground of one colour before a scene of another: the shot then says what alpha must be."""
    alpha = np.zeros(SIZE, np.float32)
    alpha[15:40, 20:35] = 1
    alpha[15, 20:35] = 0.5
    alpha[5:15, 26:28] = 1
    shot = np.repeat((BEHIND + (FRONT - BEHIND) * alpha)[..., None], 3, 2).astype(np.float32)
    depth = np.full(SIZE, 4, np.float32)
    plate = np.full((*SIZE, 3), BEHIND, np.float32)
    return Sample("k", "s", ("p",), plate, shot, alpha, depth, np.where(alpha >= 0.5, np.float32(2), depth))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "settings",
    [
        {"motion_p": 1, "motion_px": 10},
        {"interlace_p": 1, "motion_px": 10},
        {"shake_p": 1, "shake_px": 8},
        {"defocus_p": 1, "defocus_px": 3},
        {"blur_p": 1, "blur_px": 2},
        {"crop": 0.6, "flip_p": 0.5},
        {"distortion_p": 1, "distortion_sd": 0.2},
        {
            "motion_p": 1,
            "motion_px": 6,
            "shake_p": 1,
            "shake_px": 4,
            "distortion_p": 1,
            "distortion_sd": 0.1,
            "crop": 0.5,
        },
    ],
)
def test_alpha_is_what_the_foreground_covers(settings: dict[str, Any], seed: int) -> None:
    out = degrade(_flat(), np.random.default_rng(seed), replace(NONE, **settings), SIZE)
    if "interlace_p" in settings:  # half of the interlaced cameras lose lines: that is the recording, not the scene
        np.testing.assert_allclose(out.shot.mean(), BEHIND + (FRONT - BEHIND) * out.alpha.mean(), atol=1e-3)
        return
    np.testing.assert_allclose(out.shot, np.repeat((BEHIND + (FRONT - BEHIND) * out.alpha)[..., None], 3, 2), atol=2e-5)


@pytest.mark.parametrize("seed", range(10))
def test_depth_is_never_blended(seed: int) -> None:
    out = degrade(_flat(), np.random.default_rng(seed), replace(Effects(), motion_p=1.0, motion_px=10), SIZE)
    assert set(np.unique(out.shot_depth_m)) <= {np.float32(2), np.float32(4)}
    assert set(np.unique(out.plate_depth_m)) <= {np.float32(2), np.float32(4)}


@pytest.mark.parametrize("seed", range(6))
def test_depth_follows_a_foreground_that_moved(seed: int) -> None:
    out = degrade(_flat(), np.random.default_rng(seed), replace(NONE, motion_p=1, motion_px=10), SIZE)
    np.testing.assert_array_equal(out.shot_depth_m, np.where(out.alpha >= 0.5, 2, 4))


def test_a_mirrored_frame_is_mirrored_everywhere() -> None:
    sample = _flat()
    out = degrade(sample, np.random.default_rng(1), replace(NONE, flip_p=1.0), SIZE)
    np.testing.assert_array_equal(out.alpha, sample.alpha[:, ::-1])
    np.testing.assert_array_equal(out.shot, sample.shot[:, ::-1])
    np.testing.assert_array_equal(out.shot_depth_m, sample.shot_depth_m[:, ::-1])


def test_nobody_there_means_no_foreground_and_the_plates_depth() -> None:
    sample = _flat()
    out = degrade(sample, np.random.default_rng(1), replace(Effects(), empty_p=1.0, crop=0.0, flip_p=0.0,
                                                            distortion_p=0.0), SIZE)  # fmt: skip
    assert out.alpha.max() == 0
    assert out.people == ()
    np.testing.assert_array_equal(out.shot_depth_m, sample.plate_depth_m)


def test_a_shadow_stays_when_its_owner_is_out_of_the_picture() -> None:
    out = degrade(_flat(), np.random.default_rng(1), replace(NONE, empty_p=1, shadow_p=1), SIZE)
    assert out.alpha.max() == 0
    assert out.shot.min() < BEHIND - 0.01
    np.testing.assert_array_equal(out.plate, _flat().plate)


def test_what_was_taken_away_is_no_foreground() -> None:
    sample = _flat()
    out = degrade(sample, np.random.default_rng(1), replace(NONE, removed_p=1.0), SIZE)
    assert out.alpha.max() == 0
    np.testing.assert_array_equal(out.plate_depth_m, sample.shot_depth_m)
    np.testing.assert_array_equal(out.shot_depth_m, sample.plate_depth_m)
    np.testing.assert_array_equal(out.plate, sample.shot)


@pytest.mark.parametrize("name", ["clutter_p", "screen_p", "shadow_p"])
def test_what_happens_behind_the_foreground_does_not_show_on_it(name: str) -> None:
    sample = _flat()
    for seed in range(8):
        out = degrade(sample, np.random.default_rng(seed), replace(NONE, **{name: 1.0}), SIZE)
        covered = out.alpha == 1
        np.testing.assert_allclose(out.shot[covered], sample.shot[covered], atol=1e-6)


def test_camouflage_spares_the_scene() -> None:
    sample = _flat()
    out = degrade(sample, np.random.default_rng(0), replace(NONE, camouflage_p=1), SIZE)
    np.testing.assert_array_equal(out.shot[sample.alpha == 0], sample.shot[sample.alpha == 0])
    assert out.shot[sample.alpha == 1].max() < 0.8


def test_most_frames_keep_all_of_their_foreground_by_default() -> None:
    effects = Effects(distortion_p=0, flip_p=0)
    share = [
        degrade(_flat(), np.random.default_rng(seed), effects, SIZE).alpha.mean() / _flat().alpha.mean()
        for seed in range(60)
    ]
    assert np.mean([value > 0.9 for value in share]) > 0.6


def test_parallax_is_that_of_the_samples_own_camera() -> None:
    """A picture of stripes, near on the left: at twice the focal length it moves twice as far."""
    rng = np.random.default_rng(0)
    plate = np.repeat(rng.random((SIZE[0], SIZE[1] // 4, 3), np.float32), 4, 1)
    depth = np.where(np.arange(SIZE[1]) < 20, np.float32(1), np.float32(8)) * np.ones(SIZE, np.float32)
    moved = replace(NONE, parallax_p=1, parallax_m=0.02)
    change: list[float] = []
    for focal_px in (10.0, 100.0):
        view = View(focal_px, (SIZE[1] / 2, SIZE[0] / 2), np.eye(4))
        sample = replace(_flat(), plate=plate, plate_depth_m=depth, view=view)
        out = degrade(sample, np.random.default_rng(4), moved, SIZE)
        assert np.abs(out.plate - plate)[:, 30:].max() < 0.01
        change.append(float(np.abs(out.plate - plate)[:, :15].mean()))
    assert change[1] > 3 * change[0] > 0


def test_a_large_photo_is_averaged_not_picked_from() -> None:
    board = (np.indices((192, 256)).sum(0) % 2).astype(np.float32)
    picture = np.repeat(board[..., None], 3, 2)
    depth = np.full(board.shape, 3, np.float32)
    sample = Sample("k", "s", (), picture, picture, board, depth, depth)
    out = degrade(sample, np.random.default_rng(0), NONE, SIZE)
    np.testing.assert_allclose(out.plate, 0.5, atol=1e-5)
    np.testing.assert_allclose(out.alpha, 0.5, atol=1e-5)


def test_no_effect_is_without_its_test() -> None:
    from .test_effects import STRIKES  # noqa: PLC0415  (only names are taken)

    named = {name for settings, _ in STRIKES.values() for name in settings}
    silent = {"whole_p", "turn_deg", "zoom_sd"}
    assert {f.name for f in fields(Effects)} == named | silent
