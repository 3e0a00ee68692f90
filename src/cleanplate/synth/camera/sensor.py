"""The sensor and the processing beside it: resolution, noise, denoising, colour and tone, sharpening."""

from dataclasses import dataclass

import cv2
import numpy as np

from cleanplate.imaging import Image
from cleanplate.synth.camera.effects import Effects
from cleanplate.synth.camera.light import Look, developed
from cleanplate.synth.camera.planes import fewer, gaussian, grain, grey, plus, resized, size_of, times, tripled

_GAMMA = 2.2
_MIDDLE = 0.5


@dataclass(frozen=True)
class Sensor:
    """One camera, the same for plate and shot.

    Attributes:
        coarse: rows and columns it has, as a share of the output's.
        noise: deviation at a middle grey, share of white.
        read: share of the noise that is there without light.
        correlation_px: sigma that the steps from sensor to picture blur the noise by.
        chroma: share of colour in the noise.
        blotch: a speck of coloured noise covers this many pixels a side.
        coring: detail fainter than this is taken away; 0 = none.
        sharpening: amount of unsharp masking, and its sigma in pixels.

    """

    coarse: tuple[float, float]
    noise: float
    read: float
    correlation_px: float
    chroma: float
    blotch: int
    coring: float
    sharpening: tuple[float, float]


def drawn_sensor(rng: np.random.Generator, effects: Effects, wear: float) -> Sensor:
    """One camera; `wear` about 1 multiplies its noise."""
    rows = columns = 1.0
    if rng.random() < effects.coarse_p:
        rows = columns = float(rng.uniform(0.4, 0.95))
    if rng.random() < effects.interlace_p / 2:  # every other line thrown away
        rows = min(rows, 0.5)
    noisy = abs(rng.normal(0, effects.noise_sd / 2)) * wear
    return Sensor(
        coarse=(rows, columns),
        noise=float(noisy),
        read=float(rng.uniform(0, 0.6)),
        correlation_px=float(rng.uniform(0.35, 0.9)) if rng.random() < 0.6 else 0.0,
        chroma=float(rng.uniform(0.3, 1.2)) if rng.random() < effects.chroma_p else 0.0,
        blotch=int(rng.integers(1, 5)),
        coring=float(rng.uniform(0.01, 0.05)) if rng.random() < effects.denoise_p else 0.0,
        sharpening=(float(rng.uniform(0.3, 1.3)), float(rng.uniform(0.6, 1.4)))
        if rng.random() < effects.sharpen_p
        else (0.0, 1.0),
    )


def recorded(
    picture: Image, rng: np.random.Generator, sensor: Sensor, look: Look, gamma: float, *, calm: float
) -> Image:
    """A picture as the sensor delivers it, in [0, 1]; `gamma` is this picture's alone, `calm` multiplies its noise."""
    full = size_of(picture)
    coarse_hw = fewer(full, sensor.coarse)
    picture = resized(picture, coarse_hw, cv2.INTER_AREA)
    if look.corners is not None:
        picture = times(picture, resized(look.corners, coarse_hw))
    if sensor.noise > 0:
        picture = _noisy(picture, rng, sensor, sensor.noise * calm)
    if sensor.coring > 0:
        picture = _cored(picture, sensor.coring)
    picture = developed(picture, look, gamma)
    amount, sigma_px = sensor.sharpening
    if amount > 0:
        picture = np.clip(plus(picture, amount, plus(picture, -1, gaussian(picture, sigma_px))), 0, 1)
    return resized(picture, full)


def _noisy(picture: Image, rng: np.random.Generator, sensor: Sensor, noise: float) -> Image:
    """Photon noise, which goes with the root of the light, and read noise, which does not, behind a gamma of 2.2."""
    size_hw = size_of(picture)
    specks = grain(rng, size_hw, 1)
    if sensor.correlation_px > 0:
        specks = _blurred_noise(specks, sensor.correlation_px)
    specks = tripled(specks)
    if sensor.chroma > 0:
        cells = (max(2, size_hw[0] // sensor.blotch), max(2, size_hw[1] // sensor.blotch))
        specks = plus(specks, sensor.chroma, resized(grain(rng, cells, 3), size_hw))
    light = cv2.convertScaleAbs(grey(picture), None, 255)
    deviation = np.asarray(cv2.LUT(light, _deviations(sensor.read) * np.float32(noise)), np.float32)
    return np.asarray(cv2.add(picture, times(specks, deviation)), np.float32)


def _blurred_noise(specks: Image, sigma_px: float) -> Image:
    blurred = gaussian(specks, sigma_px)
    return blurred * np.float32(1 / max(float(blurred.std()), 1e-6))


def _deviations(read: float) -> Image:
    """Deviation of the coded value at each of 256 levels (1, 256); 1 at a middle grey.

    With light L = V^2.2 it is sqrt(L + r^2) dV/dL; the slope at black is bounded, as every camera bounds it.
    """
    code = np.linspace(0, 1, 256)
    floor = read * _MIDDLE**_GAMMA

    def deviation(value: np.ndarray) -> np.ndarray:
        return np.sqrt(value**_GAMMA + floor**2) / (_GAMMA * np.maximum(value, 0.2) ** (_GAMMA - 1))

    return np.asarray(deviation(code) / deviation(np.array(_MIDDLE)), np.float32)[None]


def _cored(picture: Image, threshold: float) -> Image:
    """Keep detail that stands out and lose the rest: detail d becomes d * d^2 / (d^2 + threshold^2).

    Source: coring, in every television camera since the 1950s.
    """
    smooth = gaussian(picture, 1.0)
    detail = plus(picture, -1, smooth)
    squared = np.asarray(cv2.multiply(detail, detail), np.float32)
    share = squared / (squared + np.float32(threshold**2))
    return np.asarray(cv2.add(smooth, cv2.multiply(detail, share)), np.float32)
