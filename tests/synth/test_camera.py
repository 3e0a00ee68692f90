"""Camera effects change pictures and never the truth."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from cleanplate.sample.record import Sample
from cleanplate.synth.camera import Effects, degrade

SIZE = (48, 64)
ZERO: dict[str, Any] = {f.name: 0 for f in fields(Effects)}
NEUTRAL: dict[str, Any] = {"crop_min": 1.0, "saturation": 1.0, "jpeg_quality": 30}
STILL = Effects(**(ZERO | NEUTRAL))
"""No chance effects, no strengths; joint colour is still drawn within its range."""


def _sample(seed: int = 0) -> Sample:
    rng = np.random.default_rng(seed)
    plate = np.clip(rng.normal(0.5, 0.15, (*SIZE, 3)), 0, 1).astype(np.float32)
    alpha = np.zeros(SIZE, np.float32)
    alpha[15:40, 20:35] = 1
    alpha[15, 20:35] = 0.5
    shot = (plate * (1 - alpha[..., None]) + 0.9 * alpha[..., None]).astype(np.float32)
    depth = np.full(SIZE, 4, np.float32)
    return Sample("k", "s", ("p",), plate, shot, alpha, depth, np.where(alpha >= 0.5, np.float32(2), depth))


def test_the_same_generator_state_gives_the_same_pictures() -> None:
    a, b = (degrade(_sample(), np.random.default_rng(5), Effects(), SIZE) for _ in range(2))
    np.testing.assert_array_equal(a.shot, b.shot)
    np.testing.assert_array_equal(a.plate, b.plate)
    assert not np.array_equal(a.shot, degrade(_sample(), np.random.default_rng(6), Effects(), SIZE).shot)


@pytest.mark.parametrize("seed", range(8))
def test_light_and_camera_leave_alpha_and_depth_alone(seed: int) -> None:
    whole = replace(Effects(), crop_min=1.0, flip_p=0.0, empty_p=0.0, removed_p=0.0)
    sample = _sample()
    out = degrade(sample, np.random.default_rng(seed), whole, SIZE)
    np.testing.assert_allclose(out.alpha, sample.alpha, atol=1e-6)
    np.testing.assert_array_equal(out.shot_depth_m, sample.shot_depth_m)
    np.testing.assert_array_equal(out.plate_depth_m, sample.plate_depth_m)
    assert not np.allclose(out.shot, sample.shot, atol=0.02)


@pytest.mark.parametrize("seed", range(12))
def test_pictures_stay_in_range_and_float32(seed: int) -> None:
    out = degrade(_sample(seed), np.random.default_rng(seed), Effects(), SIZE)
    for picture in (out.plate, out.shot, out.alpha):
        assert picture.dtype == np.float32
        assert picture.min() >= 0
        assert picture.max() <= 1
    assert np.isfinite(out.shot_depth_m).all()


def test_with_nothing_switched_on_only_the_joint_colour_is_drawn() -> None:
    sample = _sample()
    same = replace(sample, shot=sample.plate, alpha=np.zeros_like(sample.alpha))
    out = degrade(same, np.random.default_rng(1), STILL, SIZE)
    np.testing.assert_allclose(out.shot, out.plate, atol=1e-5)


def test_a_mirrored_frame_is_mirrored_everywhere() -> None:
    sample = _sample()
    out = degrade(sample, np.random.default_rng(1), replace(STILL, flip_p=1.0), SIZE)
    np.testing.assert_allclose(out.alpha, sample.alpha[:, ::-1], atol=1e-5)
    np.testing.assert_array_equal(out.shot_depth_m, sample.shot_depth_m[:, ::-1])


def test_nobody_there_means_no_foreground_and_the_plates_depth() -> None:
    sample = _sample()
    out = degrade(sample, np.random.default_rng(1), replace(STILL, empty_p=1.0), SIZE)
    assert out.alpha.max() == 0
    assert out.people == ()
    np.testing.assert_array_equal(out.shot_depth_m, sample.plate_depth_m)


def test_what_was_taken_away_is_no_foreground() -> None:
    sample = _sample()
    out = degrade(sample, np.random.default_rng(1), replace(STILL, removed_p=1.0), SIZE)
    assert out.alpha.max() == 0
    np.testing.assert_array_equal(out.plate_depth_m, sample.shot_depth_m)
    np.testing.assert_array_equal(out.shot_depth_m, sample.plate_depth_m)


@pytest.mark.parametrize("seed", range(6))
def test_a_crop_keeps_plate_shot_and_truth_registered(seed: int) -> None:
    """Where the foreground is, shot and plate differ; where it is not, they agree: also after cropping."""
    out = degrade(_sample(), np.random.default_rng(seed), replace(STILL, crop_min=0.5), SIZE)
    difference = np.abs(out.shot - out.plate).max(-1)
    assert difference[out.alpha < 1e-3].max() < 1e-4
    inside = out.alpha > 0.99
    assert not inside.any() or difference[inside].mean() > 0.05
    depth_inside = out.shot_depth_m[inside]
    assert (depth_inside == 2).mean() > 0.9 if inside.any() else True
