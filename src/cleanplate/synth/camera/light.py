"""Light, exposure and colour: what differs between plate and shot, and the look that both share.

Factors multiply the coded (sRGB) values: under a power law that is a factor of the light itself.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from cleanplate.imaging import Image
from cleanplate.synth.camera.effects import Effects
from cleanplate.synth.camera.planes import coloured, gained, size_of, smooth_field, times

_LEVELS = 4096
"""A curve is a table over 12 bits, as a sensor has them."""

_LUMA = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class Look:
    """What both pictures share: corners, colour and tone; None = as it is.

    `corners` (h, w) factors; `colours` 3x3; `curve` the value of each of 4096 levels.
    """

    corners: Image | None
    colours: Image | None
    curve: Image | None


def drawn_look(rng: np.random.Generator, effects: Effects, size_hw: tuple[int, int]) -> Look:
    """One camera's look."""
    corners = _corners(rng, size_hw) if rng.random() < effects.vignette_p else None
    colours = None
    saturation = 0.0 if rng.random() < effects.grey_p else float(np.exp(rng.normal(-0.1, 1) * effects.saturation_sd))
    if saturation != 1:
        colours = np.asarray(saturation * np.eye(3) + (1 - saturation) * np.tile(_LUMA, (3, 1)), np.float32)
    gamma, contrast = np.exp(rng.normal(0, effects.gamma_sd)), np.exp(rng.normal(0, effects.contrast_sd))
    brightness = rng.normal(0, effects.brightness_sd)
    black, white = _range(rng) if rng.random() < effects.range_p else (0.0, 1.0)
    curve = None
    if (gamma, contrast, brightness, black, white) != (1, 1, 0, 0, 1):
        levels = np.linspace(0, 1, _LEVELS) ** gamma
        levels = np.clip((levels - 0.5) * contrast + 0.5 + brightness, 0, 1)
        curve = np.asarray(np.clip(black + (white - black) * levels, 0, 1), np.float32)
    return Look(corners, colours, curve)


def developed(picture: Image, look: Look, gamma: float) -> Image:
    """A picture with the look's colours and tone, clipped to [0, 1]; `gamma` comes before the curve."""
    if look.colours is not None:
        picture = coloured(picture, look.colours)
    picture = np.clip(picture, 0, 1)
    if gamma == 1 and look.curve is None:
        return picture
    levels = np.linspace(0, 1, _LEVELS) ** gamma
    if look.curve is not None:
        levels = look.curve[np.rint(levels * (_LEVELS - 1)).astype(np.intp)]
    index = np.multiply(picture, _LEVELS - 1, dtype=np.float32).astype(np.uint16)
    return np.take(levels.astype(np.float32), index)


def relit(plate: Image, shot: Image, rng: np.random.Generator, effects: Effects) -> tuple[Image, float]:
    """The shot under what light and camera do differently than for the plate, and the gamma it is to have."""
    gamma = 1.0
    if rng.random() < effects.drift_p and effects.drift_sd > 0:
        cells = int(rng.integers(2, 5))
        drift = smooth_field(rng, (cells, cells), size_of(shot)) * np.float32(effects.drift_sd)
        shot = times(shot, np.exp(drift))
    if rng.random() < effects.metering_p:
        shot = _metered(plate, shot, rng)
    if rng.random() < effects.relight_p:
        gains = np.exp(rng.normal(0, effects.exposure_sd) + rng.normal(0, effects.balance_sd, 3))
        shot = gained(shot, gains.tolist())
        gamma = float(np.exp(rng.normal(0, effects.tone_sd)))
    return shot, gamma


def _metered(plate: Image, shot: Image, rng: np.random.Generator) -> Image:
    """Keep the mean brightness where it was in the plate, and half of the mean colour: some of the way."""
    then, now = (np.array(cv2.mean(picture)[:3]) + 0.02 for picture in (plate, shot))
    exposure = float(then @ _LUMA) / float(now @ _LUMA)
    balance = then / now / exposure
    gains = exposure ** rng.uniform(0.2, 1.0) * balance ** rng.uniform(0, 0.5)
    return gained(shot, np.clip(gains, 0.65, 1.5).tolist())


def lamp(shot: Image, depth_m: Image, rng: np.random.Generator) -> Image:
    """A lamp went on (or off) somewhere in the scene: its light falls off with the squared distance in space."""
    h, w = size_of(shot)
    depth = np.where(depth_m > 0, depth_m, np.float32(30))
    u = (np.arange(w, dtype=np.float32) - w / 2) / np.float32(0.85 * w)
    v = (np.arange(h, dtype=np.float32) - h / 2)[:, None] / np.float32(0.85 * w)
    column, row = int(rng.integers(0, w)), int(rng.integers(0, h))
    z = float(depth[row, column]) * rng.uniform(0.5, 1.0)
    x, y = z * (float(u[column]) + rng.normal(0, 0.1)), z * (float(v[row, 0]) + rng.normal(0, 0.1))
    reach = np.float32(z * rng.uniform(0.15, 0.8))
    across, down, away = depth * u - np.float32(x), depth * v - np.float32(y), depth - np.float32(z)
    falloff = reach**2 / (across * across + down * down + away * away + reach**2)
    strength = rng.uniform(0.3, 1.2) if rng.random() < 0.65 else -rng.uniform(0.15, 0.6)
    warmth = rng.normal(0.1, 0.15)
    tint = strength * np.array([1 + warmth, 1, 1 - warmth])
    light = cv2.merge([falloff * np.float32(share) for share in tint])
    lit = np.asarray(cv2.add(shot, cv2.multiply(shot, light)), np.float32)
    # No camera leaves its exposure alone when the lamp goes on.
    brighter = (np.mean(cv2.mean(lit)[:3]) + 0.02) / (np.mean(cv2.mean(shot)[:3]) + 0.02)
    return lit * np.float32(brighter ** -rng.uniform(0.3, 1.0))


def _corners(rng: np.random.Generator, size_hw: tuple[int, int]) -> Image:
    h, w = size_hw
    y, x = (np.linspace(-side / (h + w), side / (h + w), side, dtype=np.float32) for side in (h, w))
    return np.asarray(1 - np.float32(rng.uniform(0.1, 0.7)) * (y[:, None] ** 2 + x**2), np.float32)


def _range(rng: np.random.Generator) -> tuple[float, float]:
    """Black and white of 16..235 shown as 0..255, or the other way round."""
    share = rng.uniform(0.4, 1.2)
    return (16 / 255 * share, 1 - 20 / 255 * share) if rng.random() < 0.6 else (-16 / 219 * share, 1 + 20 / 219 * share)
