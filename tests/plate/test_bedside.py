"""While the camera stands the diagnosis is kept; when it moves or the light changes, there is a new one."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from cleanplate.imaging import Image
from cleanplate.plate.bedside import Bedside
from cleanplate.plate.geometry import warp

Room = Callable[[int], Image]


def frame(picture: Image, seed: int, x: float = 0.0, gain: float = 1.0) -> Image:
    """A noisy frame of a room, moved and brighter, with a square that walks."""
    moved = warp(picture, np.array([[1, 0, x], [0, 1, 0], [0, 0, 1]], np.float64)) * np.float32(gain)
    moved[40:100, 20 + 6 * seed : 50 + 6 * seed] = (0.7, 0.3, 0.2)
    noise = np.random.default_rng(seed).normal(0, 0.006, picture.shape).astype(np.float32)
    return np.clip(moved + noise, 0, 1)


def test_frames_of_a_camera_that_stands_share_one_plate(room: Room) -> None:
    bedside = Bedside(warp(room(1), np.array([[1, 0, 3], [0, 1, 0], [0, 0, 1]], np.float64)))
    first = bedside.mended_for(frame(room(1), 1))
    assert all(bedside.mended_for(frame(room(1), seed)) is first for seed in range(2, 8))


@pytest.mark.parametrize(("x", "gain"), [(0.6, 1.0), (12.0, 1.0), (0.0, 1.06)])
def test_a_camera_that_moves_or_meters_anew_is_noticed(room: Room, x: float, gain: float) -> None:
    bedside = Bedside(room(1))
    first = bedside.mended_for(frame(room(1), 1))
    assert bedside.mended_for(frame(room(1), 2, x, gain)) is not first


def test_a_plate_that_is_fine_is_handed_out_itself(room: Room) -> None:
    plate = room(1)
    assert Bedside(plate).mended_for(frame(plate, 1)).plate is plate


@pytest.mark.parametrize("slope", [0.0, 0.1])
def test_a_plate_without_texture_is_not_examined_for_every_frame(slope: float) -> None:
    across = np.linspace(0.6, 0.6 - slope, 320, dtype=np.float32)
    plate = np.ascontiguousarray(np.broadcast_to(across[None, :, None], (180, 320, 3)))
    bedside = Bedside(plate)
    first = bedside.mended_for(frame(plate, 1))
    assert all(bedside.mended_for(frame(plate, seed)) is first for seed in range(2, 8))
    assert bedside.mended_for(frame(plate, 2, gain=1.06)) is not first


def test_a_shot_that_hides_something_spoils_none_of_those_after_it(room: Room) -> None:
    plate = room(1)
    plate[30:90, 60:100] = (0.1, 0.6, 0.9)
    hidden = frame(room(1), 1)
    bedside = Bedside(plate)
    kinds = [bedside.mended_for(shot).diagnosis.verdict.kind for shot in (hidden, frame(plate, 2), frame(plate, 3))]
    assert kinds == ["unusable", "fine", "fine"]
    assert Bedside(plate).mended_for(hidden).diagnosis.verdict.laid


def test_a_plate_that_cannot_be_used_is_examined_again_more_and_more_rarely(room: Room) -> None:
    plate = room(1)
    plate[30:90, 60:100] = (0.1, 0.6, 0.9)
    bedside = Bedside(plate)
    given = [bedside.mended_for(frame(room(1), 1)) for _ in range(10)]
    assert [one is not before for before, one in pairwise(given)] == [count in {1, 2, 4, 8} for count in range(1, 10)]
