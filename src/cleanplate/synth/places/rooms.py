"""Empty scenes: living rooms and offices, corridors, halls, and simple outdoor places, each with light and a camera."""

import numpy as np

from cleanplate.synth import textures
from cleanplate.synth.geometry.vectors import vector
from cleanplate.synth.places.furnishing import furnish
from cleanplate.synth.places.outdoors import put_up_outdoors
from cleanplate.synth.places.walls import Shell, put_up_walls
from cleanplate.synth.scene import Camera, Scene, look_at

KINDS = {"room": 0.54, "corridor": 0.14, "hall": 0.16, "outdoor": 0.16}
"""How often each kind of place is drawn."""

_SIZES = {
    "room": ((2.8, 7.0), (3.2, 8.0), (2.3, 3.3)),
    "corridor": ((1.5, 3.2), (7.0, 25.0), (2.2, 3.2)),
    "hall": ((6.5, 13.0), (6.5, 16.0), (2.8, 6.5)),
    "outdoor": ((10.0, 30.0), (6.0, 40.0), (3.0, 12.0)),
}
"""Ranges of width, depth and height in metres."""


def make_scene(rng: np.random.Generator, size_hw: tuple[int, int]) -> Scene:
    """A random empty scene with its camera; `size_hw` is the picture's size in pixels."""
    kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
    width, depth, height = (rng.uniform(low, high) for low, high in _SIZES[kind])
    shell = Shell(kind, width, depth, height)
    if kind == "outdoor":
        site, sky = put_up_outdoors(rng, shell)
    else:
        site, sky = put_up_walls(rng, shell), np.zeros(3, np.float32)
    furnishing = furnish(rng, shell)
    strength = rng.uniform(0.02, 0.12) if kind != "outdoor" else rng.uniform(0.1, 0.4)
    return Scene(
        meshes=[*site.meshes, *furnishing.meshes],
        lights=site.lights,
        ambient=textures.colour(rng, (0, 0.12), (1, 1)) * strength,
        sky=sky,
        camera=_camera(rng, shell, size_hw),
        floor_m=vector(-width / 2, 0, width / 2, depth).reshape(2, 2),
        obstacles=furnishing.footprints,
        seats=furnishing.seats,
    )


def _camera(rng: np.random.Generator, shell: Shell, size_hw: tuple[int, int]) -> Camera:
    """From eye height to a ceiling corner, looking into the scene."""
    outdoor = shell.kind == "outdoor"
    high = rng.random() < (0.3 if outdoor else 0.45)
    top = 5.0 if outdoor else shell.height - 0.15
    z = rng.uniform(min(2.0, top - 0.1), top) if high else rng.uniform(0.7, min(1.8, top))
    x = rng.uniform(-0.45, 0.45) * shell.width
    eye = (x, rng.uniform(0.1, 0.4), z)
    far = rng.uniform(0.35, 0.8) * min(shell.depth, 12.0)
    target = (
        rng.uniform(-0.25, 0.25) * min(shell.width, far),
        far,
        rng.uniform(0.4, 1.1) if high else z + rng.normal(-0.15, 0.15),
    )
    return look_at(eye, target, rng.uniform(40, 90), size_hw, rng.normal(0, 0.02))
