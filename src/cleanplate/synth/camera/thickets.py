"""A thicket before the lens, drawn: leaves, needles or blades, many and small, with gaps that show the scene.

A matte of it is edges and little else. Depth is unknown there, as that of intruders is.
"""

import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image
from cleanplate.synth.camera.drawing import any_scale, fill, leaf
from cleanplate.synth.camera.layers import Layers, come_before
from cleanplate.synth.camera.planes import mixed, size_of, smooth_field, softened

_MOST = 260
"""Leaves that one of its depths has, which bounds the time."""

_Outlines = NDArray[np.float64]


def overgrow(layers: Layers, rng: np.random.Generator) -> None:
    """Leaves of some plant come before all that is in the shot: beside it, around it, or nearly all over it."""
    size_hw = size_of(layers.alpha)
    room = _room(rng, size_hw)
    cover, light = (np.zeros(size_hw, np.uint8) for _ in range(2))
    length, slim = any_scale(rng, 0.025, 0.2), any_scale(rng, 0.05, 0.7)
    main, spread = float(rng.uniform(-np.pi, np.pi)), float(rng.choice([0.3, 0.8, 3.0]))
    depths = int(rng.integers(1, 4))
    for nearness in np.linspace(1 / depths, 1, depths):
        outlines = _leaves(rng, room, (length * nearness**0.5, slim), (main, spread))
        lights = np.clip(nearness * rng.uniform(60, 255, len(outlines)), 0, 255)
        for outline, its_light in zip(outlines, lights.tolist(), strict=True):
            fill(cover, outline)
            fill(light, outline, its_light)
    if cover.any():
        covered, lit = (plane.astype(np.float32) * np.float32(1 / 255) for plane in (cover, light))
        if rng.random() < 0.5:
            soft_px = float(rng.uniform(0.4, 2.0))
            covered, lit = softened(covered, soft_px), softened(lit, soft_px)
        lit = np.asarray(lit / np.maximum(covered, np.float32(1e-3)), np.float32)
        come_before(layers, _coloured(rng, lit), covered)


def _room(rng: np.random.Generator, size_hw: tuple[int, int]) -> Image:
    """Where it grows: how likely a leaf is to begin at each place (h, w)."""
    if rng.random() < 0.4:
        return np.ones(size_hw, np.float32)
    field = smooth_field(rng, (3, 3), size_hw)
    return np.clip((field - np.float32(rng.normal(0, 0.7))) * 4, 0, 1).astype(np.float32)


def _leaves(rng: np.random.Generator, room: Image, form: tuple[float, float], turned: tuple[float, float]) -> _Outlines:
    """Outlines (n, points, 2) of leaves as long as a share of the picture's height, and as slim as a share of that."""
    (h, w), (length, slim) = size_of(room), (form[0] * size_of(room)[0], form[1])
    wanted = float(rng.uniform(0.1, 1.8)) * h * w / (0.6 * slim * length**2)
    count = int(np.clip(wanted, 1, _MOST))
    x, y = rng.uniform(-0.03, 1.03, (2, count)) * ((w,), (h,))
    rows, columns = (np.clip(at, 0, side - 1).astype(int) for at, side in ((y, h), (x, w)))
    grows = rng.random(count) < room[rows, columns]
    angles = turned[0] + turned[1] * rng.normal(0, 1, count)
    lengths, slims = length * rng.uniform(0.6, 1.5, count), slim * rng.uniform(0.6, 1.2, count)
    along, sides = leaf(6).T
    beside = sides * (slims / 2)[:, None]
    beside = beside + rng.normal(0, 0.15, (count, 1)) * along * (1 - along) * 4
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    outlines = np.stack([along * cos - beside * sin, along * sin + beside * cos], -1) * lengths[:, None, None]
    return (outlines + np.stack([x, y], -1)[:, None])[grows]


def _coloured(rng: np.random.Generator, lit: Image) -> Image:
    """How it looks (h, w, 3): from a dark colour to a light one, mostly those of plants."""
    if rng.random() < 0.65:
        lightest = np.array([0.35, 0.5, 0.12]) * rng.uniform(0.5, 1.5, 3)
    else:
        lightest = rng.uniform(0.1, 1.0) * rng.uniform(0.3, 1.0, 3)
    darkest = lightest * rng.uniform(0.02, 0.5) * rng.uniform(0.7, 1.3, 3)
    uneven = 1 + np.float32(rng.uniform(0, 0.4)) * smooth_field(rng, (4, 4), size_of(lit))
    dark, light = (
        np.full((*lit.shape, 3), colour * rng.uniform(0.3, 1.3), np.float32) for colour in (darkest, lightest)
    )
    return np.clip(mixed(dark, light, np.clip(lit * uneven, 0, 1).astype(np.float32)), 0, 1.2)
