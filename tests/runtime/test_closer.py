"""Where something was found a shot is looked at again, closer by, and of alpha the mean of both looks counts."""

from pathlib import Path

import numpy as np
import pytest

from cleanplate import Plate
from cleanplate.imaging import Image, Pixels
from cleanplate.imaging.resize import resize
from cleanplate.plate.geometry import reach_of
from cleanplate.runtime.closer import CloserLook, Part, part_to_look_at
from cleanplate.runtime.session import SeenPlate, Session

WHOLE = Part(0, 0, 480, 640)


def found(rows: slice, columns: slice) -> Image:
    """What the network found of a shot of 480 x 640."""
    alpha = np.zeros((96, 128), np.float32)
    alpha[rows, columns] = 0.8
    return alpha


@pytest.mark.parametrize("top", [0, 5, 40, 84])
@pytest.mark.parametrize("left", [0, 60, 116])
@pytest.mark.parametrize("side", [4, 12])
def test_a_part_holds_what_was_found_and_lies_in_the_picture(top: int, left: int, side: int) -> None:
    part = part_to_look_at(found(slice(top, top + side), slice(left, left + side)), (480, 640))
    assert part is not None
    assert 0 <= part.top <= 5 * top
    assert min(5 * (top + side), 480) <= part.bottom <= 480
    assert 0 <= part.left <= 5 * left
    assert min(5 * (left + side), 640) <= part.right <= 640
    assert (part.bottom - part.top, part.right - part.left) == (240, 320)


def test_the_larger_it_is_the_larger_the_part_and_at_last_all_of_the_picture() -> None:
    parts = [part_to_look_at(found(slice(0, rows), slice(60, 64)), (480, 640)) for rows in (20, 45, 55, 70, 96)]
    heights = [part.bottom - part.top for part in parts if part is not None]
    assert heights == sorted(heights)
    assert heights[0] == 240
    assert 240 < heights[2] < 480
    assert parts[-1] == WHOLE
    assert part_to_look_at(found(slice(40, 44), slice(0, 128)), (480, 640)) == WHOLE


def test_who_moves_a_little_is_looked_at_in_the_same_part() -> None:
    parts = {part_to_look_at(found(slice(40, 60), slice(left, left + 10)), (480, 640)) for left in range(58, 62)}
    assert len(parts) <= 2


def test_where_nothing_is_found_there_is_nothing_to_look_at() -> None:
    assert part_to_look_at(np.full((96, 128), 0.4, np.float32), (480, 640)) is None


def looked(size_hw: tuple[int, int]) -> tuple[Image, tuple[Image, Image]]:
    """A look that has found foreground everywhere, and grey pictures of its size."""
    grey = np.full((*size_hw, 3), 0.5, np.float32)
    return np.ones(size_hw, np.float32), (grey, grey)


def test_in_the_part_alpha_is_the_mean_of_both_looks_and_beyond_it_the_first() -> None:
    grey = np.full((48, 64, 3), 0.5, np.float32)
    first, look = np.full((48, 64), 0.2, np.float32), CloserLook(Part(8, 16, 32, 48), *looked((24, 32)))
    alpha = look.added(first.copy(), grey, grey, None)
    assert alpha[8:32, 16:48] == pytest.approx(0.6)
    alpha[8:32, 16:48] = 0.2
    assert np.array_equal(alpha, first)


def test_of_a_small_shot_the_first_look_counts_more() -> None:
    grey = np.full((16, 20, 3), 0.5, np.float32)
    look = CloserLook(Part(0, 0, 8, 10), *looked((24, 30)))
    assert look.added(np.zeros((16, 20), np.float32), grey, grey, None)[:8, :10] == pytest.approx(0.4)


def test_beyond_a_moved_plates_reach_only_the_first_counts() -> None:
    grey = np.full((48, 64, 3), 0.5, np.float32)
    moved = np.array([[1.0, 0, 12], [0, 1, 0], [0, 0, 1]])
    look = CloserLook(Part(0, 0, 24, 32), *looked((24, 32)))
    alpha = look.added(np.zeros((48, 64), np.float32), grey, grey, reach_of(moved, (48, 64)))
    assert (alpha[2:24, :12] == 0).all()
    assert alpha[2:24, 14:32] == pytest.approx(0.5)


class Counting(Session):
    """Counts how often its network runs."""

    num_runs = 0

    def run(self, plate: Image | SeenPlate, shot: Pixels) -> tuple[Image, Image, Image]:
        """See `Session`."""
        self.num_runs += 1
        return super().run(plate, shot)


@pytest.fixture
def room() -> Image:
    """A plate four times as large as the tiny model works at."""
    return resize(np.random.default_rng(2).uniform(0.2, 0.4, (4, 6, 3)).astype(np.float32), (128, 192))


def with_something(room: Image, rows: slice, columns: slice) -> Image:
    """A shot of the room."""
    shot = room.copy()
    shot[rows, columns] = 0.9
    return shot


def test_what_is_small_is_found_better_and_depth_stays_as_it_is(difference_model: Path, room: Image) -> None:
    shot = with_something(room, slice(41, 52), slice(61, 70))
    truth = (shot != room).any(axis=2).astype(np.float32)
    once, again = (Plate.open(room, difference_model, closer=closer).matte(shot) for closer in (False, True))
    assert np.abs(again.alpha - truth).mean() < 0.8 * np.abs(once.alpha - truth).mean()
    assert np.array_equal(again.foreground_disparity, once.foreground_disparity)
    assert np.array_equal(again.plate_disparity, once.plate_disparity)


def test_a_second_look_is_taken_where_it_is_asked_for_and_something_was_found(
    difference_model: Path, room: Image
) -> None:
    session = Counting(difference_model)
    shot = with_something(room, slice(40, 60), slice(60, 80))
    for closer, pictures, wanted in ((False, shot, 1), (True, shot, 2), (True, room, 1)):
        plate = Plate.open(room, session, doctor=False, closer=closer)
        before = session.num_runs
        plate.matte(pictures)
        assert session.num_runs - before == wanted


def test_a_twin_can_do_without(difference_model: Path, room: Image) -> None:
    session = Counting(difference_model)
    plate = Plate.open(room, session, doctor=False)
    shot = with_something(room, slice(40, 60), slice(60, 80))
    runs: list[int] = []
    for each in (plate, plate.twin(), plate.twin(closer=False)):
        before = session.num_runs
        each.matte(shot)
        runs.append(session.num_runs - before)
    assert runs == [2, 2, 1]
