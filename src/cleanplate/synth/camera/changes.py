"""What happens in the scene between plate and shot: changes that are no foreground, foreground that is hard to see."""

from dataclasses import replace

import cv2
import numpy as np

from cleanplate.imaging import Image
from cleanplate.sample.record import Sample
from cleanplate.synth.camera.drawing import any_scale
from cleanplate.synth.camera.effects import Effects
from cleanplate.synth.camera.layers import Layers
from cleanplate.synth.camera.planes import gained, size_of, smooth_field, softened, times, tripled

_MOMENTS = 4
_GLITTER = 0.06
"""Deviation of the deviation of what leaves reflect, as a share, from one moment to the next."""


def emptied(sample: Sample, rng: np.random.Generator, effects: Effects) -> Sample:
    """Sometimes nobody came; sometimes what stood in the plate is gone, which is no foreground either."""
    chance = rng.random()
    if chance >= effects.empty_p + effects.removed_p:
        return sample
    nothing = replace(sample, alpha=np.zeros_like(sample.alpha), people=(), instance_names=(), instance_kinds=())
    if chance < effects.empty_p:
        return replace(nothing, shot=sample.plate, shot_depth_m=sample.plate_depth_m)
    return replace(
        nothing,
        plate=sample.shot,
        shot=sample.plate,
        plate_depth_m=sample.shot_depth_m,
        shot_depth_m=sample.plate_depth_m,
    )


def camouflage(layers: Layers, rng: np.random.Generator) -> None:
    """Pull the foreground's mean colour toward that of the plate behind it."""
    if layers.alpha.sum() < 20:
        return
    weight = cv2.convertScaleAbs(layers.alpha, None, 255)
    own, behind = (np.maximum(cv2.mean(picture, weight)[:3], 0.02) for picture in (layers.shot(), layers.plate))
    layers.front = gained(layers.front, np.clip((behind / own) ** rng.uniform(0.4, 1.0), 0.3, 3).tolist())


