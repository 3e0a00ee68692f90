"""Procedural textures: linear albedo squares for walls, floors, wood, cloth, pictures and faces.

Unless it says otherwise, a function returns (128, 128, 3) float32 linear albedo in [0, 1]; colours go in as (3,) sRGB
in [0, 1], and randomness comes from the generator alone.
"""

import colorsys
from functools import cache

import cv2
import numpy as np

from cleanplate.imaging.colour import srgb_to_linear
from cleanplate.synth.geometry.mesh import TEXTURE_PX
from cleanplate.synth.geometry.vectors import Floats

N = TEXTURE_PX
_ROW, _COLUMN = np.mgrid[0:N, 0:N]


def colour(
    rng: np.random.Generator,
    saturation: tuple[float, float] = (0.0, 0.5),
    value: tuple[float, float] = (0.3, 0.9),
    hue: tuple[float, float] = (0.0, 1.0),
) -> Floats:
    """A random sRGB colour, (3,), from ranges of hue, saturation and value."""
    hsv = rng.uniform(*hue), rng.uniform(*saturation), rng.uniform(*value)
    return np.array(colorsys.hsv_to_rgb(*hsv), np.float32)


def natural(rng: np.random.Generator, saturation: tuple[float, float], value: tuple[float, float]) -> Floats:
    """A colour people paint rooms and furniture with, (3,) sRGB: mostly warm or grey-blue, rarely any other hue."""
    hues = [(0.04, 0.14), (0.04, 0.14), (0.53, 0.63), (0.2, 0.4), (0.0, 1.0)]
    return colour(rng, saturation, value, hues[int(rng.choice(5, p=[0.4, 0.2, 0.18, 0.1, 0.12]))])


def cloud(rng: np.random.Generator, slope: float = 1.8) -> Floats:
    """Tileable 1/f^slope noise, (128, 128), zero mean and unit deviation."""
    white = np.fft.rfft2(rng.standard_normal((N, N), np.float32))
    field = np.fft.irfft2(white * _falloff(slope), (N, N))
    return (field / field.std()).astype(np.float32)


@cache
def _falloff(slope: float) -> Floats:
    radius = np.hypot(np.fft.fftfreq(N)[:, None], np.fft.rfftfreq(N)[None])
    radius[0, 0] = np.inf
    return (1 / radius**slope).astype(np.float32)


def plain(rng: np.random.Generator, srgb: Floats, mottle: float = 0.03) -> Floats:
    """One colour with faint stains and grain."""
    shade = 1 + mottle * cloud(rng, 2.0) + 0.5 * mottle * cloud(rng, 0.6)
    return _albedo(srgb * shade[..., None])


def wallpaper(rng: np.random.Generator, srgb: Floats) -> Floats:
    """Stripes, checks, dots or a damask-like pattern in two near colours."""
    other = np.clip(srgb * rng.uniform(0.7, 1.2, 3), 0, 1).astype(np.float32)
    period = N // int(rng.choice([4, 8, 16]))
    column, row = _COLUMN % period, _ROW % period
    half = period / 2
    masks = [
        column < half,
        (column < half) ^ (row < half),
        (column - half) ** 2 + (row - half) ** 2 < (0.3 * period) ** 2,
        np.abs(column - half) + np.abs(row - half) < 0.35 * period,
        cloud(rng, 1.2) > 0.4,
    ]
    mask = masks[int(rng.integers(len(masks)))][..., None]
    return _albedo(np.where(mask, srgb, other) * (1 + 0.02 * cloud(rng)[..., None]))


