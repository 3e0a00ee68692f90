"""What mixes light before it is recorded; alpha of the shot is mixed alike, because it says what covers a pixel."""

from collections.abc import Callable

import numpy as np

from cleanplate.imaging import Image
from cleanplate.synth.camera.effects import Effects
from cleanplate.synth.camera.motion import streak
from cleanplate.synth.camera.planes import filtered, gaussian

_Mix = Callable[[Image], Image]


def drawn_optics(rng: np.random.Generator, effects: Effects, wear: float) -> tuple[list[_Mix], list[_Mix]]:
    """The filters that strike the plate, and those that strike the shot and its alpha.

    Shake strikes the shot alone, defocus both or one, softness each by itself.
    """
    plate: list[_Mix] = []
    shot: list[_Mix] = []
    if rng.random() < effects.shake_p and effects.shake_px > 0:
        shot.append(_with(streak(rng, effects.shake_px)))
    if rng.random() < effects.defocus_p and effects.defocus_px > 0:
        kernel = disk(effects.defocus_px * rng.uniform(0.3, 1.0))
        whom = rng.random()
        if whom < 0.8:
            plate.append(_with(kernel))
        if whom > 0.2:
            shot.append(_with(kernel))
    for mixes in (plate, shot):
        sigma = effects.blur_px * rng.random() * wear
        if rng.random() < effects.blur_p and sigma > 0.2:
            mixes.append(_gaussian(sigma))
    return plate, shot


def disk(radius_px: float) -> Image:
    """A filter that spreads a point over a disk; pixels on its rim count by how much of them is inside."""
    half = int(np.ceil(radius_px))
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    cover = np.clip(radius_px + 0.5 - np.hypot(x, y), 0, 1)
    return np.asarray(cover / cover.sum(), np.float32)


def _with(kernel: Image) -> _Mix:
    return lambda picture: filtered(picture, kernel)


def _gaussian(sigma_px: float) -> _Mix:
    return lambda picture: gaussian(picture, sigma_px)