def clutter(layers: Layers, rng: np.random.Generator) -> None:
    """Texture and coloured patches on the scene's surfaces, multiplied in so that shading and shadows stay."""
    h, w = size_of(layers.alpha)
    texture = np.ones((h, w), np.float32)
    if rng.random() < 0.6:
        for cells, strength in zip((4, 12, 36, 96), rng.uniform(0, 0.09, 4), strict=True):
            if cells <= min(h, w):
                texture += smooth_field(rng, (max(1, cells * h // w), cells), (h, w)) * np.float32(strength)
    layer = tripled(texture)
    for _ in range(int(rng.integers(0, 9))):
        _patch(layer, rng)
    layer = np.clip(layer, 0.05, 2.5)
    layers.plate = np.asarray(cv2.multiply(layers.plate, layer), np.float32)
    layers.back = np.asarray(cv2.multiply(layers.back, layer), np.float32)


def _patch(layer: Image, rng: np.random.Generator) -> None:
    h, w = size_of(layer)
    tone = tuple(float(c) for c in rng.uniform(0.3, 1.25) * rng.uniform(0.7, 1.2, 3))
    x, y = int(rng.integers(0, w)), int(rng.integers(0, h))
    a, b = int(rng.integers(2, max(3, w // 4))), int(rng.integers(2, max(3, h // 4)))
    if rng.random() < 0.5:
        cv2.rectangle(layer, (x - a, y - b), (x + a, y + b), tone, -1)
    elif rng.random() < 0.5:
        cv2.ellipse(layer, (x, y), (a, b), float(rng.uniform(0, 180)), 0, 360, tone, -1)
    else:
        cv2.line(layer, (x, y), (x + 4 * (a - w // 8), y + 4 * (b - h // 8)), tone, int(rng.integers(1, 5)))


def shadow(layers: Layers, rng: np.random.Generator) -> None:
    """Darken what is behind by a sheared, blurred copy of an outline: soft, and bluer than the light."""
    h, w = size_of(layers.alpha)
    rows = np.flatnonzero(layers.outline.max(1) > 0.5)
    if len(rows):
        foot, shear, squash = float(rows[-1]), rng.normal(0, 0.5), rng.uniform(0.3, 1.0)
        matrix = np.array(
            [[1, shear, rng.normal(0, 0.05 * w) - shear * foot], [0, squash, (1 - squash) * foot + rng.normal(0, 3)]]
        )
        cast = np.asarray(cv2.warpAffine(layers.outline, matrix, (w, h)), np.float32)
    else:
        cast = np.clip(smooth_field(rng, (4, 4), (h, w)), 0, 1)
    cast = softened(cast, any_scale(rng, 0.7, 10))
    tint = rng.uniform(0.1, 0.8) * np.sort(rng.uniform(0.85, 1.0, 3))[::-1]
    darker = np.asarray(cv2.merge([cast * np.float32(-share) for share in tint]), np.float32)
    layers.back = np.asarray(cv2.add(layers.back, cv2.multiply(layers.back, darker)), np.float32)


def sway(layers: Layers, rng: np.random.Generator, reach_px: float) -> None:
    """Move parts of what is behind a little, each bit its own way, and have it glitter: what hangs in the wind.

    Two times in five the plate is the mean of several such moments, as one that was made of a clip. Depth stays: it is
    hardly ever known of leaves more closely.
    """
    size_hw = size_of(layers.alpha)
    where = np.clip(2 * smooth_field(rng, (3, 4), size_hw) + np.float32(rng.uniform(-1.5, 2.5)), 0, 1)
    if rng.random() < 0.4:
        moments = [_swayed(layers.plate, rng, where, reach_px) for _ in range(_MOMENTS)]
        layers.plate = np.asarray(np.mean(np.stack(moments), axis=0, dtype=np.float32), np.float32)
    layers.back = _swayed(layers.back, rng, where, reach_px)


def _swayed(picture: Image, rng: np.random.Generator, where: Image, reach_px: float) -> Image:
    """A picture whose pixels are taken from some pixels beside, at most where `where` is 1."""
    h, w = size_hw = size_of(where)
    cells = max(2, round(w / any_scale(rng, 4, 24)))  # of 4 to 24 px, as clusters of leaves or waves
    cells_hw = max(2, cells * h // w), cells
    force = where * np.float32(abs(rng.normal(0, reach_px)))
    x = np.arange(w, dtype=np.float32)[None] + smooth_field(rng, cells_hw, size_hw) * force
    y = np.arange(h, dtype=np.float32)[:, None] + smooth_field(rng, cells_hw, size_hw) * force * np.float32(0.6)
    moved = np.asarray(cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101), np.float32)
    light = 1 + where * smooth_field(rng, cells_hw, size_hw) * np.float32(abs(rng.normal(0, _GLITTER)))
    return times(moved, np.clip(light, 0.5, 2))


def screen(layers: Layers, rng: np.random.Generator) -> None:
    """A four-cornered picture on a surface of the scene that shows one thing in the plate and another in the shot."""
    h, w = size_of(layers.alpha)
    width, height = rng.uniform(0.08, 0.35) * w, rng.uniform(0.08, 0.3) * h
    middle = np.array([rng.uniform(0, w), rng.uniform(0, 0.7 * h)])
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (width / 2, height / 2)
    corners = (middle + corners * rng.uniform(0.8, 1.1, (4, 2))).astype(np.float32)
    page = np.array([[0, 0], [32, 0], [32, 24], [0, 24]], np.float32)
    matrix = cv2.getPerspectiveTransform(page, corners)
    cover = np.asarray(cv2.warpPerspective(np.ones((24, 32), np.float32), matrix, (w, h)), np.float32)

    def shown(under: Image, content: Image) -> Image:
        on = np.asarray(cv2.warpPerspective(content, matrix, (w, h)), np.float32)
        return np.asarray(cv2.add(on, times(under, 1 - cover)), np.float32)

    frame, dark = rng.uniform(0.02, 0.5), rng.random() < 0.3
    layers.plate = shown(layers.plate, _content(rng, frame, dark=dark))
    layers.back = shown(layers.back, _content(rng, frame, dark=False))


def _content(rng: np.random.Generator, frame: float, *, dark: bool) -> Image:
    """A picture of 24x32 in a frame: a gradient with some blocks and lines, or dark."""
    picture = np.full((24, 32, 3), frame, np.float32)
    inner = picture[1:-1, 1:-1]
    if dark:
        inner[:] = 0.04
        return picture
    inner[:] = cv2.resize(rng.random((2, 2, 3), np.float32), (30, 22), interpolation=cv2.INTER_LINEAR)
    for _ in range(int(rng.integers(1, 7))):
        top, left = int(rng.integers(0, 20)), int(rng.integers(0, 26))
        rows, columns = (int(rng.integers(1, 14)), int(rng.integers(2, 20)))
        inner[top : top + rows, left : left + columns] = rng.random(3)
    return picture
