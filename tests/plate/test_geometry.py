"""Movements compose, scale with the picture and end at the picture's border."""

import cv2
import numpy as np
import pytest

from cleanplate.plate.geometry import covered, is_sane, motion_px, positions, reach_of, rescaled, warp
from cleanplate.plate.refine import step
from cleanplate.plate.structure import structure


def turned(degrees: float, x: float = 0.0) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    matrix = np.eye(3)
    matrix[:2] = cv2.getRotationMatrix2D((40, 30), degrees, 1.0)
    matrix[0, 2] += x
    return matrix


def test_rescaling_there_and_back_is_nothing() -> None:
    matrix = turned(3, 2)
    again = rescaled(rescaled(matrix, (60, 80), (30, 41)), (30, 41), (60, 80))
    assert np.allclose(again, matrix)


def test_a_warped_pixel_lands_where_the_matrix_says() -> None:
    picture = np.zeros((60, 80), np.float32)
    picture[20, 30] = 1
    matrix = np.array([[1, 0, 4], [0, 1, -7], [0, 0, 1]], np.float64)
    assert np.unravel_index(int(warp(picture, matrix).argmax()), picture.shape) == (13, 34)
    x, y = positions(matrix, (60, 80))
    assert (x[20, 30], y[20, 30]) == (34, 13)


def test_a_shift_uncovers_just_its_width() -> None:
    matrix = np.array([[1, 0, 8], [0, 1, 0], [0, 0, 1]], np.float64)
    assert covered(matrix, (60, 80)).mean() == pytest.approx(0.9)


def test_beyond_the_plates_reach_values_are_those_nearest_within() -> None:
    matrix = np.array([[1, 0, 8], [0, 1, 0], [0, 0, 1]], np.float64)
    values = np.broadcast_to(np.arange(80, dtype=np.float32), (60, 80)).copy()
    values[:, :9] = 100  # what the network says of a border that was drawn out
    carried = reach_of(matrix, (60, 80)).carried(values)
    assert (carried[1:-1, :10] == 9).all()
    assert (carried[1:-1, 10:79] == values[1:-1, 10:79]).all()


def test_a_turned_plates_reach_is_carried_from_its_own_rim() -> None:
    matrix = turned(5)
    reach = reach_of(matrix, (60, 80))
    assert (reach.beyond | covered(matrix, (60, 80))).all()
    mask = np.where(covered(matrix, (60, 80)), np.float32(0), np.float32(1))
    assert reach.carried(mask).max() == 0


def test_what_turns_inside_out_or_flies_away_is_not_sane() -> None:
    assert is_sane(turned(3, 4), (60, 80))
    assert not is_sane(np.array([[1, 0, 50], [0, 1, 0], [0, 0, 1]], np.float64), (60, 80))
    assert not is_sane(np.array([[1, 0, 0], [0, 1, 0], [-0.02, 0, 1]], np.float64), (60, 80))
    assert not is_sane(np.full((3, 3), np.nan), (60, 80))


def test_steps_lead_to_the_movement_whatever_hides_a_third() -> None:
    rng = np.random.default_rng(0)
    luma = np.asarray(cv2.GaussianBlur(rng.random((120, 160), np.float32), (0, 0), 3), np.float32)
    true = rescaled(turned(0.6, 0.8), (60, 80), (120, 160))
    target = warp(luma, true)
    target[:, :53] = cv2.GaussianBlur(rng.random((120, 53), np.float32), (0, 0), 3)
    wanted, found = structure(target, 4)[0], np.eye(3)
    for _ in range(12):
        found = step(structure(warp(luma, found), 4)[0], wanted, np.ones_like(luma), 2.0) @ found
    assert motion_px(found @ np.asarray(np.linalg.inv(true), np.float64), (120, 160)) < 0.1
