"""Every run's disparity comes onto the plate's scale."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanplate.imaging import Image, Pixels
from cleanplate.imaging.resize import resize
from cleanplate.runtime.alignment import align_disparity, extend_disparity, plate_disparity
from cleanplate.runtime.session import SeenPlate, Session

SCENE = np.random.default_rng(0).random((20, 30), np.float32)
EVERYWHERE = np.ones_like(SCENE)


@given(st.floats(0.05, 20), st.floats(-50, 50))
def test_scale_and_shift_are_found(scale: float, shift: float) -> None:
    wanted = (scale * SCENE.astype(np.float64) + shift).astype(np.float32)
    assert align_disparity(SCENE, wanted, EVERYWHERE) == pytest.approx((scale, shift), abs=1e-3 * (1 + abs(shift)))


@given(st.floats(0.2, 5), st.floats(-5, 5), st.integers(0, 2**32 - 1))
def test_a_part_that_disagrees_does_not_tilt_the_rest(scale: float, shift: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    wanted = scale * SCENE + np.float32(shift) + rng.normal(0, 0.002 * scale, SCENE.shape).astype(np.float32)
    seen = SCENE.copy()
    seen[:, :8] += 2  # a quarter of the picture
    found = align_disparity(seen, wanted, EVERYWHERE)
    assert found == pytest.approx((scale, shift), abs=0.05 * scale)


def test_pixels_without_weight_do_not_count() -> None:
    seen, weight = SCENE.copy(), EVERYWHERE.copy()
    seen[:, :20] = 9
    weight[:, :20] = 0
    assert align_disparity(seen, 2 * SCENE + 1, weight) == pytest.approx((2, 1), abs=1e-4)


@pytest.mark.parametrize("seen", [np.full_like(SCENE, 3), -SCENE + 3])
def test_where_no_positive_scale_fits_only_the_shift_is_taken(
    seen: np.ndarray[tuple[int, int], np.dtype[np.float32]],
) -> None:
    scale, shift = align_disparity(seen, SCENE, EVERYWHERE)
    assert scale == 1
    assert shift == pytest.approx(float(np.median(SCENE - seen)), abs=1e-5)


def test_a_picture_without_any_plate_counts_every_pixel() -> None:
    assert align_disparity(SCENE, 2 * SCENE + 1, np.zeros_like(SCENE)) == pytest.approx((2, 1), abs=1e-4)


class Guessing(Session):
    """Sees the plate's red as its disparity, wrong by noise that is another at every look, and on another scale."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)

    def see(self, plate: Image, share: float = 1.0) -> SeenPlate:
        size_hw = round(share * plate.shape[0]), round(share * plate.shape[1])
        return SeenPlate(size_hw, {"plate": resize(plate, size_hw).transpose(2, 0, 1)[None]})

    def run(self, plate: Image | SeenPlate, shot: Pixels) -> tuple[Image, Image, Image]:
        assert isinstance(plate, SeenPlate)
        disparity = resize(shot, plate.size_hw)[..., 0]
        guess = self.rng.uniform(1, 2) * (disparity + self.rng.normal(0, 0.1, disparity.shape).astype(np.float32))
        return disparity, disparity, guess.astype(np.float32)


def test_two_looks_at_a_plate_are_better_than_one() -> None:
    plate = resize(np.random.default_rng(3).random((4, 6, 3), np.float32), (64, 96))
    session = Guessing()
    seen = session.see(plate)

    def error(seen: Image) -> float:
        scale, shift = align_disparity(seen, plate[..., 0], np.ones_like(seen))
        return float(np.abs(scale * seen + shift - plate[..., 0]).mean())

    one = error(session.run(seen, plate)[2])
    assert error(plate_disparity(session, seen)) < 0.85 * one


def test_a_second_look_that_agrees_in_nothing_changes_little() -> None:
    class Blind(Guessing):
        def run(self, plate: Image | SeenPlate, shot: Pixels) -> tuple[Image, Image, Image]:
            alpha, disparity, _ = super().run(plate, shot)
            sees = alpha.shape == (64, 96)
            return alpha, disparity, disparity if sees else self.rng.random(alpha.shape).astype(np.float32)

    plate = resize(np.random.default_rng(3).random((4, 6, 3), np.float32), (64, 96))
    session = Blind()
    found = plate_disparity(session, session.see(plate))
    assert np.corrcoef(found.ravel(), plate[..., 0].ravel())[0, 1] > 0.95


def test_the_foregrounds_disparity_reaches_beyond_its_edge() -> None:
    alpha = np.array([[0, 0.1, 0.5, 0.97, 1, 1]], np.float32)
    disparity = np.array([[0, 0.5, 2, 4, 4, 4]], np.float32)
    assert extend_disparity(disparity, alpha) == pytest.approx(4.0)


def test_without_sure_foreground_disparity_stays_as_it_is() -> None:
    disparity = np.array([[0, 0.5, 2]], np.float32)
    assert np.array_equal(extend_disparity(disparity, np.array([[0, 0.5, 0.9]], np.float32)), disparity)
