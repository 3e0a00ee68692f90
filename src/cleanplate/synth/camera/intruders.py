"""Foreground without a name, drawn: an arm from beyond the rim, leaves in the wind, a lump; and dark or black rims.

Whoever tells foreground by knowing people misses the rest. What is drawn here has no depth that could be learnt from,
so that of the shot is unknown there.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image
from cleanplate.synth.camera.drawing import Canvas, any_scale, fill, leaf
from cleanplate.synth.camera.layers import Layers, come_before
from cleanplate.synth.camera.planes import gained, mixed, resized, size_of, smooth_field, softened, times


def intrude(layers: Layers, rng: np.random.Generator) -> None:
    """Something nobody has a name for comes before all that is in the shot, mostly cut off by the rim."""
    cover = _cover(rng, size_of(layers.alpha))
    if not cover.any():
        return
    if rng.random() < 0.5:
        h, w = size_of(cover)
        moved = np.array([[1, 0, rng.normal(0, 0.04 * w)], [0, 1, abs(rng.normal(0, 0.04 * h))]])
        shade = softened(np.asarray(cv2.warpAffine(cover, moved, (w, h)), np.float32), float(rng.uniform(1, 8)))
        layers.back = times(layers.back, 1 - np.float32(rng.uniform(0.1, 0.6)) * shade)
    come_before(layers, _surface(layers, rng, cover), cover)


def darken_rim(layers: Layers, rng: np.random.Generator) -> None:
    """The scene is dark along one side, in both pictures; who comes is not."""
    light = _without_strip(rng, size_of(layers.alpha), (0.03, 0.22), float(rng.uniform(1, 6)))
    light += (1 - light) * np.float32(rng.uniform(0.03, 0.5))
    layers.plate, layers.back = times(layers.plate, light), times(layers.back, light)


def black_border(layers: Layers, rng: np.random.Generator, shot: Image) -> Image:
    """Nothing is seen along one side, whatever moved there; the shot, and in `layers` the plate, alpha and depths."""
    light = _without_strip(rng, size_of(layers.alpha), (0.01, 0.04), 1)
    layers.plate, layers.alpha = times(layers.plate, light), layers.alpha * light
    layers.shot_depth_m, layers.plate_depth_m = (
        np.where(light >= 0.5, depth_m, np.float32(0)) for depth_m in (layers.shot_depth_m, layers.plate_depth_m)
    )
    return times(shot, light)


def _without_strip(
    rng: np.random.Generator, size_hw: tuple[int, int], shares: tuple[float, float], soft_px: float
) -> Image:
    """1 all over (h, w) but along a random side, where it is 0 over a share of the picture's width or height."""
    h, w = size_hw
    side = int(rng.integers(4))
    across = np.arange(w if side < 2 else h, dtype=np.float32)
    ramp = np.clip((across - float(rng.uniform(*shares)) * len(across)) / soft_px + 1, 0, 1).astype(np.float32)
    ramp = ramp if side % 2 else ramp[::-1]
    light = np.empty((h, w), np.float32)
    light[:] = ramp[None] if side < 2 else ramp[:, None]
    return light


def _cover(rng: np.random.Generator, size_hw: tuple[int, int]) -> Image:
    """What a random shape covers of a picture (h, w), soft by about a pixel."""
    canvas = np.zeros(size_hw, np.uint8)
    draw = _SHAPES[int(rng.choice(len(_SHAPES), p=_HOW_OFTEN))]
    draw(canvas, rng)
    cover = canvas.astype(np.float32) * np.float32(1 / 255)
    return cover if rng.random() < 0.5 else softened(cover, float(rng.uniform(0.4, 1.0)))


def _from_rim(rng: np.random.Generator, size_hw: tuple[int, int]) -> tuple[NDArray[np.float64], float]:
    """A point (x, y) a little beyond the rim, and the angle that leads from there inward, to within 70 degrees."""
    h, w = size_hw
    angle = rng.uniform(-np.pi, np.pi)
    inward = _toward(angle)
    at = np.array([w, h]) * (0.5 - 0.53 * inward / np.abs(inward).max())
    along = np.abs(inward) < np.abs(inward).max()  # the rim's own axis
    at += along * rng.uniform(-0.35, 0.35) * np.array([w, h])
    return np.clip(at, (-0.03 * w, -0.03 * h), (1.03 * w, 1.03 * h)), angle + rng.uniform(-1.2, 1.2)


def _toward(angle: float) -> NDArray[np.float64]:
    """The unit vector (x, y) at an angle."""
    return np.array([np.cos(angle), np.sin(angle)])


