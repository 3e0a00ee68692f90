"""The small alpha is brought to full size along the edges that shot and plate show."""

import numpy as np
import pytest

from cleanplate.imaging import Image, arrays, planes
from cleanplate.imaging.colour import linear_to_srgb, srgb_to_linear
from cleanplate.imaging.compositing import composite_light
from cleanplate.imaging.resize import resize
from cleanplate.metrics import matting
from cleanplate.runtime import refine
from cleanplate.runtime.refine import refine_alpha

SIZE_HW = (160, 240)
CELLS_HW = (20, 30)


def hand() -> Image:
    """A palm with four fingers of 7 px, soft at the edges; a cell of the coarse alpha is 8 px wide."""
    rows, columns = np.mgrid[: SIZE_HW[0], : SIZE_HW[1]]
    palm = (rows >= 90) & (columns >= 60) & (columns < 150)
    fingers = (rows >= 40) & (rows < 90) & ((columns - 60) % 24 < 7) & (columns >= 60) & (columns < 150)
    fine = (palm | fingers).astype(np.float32).repeat(2, axis=0).repeat(2, axis=1)
    return resize(np.roll(fine, 1, axis=1), SIZE_HW)


def scene(seed: int = 0, grain: float = 0.02) -> tuple[Image, Image, Image]:
    """Shot, textured plate and true alpha; `grain` is how much the hand's colour varies from pixel to pixel."""
    rng = np.random.default_rng(seed)
    plate = resize(rng.uniform(0.3, 0.8, (40, 60, 3)).astype(np.float32), SIZE_HW)
    skin = np.clip(np.array([0.35, 0.2, 0.15], np.float32) + rng.normal(0, grain, (*SIZE_HW, 3)), 0, 1).astype(
        np.float32
    )
    alpha = hand()
    return composite_light(skin, alpha, plate), plate, alpha


def edge_error(alpha: Image, truth: Image) -> float:
    return matting.mean_absolute_error(alpha, truth, matting.near_edge(truth)) or 0.0


def gains(shot: Image, plate: Image, truth: Image) -> tuple[float, float]:
    """Error near the edge and Grad against those of interpolation."""
    coarse = resize(truth, CELLS_HW)
    refined, interpolated = refine_alpha(shot, plate, coarse), resize(coarse, SIZE_HW)
    return (
        edge_error(refined, truth) / edge_error(interpolated, truth),
        matting.gradient_error(refined, truth) / matting.gradient_error(interpolated, truth),
    )


def test_fingers_thinner_than_a_cell_come_back() -> None:
    error, grad = gains(*scene())
    assert error < 0.2
    assert grad < 0.2


def test_a_foreground_that_is_grainy_within_a_cell_is_told_from_the_plate() -> None:
    error, _ = gains(*scene(grain=0.15))
    assert error < 0.14


def test_a_haze_below_half_a_step_is_nothing_where_nothing_came_too() -> None:
    shot, plate, truth = scene()
    for coarse_hw in (CELLS_HW, SIZE_HW):
        haze = np.full(coarse_hw, 1e-3, np.float32)
        assert not refine_alpha(plate, plate, haze).any()
        assert np.all(haze == np.float32(1e-3))
    found = refine_alpha(shot, plate, truth)
    assert found is not truth  # whoever writes into one does not change the other
    assert np.array_equal(found, np.where(truth < 1 / 512, 0, np.where(truth > 1 - 1 / 512, 1, truth)))


def test_a_plate_a_pixel_off_still_helps() -> None:
    shot, plate, truth = scene()
    error, grad = gains(shot, np.roll(plate, 1, axis=1), truth)
    assert error < 0.7
    assert grad < 0.7


@pytest.mark.parametrize("gain", [0.5, 1.6])
def test_a_plate_of_another_exposure_still_helps(gain: float) -> None:
    shot, plate, truth = scene()
    other = linear_to_srgb(np.clip(srgb_to_linear(plate) * np.float32(gain), 0, 1))
    error, _ = gains(shot, other, truth)
    assert error < 0.5


