"""The doctor leaves a good plate alone, mends a moved or relit one, and refuses what cannot be used."""

import re
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from cleanplate.imaging import Image
from cleanplate.imaging.colour import linear_to_srgb, srgb_to_linear
from cleanplate.plate.doctor import examine
from cleanplate.plate.geometry import Matrix, motion_px, warp

Room = Callable[[int], Image]


def noisy(picture: Image, seed: int = 0) -> Image:
    noise = np.random.default_rng(seed).normal(0, 0.006, picture.shape)
    return np.clip(picture + noise.astype(np.float32), 0, 1)


def with_somebody(picture: Image) -> Image:
    """A figure: a head and a body, a tenth of the frame."""
    result = picture.copy()
    cv2.circle(result, (70, 40), 12, (0.75, 0.5, 0.4), -1)
    cv2.rectangle(result, (55, 52), (88, 119), (0.05, 0.1, 0.25), -1)
    return result


def in_light(picture: Image, gain: tuple[float, float, float]) -> Image:
    return linear_to_srgb(np.clip(srgb_to_linear(picture) * np.array(gain, np.float32), 0, 1))


def moved(picture: Image, matrix: Matrix) -> Image:
    return np.clip(warp(picture, matrix), 0, 1)


def shift(x: float, y: float) -> Matrix:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def test_the_plate_itself_is_fine(room: Room) -> None:
    diagnosis = examine(room(1), room(1))
    assert diagnosis.verdict.kind == "fine"
    assert not diagnosis.changes


@pytest.mark.parametrize("number", range(4))
def test_a_tripod_shot_with_somebody_leaves_the_plate_as_it_is_to_the_bit(room: Room, number: int) -> None:
    plate = noisy(room(number), 1)
    diagnosis = examine(plate, noisy(with_somebody(room(number)), 2))
    assert diagnosis.verdict.kind == "fine"
    assert diagnosis.mended(plate) is plate
    disparity = np.ones((20, 30), np.float32)
    assert diagnosis.moved(disparity) is disparity


@pytest.mark.parametrize(("x", "y"), [(6.0, -3.0), (0.5, 0.4), (-2.25, 5.5)])
def test_a_shift_is_found_again_and_undone(room: Room, x: float, y: float) -> None:
    plate = noisy(moved(room(2), shift(-x, -y)), 1)
    diagnosis = examine(plate, noisy(with_somebody(room(2)), 2))
    assert diagnosis.verdict.kind == "mended"
    assert diagnosis.matrix is not None
    assert motion_px(diagnosis.matrix @ shift(-x, -y), (120, 160)) < 0.2
    assert "moved by" in diagnosis.verdict.sentence


def test_a_turn_and_a_zoom_are_found_again(room: Room) -> None:
    true = np.eye(3)
    true[:2] = cv2.getRotationMatrix2D((79.5, 59.5), 2.5, 1.025)
    diagnosis = examine(noisy(moved(room(3), true), 1), noisy(room(3), 2))
    assert diagnosis.matrix is not None
    assert motion_px(diagnosis.matrix @ true, (120, 160)) < 0.25
    assert "degrees turned" in diagnosis.verdict.sentence
    assert "zoom" in diagnosis.verdict.sentence


@pytest.mark.parametrize(("down_deg", "across_deg"), [(0, 2), (2, 0), (-2, 2)])
def test_a_camera_that_was_panned_is_neither_turned_nor_zoomed(room: Room, down_deg: float, across_deg: float) -> None:
    picture = room(1)
    height, width = picture.shape[:2]
    focal_px = width / 2 / np.tan(np.radians(40))
    lens = np.array([[focal_px, 0, (width - 1) / 2], [0, focal_px, (height - 1) / 2], [0, 0, 1]])
    turn, _ = cv2.Rodrigues(np.radians([down_deg, across_deg, 0.0]))
    matrix = lens @ turn @ np.linalg.inv(lens)
    sentence = examine(picture, warp(picture, matrix / matrix[2, 2])).verdict.sentence
    zoom = re.search(r"([\d.]+) % zoom", sentence)
    assert "moved by" in sentence
    assert "turned" not in sentence
    assert zoom is None or float(zoom[1]) < 0.5


def test_a_map_of_the_plate_moves_with_it(room: Room) -> None:
    diagnosis = examine(noisy(moved(room(2), shift(8, 0)), 1), noisy(room(2), 2))
    ramp = np.tile(np.arange(80, dtype=np.float32), (60, 1))
    assert diagnosis.moved(ramp)[30, 40] == pytest.approx(44, abs=0.1)  # half the size: half the shift


