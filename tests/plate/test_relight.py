"""Relighting takes the simplest light that explains the background, and nothing where nothing changed."""

from collections.abc import Callable

import numpy as np
import pytest

from cleanplate.imaging import Image
from cleanplate.imaging.colour import linear_to_srgb, srgb_to_linear
from cleanplate.plate.relight import Light, fit_light

Room = Callable[[int], Image]
ALL = np.ones((120, 160), np.float32)


def noisy(picture: Image) -> Image:
    return np.clip(picture + np.random.default_rng(3).normal(0, 0.006, picture.shape).astype(np.float32), 0, 1)


def test_the_same_light_is_left_alone(room: Room) -> None:
    assert fit_light(room(1), noisy(room(1)), ALL).is_same
    plate = room(1)
    assert Light().on(plate) is plate


def test_a_gain_is_found_although_half_is_foreground(room: Room) -> None:
    shot = linear_to_srgb(srgb_to_linear(room(2)) * np.array([0.6, 0.55, 0.5], np.float32))
    shot[:, 80:] = room(7)[:, 80:]
    light = fit_light(room(2), noisy(shot), ALL)
    assert light.gain == pytest.approx(np.array([0.6, 0.55, 0.5]), rel=0.06)
    assert light.curve is None


def test_another_tone_curve_is_followed(room: Room) -> None:
    shot = room(3) ** np.float32(1.3)
    light = fit_light(room(3), noisy(shot), ALL)
    assert np.abs(light.on(room(3)) - shot).mean() < 0.01


def test_light_that_falls_off_across_the_room_is_followed(room: Room) -> None:
    slope = np.exp(np.linspace(-0.3, 0.3, 160, dtype=np.float32))[None, :, None]
    shot = linear_to_srgb(np.clip(srgb_to_linear(room(4)) * slope, 0, 1))
    light = fit_light(room(4), noisy(shot), ALL)
    assert light.field is not None
    assert np.abs(light.on(room(4)) - shot).mean() < 0.01


def test_what_is_clipped_in_the_shot_does_not_tell_the_light(room: Room) -> None:
    shot = linear_to_srgb(np.clip(srgb_to_linear(room(5)) * np.float32(4), 0, 1))
    light = fit_light(room(5), noisy(shot), ALL)
    assert light.exposure_ev == pytest.approx(2, abs=0.15)
