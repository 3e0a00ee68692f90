"""Sensor, light and encoder do to the values what real ones do."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from cleanplate.imaging import Image
from cleanplate.sample.record import Sample
from cleanplate.synth.camera import Effects, degrade

SIZE = (64, 96)
NONE = Effects.none()


def _even(colour: tuple[float, float, float], front: float | None = None) -> Sample:
    plate = np.full((*SIZE, 3), colour, np.float32)
    alpha = np.zeros(SIZE, np.float32)
    shot = plate.copy()
    if front is not None:
        alpha[10:60, 30:70] = 1
        shot[alpha == 1] = front
    depth = np.full(SIZE, 3, np.float32)
    return Sample("k", "s", (), plate, shot, alpha, depth, depth)


JPEG, VIDEO = replace(NONE, jpeg_p=1, jpeg_quality=10), replace(NONE, video_p=1, video_quality=5)


@pytest.mark.parametrize("effects", [JPEG, VIDEO])
def test_red_stays_red_through_an_encoder(effects: Effects) -> None:
    for seed in range(6):
        out = degrade(_even((0.8, 0.1, 0.2)), np.random.default_rng(seed), effects, SIZE)
        for picture in (out.plate, out.shot):
            np.testing.assert_allclose(picture.mean((0, 1)), (0.8, 0.1, 0.2), atol=0.05)


def test_plate_and_shot_have_noise_of_their_own() -> None:
    noisy = replace(NONE, noise_sd=0.08)
    out = degrade(_even((0.5, 0.5, 0.5)), np.random.default_rng(3), noisy, SIZE)
    plate, shot = ((picture - picture.mean()).ravel() for picture in (out.plate, out.shot))
    assert min(plate.std(), shot.std()) > 0.002
    assert abs(np.corrcoef(plate, shot)[0, 1]) < 0.05


def test_noise_is_unbiased_and_strongest_in_the_dark_of_a_coded_picture() -> None:
    noisy = replace(NONE, noise_sd=0.02)
    ratios: list[float] = []
    for seed in range(20):
        dark, light = (degrade(_even((v, v, v)), np.random.default_rng(seed), noisy, SIZE).shot for v in (0.25, 0.9))
        np.testing.assert_allclose(dark.mean(), 0.25, atol=0.01)
        ratios.append(float(dark.std() / light.std()))
    assert 1 < float(np.median(ratios)) < 6


@pytest.mark.parametrize(("front", "darker"), [(1.0, True), (0.0, False)])
def test_exposure_answers_to_who_stepped_in(front: float, *, darker: bool) -> None:
    sample = _even((0.5, 0.5, 0.5), front)
    for seed in range(5):
        out = degrade(sample, np.random.default_rng(seed), replace(NONE, metering_p=1), SIZE)
        behind = out.shot[sample.alpha == 0].mean()
        assert (behind < 0.49) if darker else (behind > 0.51)


def test_blocks_in_which_nothing_happened_are_often_not_sent_again() -> None:
    rng = np.random.default_rng(0)
    sample = _even((0.5, 0.5, 0.5), 0.95)
    texture = np.asarray(cv2.resize(rng.random((16, 24, 3), np.float32), SIZE[::-1]), np.float32)
    cover = sample.alpha[..., None]
    sample = replace(sample, plate=texture, shot=texture * (1 - cover) + 0.95 * cover)
    shares: list[float] = []
    stream = replace(NONE, video_p=1, video_quality=20, noise_sd=0.01)
    for seed in range(30):
        out = degrade(sample, np.random.default_rng(seed), stream, SIZE)
        same = (out.plate == out.shot).all(-1)
        assert same[sample.alpha == 1].mean() < 0.05
        shares.append(float(same[:, :16].mean()))
    assert 0.2 < np.mean(np.array(shares) > 0.85) < 0.8


def test_blocks_of_a_camera_of_few_pixels_are_as_coarse_as_its_pixels() -> None:
    texture = np.random.default_rng(0).random((4, 6, 3), np.float32)
    picture = np.asarray(cv2.resize(texture, SIZE[::-1], interpolation=cv2.INTER_CUBIC).clip(0, 1), np.float32)
    depth = np.full(SIZE, 3, np.float32)
    sample = Sample("k", "s", (), picture, picture, np.zeros(SIZE, np.float32), depth, depth)

    def steps_between_blocks(small_p: float) -> float:
        """Beside those between any two pixels, were the encoder's blocks 8 of the output's pixels."""
        beside: list[float] = []
        for seed in range(24):
            settings = replace(NONE, jpeg_p=1, jpeg_quality=1, small_p=small_p)
            shot = degrade(sample, np.random.default_rng(seed), settings, SIZE).shot
            steps = np.abs(np.diff(shot, axis=1)).mean((0, 2))
            beside.append(float(steps[7::8].mean() / steps.mean()))
        return float(np.mean(beside))

    assert steps_between_blocks(0) > 1.4
    assert steps_between_blocks(1) < 1.2


def test_denoising_takes_noise_and_leaves_edges() -> None:
    step = np.full((*SIZE, 3), 0.2, np.float32)
    step[:, SIZE[1] // 2 :] = 0.8
    noisy = step + np.random.default_rng(0).normal(0, 0.01, step.shape).astype(np.float32)
    depth = np.full(SIZE, 3, np.float32)
    sample = Sample("k", "s", (), noisy, noisy, np.zeros(SIZE, np.float32), depth, depth)
    cleaned = degrade(sample, np.random.default_rng(1), replace(NONE, denoise_p=1), SIZE).shot

    def roughness(picture: Image) -> float:
        return float(picture[:, :40].std())

    def rise(picture: Image) -> float:
        middle = SIZE[1] // 2
        return float((picture[:, middle] - picture[:, middle - 1]).mean())

    assert roughness(cleaned) < 0.7 * roughness(noisy)
    assert rise(cleaned) > 0.8 * rise(noisy)


def test_sharpening_leaves_halos() -> None:
    step = np.full((*SIZE, 3), 0.3, np.float32)
    step[:, SIZE[1] // 2 :] = 0.7
    depth = np.full(SIZE, 3, np.float32)
    sample = Sample("k", "s", (), step, step, np.zeros(SIZE, np.float32), depth, depth)
    out = degrade(sample, np.random.default_rng(1), replace(NONE, sharpen_p=1), SIZE)
    assert out.shot.max() > 0.72
    assert out.shot.min() < 0.28


def test_a_lamp_lights_what_is_near_it_and_spares_the_plate() -> None:
    for seed in range(6):
        out = degrade(_even((0.3, 0.3, 0.3)), np.random.default_rng(seed), replace(NONE, lamp_p=1), SIZE)
        light = out.shot.mean(-1) / 0.3
        assert np.ptp(light) > 0.02
        assert np.abs(np.diff(light, axis=0)).max() < 0.1  # smooth
        assert 0.5 < light.mean() < 1.5  # the camera exposes for it


def test_corners_are_darker_than_the_middle() -> None:
    out = degrade(_even((0.5, 0.5, 0.5)), np.random.default_rng(0), replace(NONE, vignette_p=1), SIZE)
    for picture in (out.plate, out.shot):
        assert picture[0, 0].max() < picture[SIZE[0] // 2, SIZE[1] // 2].min() - 0.01