def _limb(canvas: Canvas, rng: np.random.Generator) -> None:
    """One or two arms, or what looks like a head on a neck: tapered pieces end to end, round where they meet."""
    h, w = size_of(canvas)
    for _ in range(int(rng.integers(1, 3))):
        point, angle = _from_rim(rng, (h, w))
        thick = any_scale(rng, 0.02, 0.16) * h
        for _ in range(int(rng.integers(1, 4))):
            end = point + rng.uniform(0.08, 0.35) * h * _toward(angle)
            thinner = thick * rng.uniform(0.6, 1.1)
            beside = np.array([-np.sin(angle), np.cos(angle)])
            sides = [point + beside * thick / 2, end + beside * thinner / 2, end - beside * thinner / 2]
            fill(canvas, np.array([*sides, point - beside * thick / 2]))
            _disk(canvas, end, thinner / 2)
            point, thick, angle = end, thinner, angle + rng.normal(0, 0.7)
        if rng.random() < 0.5:
            _disk(canvas, point, thick * rng.uniform(0.6, 1.4))


def _disk(canvas: Canvas, middle: NDArray[np.float64], radius: float) -> None:
    turn = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    fill(canvas, middle + radius * np.stack([np.cos(turn), np.sin(turn)], -1))


def _leaves(canvas: Canvas, rng: np.random.Generator) -> None:
    """Twigs from the rim with leaves on both sides: from one to a picture full of them."""
    h, w = size_of(canvas)
    length, slim = float(rng.uniform(0.03, 0.12)) * h, float(rng.uniform(0.25, 0.6))
    for _ in range(int(rng.integers(1, 9))):
        point, angle = _from_rim(rng, (h, w))
        for _ in range(int(rng.integers(3, 16))):
            end = point + length * rng.uniform(0.5, 1.2) * _toward(angle)
            (x, y), (to_x, to_y) = (np.round(p).astype(int).tolist() for p in (point, end))
            cv2.line(canvas, (x, y), (to_x, to_y), 255, 1, cv2.LINE_AA)
            for side in (-1, 1):
                _leaf(canvas, end, angle + side * rng.uniform(0.3, 1.3), length * rng.uniform(0.5, 1.2), slim)
            point, angle = end, angle + rng.normal(0, 0.3)


def _leaf(canvas: Canvas, stem: NDArray[np.float64], angle: float, length: float, slim: float) -> None:
    outline = leaf(7) * (1, slim / 2) * length
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    fill(canvas, stem + outline @ turn)


def _lump(canvas: Canvas, rng: np.random.Generator) -> None:
    """A closed, wavy outline."""
    h, w = size_of(canvas)
    middle = np.array([rng.uniform(-0.05, 1.05) * w, rng.uniform(-0.05, 1.05) * h])
    radius, turn = any_scale(rng, 0.03, 0.35) * h, np.linspace(0, 2 * np.pi, 48, endpoint=False)
    waves = sum(rng.normal(0, 0.25) / k * np.cos(k * turn + rng.uniform(0, 2 * np.pi)) for k in range(1, 7))
    reach = radius * np.clip(1 + waves, 0.3, 2)
    squash = np.array([rng.uniform(0.5, 1.0), rng.uniform(0.5, 1.0)])
    fill(canvas, middle + reach[:, None] * squash * np.stack([np.cos(turn), np.sin(turn)], -1))


def _surface(layers: Layers, rng: np.random.Generator, cover: Image) -> Image:
    """How it looks (h, w, 3): like another part of the scene, one colour, or mottled; lit from one side."""
    h, w = size_of(cover)
    kind = rng.random()
    if kind < 0.2:
        picture = _elsewhere(layers.plate, rng)
        looks = gained(picture, (rng.uniform(0.5, 1.6) * rng.uniform(0.8, 1.2, 3)).tolist())
    else:
        colour = rng.uniform(0.03, 1.0) * rng.uniform(0.4, 1.0, 3)
        looks = np.full((h, w, 3), colour, np.float32)
        if kind > 0.6:
            other = np.full((h, w, 3), rng.uniform(0.03, 1.0) * rng.uniform(0.4, 1.0, 3), np.float32)
            cells = int(rng.integers(6, max(7, min(h, w) // 3)))
            mix = np.clip(smooth_field(rng, (cells, cells), (h, w)) * np.float32(rng.uniform(0.5, 3)) + 0.5, 0, 1)
            looks = mixed(looks, other, mix)
    light = 1 + np.float32(rng.uniform(0, 0.3)) * smooth_field(rng, (3, 3), (h, w))
    round_px = float(rng.uniform(2, 10))
    light *= 1 - np.float32(rng.uniform(0, 0.7)) * (1 - softened(cover, round_px))
    return np.clip(times(looks, np.clip(light, 0.2, 1.6)), 0, 1.2)


def _elsewhere(picture: Image, rng: np.random.Generator) -> Image:
    """A part of a picture at its whole size, perhaps mirrored."""
    h, w = size_of(picture)
    rows, columns = (max(2, int(side * rng.uniform(0.3, 0.9))) for side in (h, w))
    top, left = int(rng.integers(0, h - rows + 1)), int(rng.integers(0, w - columns + 1))
    part = picture[top : top + rows, left : left + columns]
    if rng.random() < 0.5:
        part = part[:, ::-1]
    return resized(np.ascontiguousarray(part), (h, w))


_SHAPES, _HOW_OFTEN = (_limb, _leaves, _lump), (0.5, 0.25, 0.25)
"""What is drawn, and how often; nothing with four corners: pictures on walls and screens are no foreground."""