@pytest.mark.parametrize("stops", [-1.0, -0.4, 0.3, 0.8])
def test_exposure_and_white_balance_are_made_the_shots(room: Room, stops: float) -> None:
    gain = (1.08 * 2**stops, 2**stops, 0.94 * 2**stops)
    plate, shot = noisy(room(4), 1), noisy(in_light(with_somebody(room(4)), gain), 2)
    diagnosis = examine(plate, shot)
    assert diagnosis.verdict.kind == "mended"
    assert diagnosis.light.gain is not None
    assert diagnosis.light.exposure_ev == pytest.approx(stops + np.log2(1.08 * 0.94) / 3, abs=0.05)
    apart = np.abs(diagnosis.mended(plate) - in_light(room(4), gain))
    assert np.median(apart) < 0.012


def test_relighting_does_not_swallow_a_shadow(room: Room) -> None:
    shot = room(5)
    shot[60:, 100:] *= 0.8
    diagnosis = examine(noisy(room(5), 1), noisy(shot, 2))
    mended = diagnosis.mended(room(5))
    assert np.median((mended - shot)[65:, 105:]) > 0.03


def test_another_room_cannot_be_used(room: Room) -> None:
    for number in range(6, 12):
        diagnosis = examine(noisy(room(number), 1), noisy(room(number + 20), 2))
        assert diagnosis.verdict.kind == "unusable"
        assert not diagnosis.changes
        assert "another room" in diagnosis.verdict.sentence


def test_somebody_in_the_plate_is_told_from_somebody_in_the_shot(room: Room) -> None:
    refused = [examine(noisy(with_somebody(room(n)), 1), noisy(room(n), 2)).verdict.kind for n in range(4)]
    taken = [examine(noisy(room(n), 1), noisy(with_somebody(room(n)), 2)).verdict.kind for n in range(4)]
    assert refused == ["unusable"] * 4
    assert taken == ["fine"] * 4


def test_somebody_before_a_bare_wall_is_no_other_room(room: Room) -> None:
    wall = np.full((120, 160, 3), (0.6, 0.55, 0.5), np.float32)
    diagnosis = examine(noisy(wall, 1), noisy(with_somebody(wall), 2))
    assert diagnosis.verdict.kind == "fine"
    assert "too little to see" in diagnosis.verdict.sentence
    assert examine(noisy(wall, 1), noisy(room(7), 2)).verdict.kind == "unusable"


def test_flat_pictures_are_judged_without_fuss() -> None:
    flat = np.full((48, 64, 3), 0.5, np.float32)
    diagnosis = examine(flat, flat)
    assert diagnosis.verdict.kind == "fine"
    assert "too little to see" in diagnosis.verdict.sentence
    assert examine(flat, np.zeros_like(flat)).verdict.sentence
    assert examine(np.zeros_like(flat), np.zeros_like(flat)).verdict.kind == "fine"


def test_the_same_pair_gets_the_same_diagnosis(room: Room) -> None:
    plate, shot = noisy(moved(room(2), shift(3, 1)), 1), noisy(room(2), 2)
    first, second = examine(plate, shot), examine(plate, shot)
    assert np.array_equal(first.mended(plate), second.mended(plate))
    assert first.verdict == second.verdict


@pytest.mark.parametrize("size_hw", [(16, 16000), (16000, 16)])
def test_a_thread_of_a_picture_is_judged_without_fuss(size_hw: tuple[int, int]) -> None:
    plate = np.random.default_rng(0).random((*size_hw, 3), np.float32)
    assert examine(plate, plate[::-1].copy()).verdict.kind in {"fine", "mended", "unusable"}


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("gain", [12.0, 1e-4])
def test_a_plate_that_is_burnt_out_or_black_cannot_be_used(room: Room, number: int, gain: float) -> None:
    plate = in_light(noisy(room(number), 1), (gain, gain, gain))
    verdict = examine(plate, noisy(with_somebody(room(number)))).verdict
    assert verdict.kind == "unusable"
    assert "photograph the empty scene again" in verdict.sentence


def test_somebody_before_a_white_studio_leaves_the_plate_as_it_is() -> None:
    plate = np.ones((120, 160, 3), np.float32)
    shot = plate.copy()
    shot[20:, 40:120] = (0.4, 0.3, 0.5)
    assert examine(plate, shot).findings.lost > 0.4
    assert examine(plate, shot).verdict.kind == "fine"