def bricks(rng: np.random.Generator, srgb: Floats) -> Floats:
    """Running-bond bricks, stone blocks or tiles with joints."""
    across, down = int(rng.choice([2, 4, 8])), int(rng.choice([4, 8, 16]))
    width, height = N // across, N // down
    course = _ROW // height
    shifted = (_COLUMN + (course % 2) * (width // 2) * int(rng.integers(2))) % N
    shade = rng.uniform(0.8, 1.1, (down, across)).astype(np.float32)[course, shifted // width]
    joint = ((_ROW % height) < 1 + N // 96) | ((shifted % width) < 1 + N // 96)
    out = srgb * (shade * (1 + 0.08 * cloud(rng, 1.4)))[..., None]
    out[joint] = srgb * rng.uniform(0.5, 1.2)
    return _albedo(out)


def planks(rng: np.random.Generator, srgb: Floats | None = None) -> Floats:
    """Wooden boards with grain along u."""
    if srgb is None:
        srgb = colour(rng, (0.25, 0.65), (0.25, 0.8), (0.05, 0.11))
    boards = int(rng.choice([1, 2, 4, 8]))
    height = N // boards
    board = _ROW // height
    offset = rng.integers(0, N, boards)[board]
    shade = rng.uniform(0.8, 1.15, (boards, 2)).astype(np.float32)[board, ((_COLUMN + offset) % N) // (N // 2)]
    wobble = cv2.resize(cloud(rng, 2.2)[:, : N // 8], (N, N))
    grain = np.sin(_ROW * rng.uniform(0.6, 1.6) + 5 * wobble) * 0.05 + 0.04 * wobble
    out = srgb * (shade * (1 + grain))[..., None]
    if boards > 1:
        out[(_ROW % height) == 0] *= 0.6
    return _albedo(out)


def carpet(rng: np.random.Generator, srgb: Floats) -> Floats:
    """Short-pile fibre noise, sometimes with large tiles in two shades."""
    noise = 1 + rng.uniform(0.04, 0.14) * rng.normal(size=(N, N)).astype(np.float32) + 0.05 * cloud(rng, 1.5)
    if rng.random() < 0.3:
        noise = noise * np.where((_COLUMN < N // 2) ^ (_ROW < N // 2), 1.0, rng.uniform(0.75, 0.95))
    return _albedo(srgb * noise[..., None])


def cloth(rng: np.random.Generator) -> Floats:
    """A garment's fabric: plain, striped, checked, printed or knitted."""
    value = (0.05, 0.35) if rng.random() < 0.45 else (0.2, 0.95)
    srgb = colour(rng, (0.0, 0.25) if rng.random() < 0.6 else (0.2, 0.75), value)
    other = colour(rng, (0.0, 0.55), (0.1, 0.95))
    kind = rng.choice(5, p=[0.5, 0.15, 0.1, 0.15, 0.1])
    out = np.broadcast_to(srgb, (N, N, 3))
    period = N // int(rng.choice([2, 4, 8, 16]))
    if kind == 1:
        axis = _ROW if rng.random() < 0.6 else _COLUMN
        out = np.where(((axis % period) < period * rng.uniform(0.2, 0.6))[..., None], other, srgb)
    elif kind == 2:
        weave = ((_ROW % period) < period / 2).astype(np.float32) + ((_COLUMN % period) < period / 2)
        out = srgb + (other - srgb) * (0.5 * weave)[..., None]
    elif kind == 3:
        out = np.where((cloud(rng, 1.4) > rng.uniform(0.2, 1.2))[..., None], other, srgb)
    elif kind == 4:
        out = picture(rng, linear=False)
    return _albedo(out * (1 + 0.05 * cloud(rng, 1.6) + 0.03 * cloud(rng, 0.3))[..., None])


def picture(rng: np.random.Generator, linear: bool = True) -> Floats:
    """Something that could hang framed on a wall: shapes and lines of writing on a ramp; sRGB unless `linear`."""
    canvas = np.empty((N, N, 3), np.float32)
    low, high = colour(rng, (0, 0.8), (0.1, 0.9)), colour(rng, (0, 0.8), (0.3, 1.0))
    ramp = np.linspace(0, 1, N, dtype=np.float32)[:, None, None]
    canvas[:] = low * ramp + high * (1 - ramp)
    for _ in range(int(rng.integers(0, 14))):
        centre = tuple(int(v) for v in rng.integers(0, N, 2))
        axes = tuple(int(v) for v in rng.integers(3, 45, 2))
        tone = _ink(colour(rng, (0, 0.9), (0.05, 1.0)))
        if rng.random() < 0.6:
            cv2.ellipse(canvas, centre, axes, float(rng.uniform(0, 180)), 0, 360, tone, -1, cv2.LINE_AA)
        else:
            cv2.rectangle(canvas, centre, (centre[0] + axes[0], centre[1] + axes[1]), tone, -1)
    if rng.random() < 0.5:
        canvas *= (1 + rng.uniform(0.1, 0.5) * cloud(rng, 1.7))[..., None]
    if rng.random() < 0.3:
        _write(canvas, rng)
    canvas = np.clip(canvas, 0, 1)
    return srgb_to_linear(canvas) if linear else canvas


def poster(rng: np.random.Generator) -> Floats:
    """Paper with printed lines of text."""
    canvas = np.empty((N, N, 3), np.float32)
    canvas[:] = colour(rng, (0, 0.3), (0.6, 1.0))
    _write(canvas, rng)
    return _albedo(canvas)


def book_spines(rng: np.random.Generator) -> Floats:
    """A shelf's row of books seen from the front."""
    out = np.full((N, N, 3), 0.06, np.float32)
    left = 0
    while left < N:
        width, height = int(rng.integers(4, 13)), int(N * rng.uniform(0.65, 1.0))
        out[N - height :, left : left + width] = colour(rng, (0, 0.8), (0.15, 0.9))
        out[N - height :, left : left + 1] *= 0.5
        out[N - height // 2 : N - height // 2 + 4, left + 1 : left + width] *= rng.uniform(0.6, 1.6)
        left += width
    return _albedo(out)


def foliage(rng: np.random.Generator) -> Floats:
    """Leaves of a plant, hedge or tree."""
    srgb = colour(rng, (0.25, 0.7), (0.15, 0.6), (0.18, 0.4))
    return _albedo(srgb * (1 + 0.35 * cloud(rng, 0.9) + 0.2 * cloud(rng, 0.3))[..., None])


def gaps(rng: np.random.Generator) -> Floats:
    """An opacity for leaves, (N, N): what stands behind shows through a seventh to two fifths of it."""
    leafy = cloud(rng, 0.6)
    return (leafy > np.quantile(leafy, rng.uniform(0.15, 0.4))).astype(np.float32)


def face(rng: np.random.Generator, skin_srgb: Floats, hair_srgb: Floats) -> Floats:
    """A face seen from the front: u runs from ear to ear, v from chin (bottom row) to forehead."""
    canvas = np.empty((N, N, 3), np.float32)
    canvas[:] = skin_srgb
    middle, eyes = N // 2, int(N * rng.uniform(0.42, 0.48))
    dark, lips = _ink(hair_srgb * 0.8), _ink(skin_srgb * np.array([0.8, 0.5, 0.5]))
    for side in (-1, 1):
        x = middle + side * int(N * 0.16)
        cv2.ellipse(canvas, (x, eyes), (10, 5), 0, 0, 360, (0.85, 0.85, 0.85), -1, cv2.LINE_AA)
        cv2.circle(canvas, (x, eyes), 4, (0.1, 0.08, 0.07), -1, cv2.LINE_AA)
        cv2.ellipse(canvas, (x, eyes - 11), (13, 3), 0, 0, 360, dark, -1, cv2.LINE_AA)
    nose = _ink(skin_srgb * 0.75)
    cv2.ellipse(canvas, (middle, eyes + 24), (8, 4), 0, 0, 360, nose, -1, cv2.LINE_AA)
    cv2.ellipse(canvas, (middle, eyes + 40), (15, 4), 0, 0, 360, lips, -1, cv2.LINE_AA)
    if rng.random() < 0.25:
        canvas[eyes + 30 :] = canvas[eyes + 30 :] * 0.35 + 0.65 * hair_srgb
    canvas = cv2.GaussianBlur(canvas, (0, 0), 1.5)
    return _albedo(canvas * (1 + 0.03 * cloud(rng, 1.5))[..., None])


def _write(canvas: Floats, rng: np.random.Generator) -> None:
    ink, page = colour(rng, (0, 0.8), (0.0, 0.4)), np.zeros((N, N), np.uint8)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 "))
    size = float(rng.uniform(0.25, 0.9))
    for y in range(int(12 + 20 * size), N, int(8 + 26 * size)):
        words = "".join(rng.choice(letters, int(rng.integers(3, 22))))
        cv2.putText(page, words, (6, y), cv2.FONT_HERSHEY_SIMPLEX, size, 255, 1 + int(size > 0.6), cv2.LINE_AA)
    printed = page[..., None].astype(np.float32) / 255
    canvas += (ink - canvas) * printed


def _ink(srgb: Floats) -> tuple[float, ...]:
    """A colour as OpenCV's drawing functions want it."""
    return tuple(float(c) for c in srgb)


def _albedo(srgb: Floats) -> Floats:
    return srgb_to_linear(np.clip(srgb, 0.01, 0.97).astype(np.float32))