def test_the_result_does_not_depend_on_how_many_pixels_are_worked_on_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    shot, plate, truth = scene()
    coarse = resize(truth, CELLS_HW)
    whole = refine_alpha(shot, plate, coarse)
    monkeypatch.setattr(planes, "_AT_ONCE", 97)
    monkeypatch.setattr(arrays, "_STRIP_PX", 7 * SIZE_HW[1])
    assert np.allclose(refine_alpha(shot, plate, coarse), whole, atol=1e-6)


def test_pictures_that_are_small_already_are_not_made_anew() -> None:
    shot, plate, truth = scene()
    coarse = resize(truth, CELLS_HW)
    small = resize(shot, CELLS_HW), resize(plate, CELLS_HW)
    assert np.array_equal(refine_alpha(shot, plate, coarse, small), refine_alpha(shot, plate, coarse))
    other = np.zeros_like(small[0]), small[1]
    assert not np.array_equal(refine_alpha(shot, plate, coarse, other), refine_alpha(shot, plate, coarse))


def as_of_eight_bits(*_: object) -> np.float32:
    return np.float32(1)


def test_noise_that_the_empty_plate_shows_is_not_taken_for_an_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    shot, plate, truth = scene()
    rng = np.random.default_rng(7)
    grainy, plate = (np.clip(x + rng.normal(0, 0.06, x.shape), 0, 1).astype(np.float32) for x in (shot, plate))
    coarse = resize(truth, CELLS_HW)
    told = edge_error(refine_alpha(grainy, plate, coarse), truth)
    monkeypatch.setattr(refine, "_noise", as_of_eight_bits)
    assert told < 0.5 * edge_error(refine_alpha(grainy, plate, coarse), truth)


def test_alpha_stays_between_0_and_1_and_the_inputs_as_they_are() -> None:
    shot, plate, truth = scene(1)
    coarse = resize(truth, CELLS_HW)
    before = shot.copy(), plate.copy(), coarse.copy()
    refined = refine_alpha(shot, plate, coarse)
    assert refined.dtype == np.float32
    assert refined.min() >= 0
    assert refined.max() <= 1
    assert all(np.array_equal(now, then) for now, then in zip((shot, plate, coarse), before, strict=True))


def test_far_from_edges_nothing_changes() -> None:
    shot, plate, truth = scene()
    refined = refine_alpha(shot, plate, resize(truth, CELLS_HW))
    assert np.array_equal(refined[:16], np.zeros_like(refined[:16]))
    assert np.array_equal(refined[140:, 90:120], np.ones_like(refined[140:, 90:120]))


def test_a_haze_without_foreground_is_no_edge() -> None:
    shot, plate, _ = scene()
    haze = np.full(CELLS_HW, 0.4, np.float32)
    assert np.array_equal(refine_alpha(shot, plate, haze), resize(haze, SIZE_HW))


def test_a_picture_no_larger_than_the_coarse_alpha_is_only_resized() -> None:
    shot, plate, truth = scene()
    assert np.array_equal(refine_alpha(shot, plate, truth), truth)


def test_a_haze_that_no_matte_shows_is_nothing() -> None:
    shot, plate, truth = scene()
    coarse = np.clip(resize(truth, CELLS_HW), 0.001, 0.999)
    refined = refine_alpha(shot, plate, coarse)
    assert not refined[:16].any()
    assert (refined[140:, 90:120] == 1).all()


@pytest.mark.long
def test_eight_megapixels_need_little_more_memory_than_their_result() -> None:
    resource = pytest.importorskip("resource")
    plate = np.random.default_rng(0).random((2160, 3840, 3), np.float32)
    shot = plate.copy()
    shot[500:2160, 1000:2000] = 0.2
    coarse = np.zeros((224, 398), np.float32)
    coarse[52:, 104:207] = 1
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refine_alpha(shot, plate, coarse)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 250 * 1024
