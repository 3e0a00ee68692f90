"""Empty scenes: living rooms and offices, corridors, halls, yards and streets, each with light and a camera."""

import numpy as np

from cleanplate.synth.geometry.vectors import vector
from cleanplate.synth.parts import Parts
from cleanplate.synth.places.furnishing import furnish
from cleanplate.synth.places.outdoors import put_up_outdoors
from cleanplate.synth.places.streets import put_up_street
from cleanplate.synth.places.walls import Shell, put_up_walls
from cleanplate.synth.scene import Camera, Road, Scene, look_at

KINDS = {"room": 0.34, "office": 0.2, "corridor": 0.14, "hall": 0.17, "outdoor": 0.15}
"""How often each kind of place is drawn where none is asked for."""

PLACES = (*KINDS, "street")
"""Every kind of place that can be asked for."""

_SIZES = {
    "room": ((2.8, 6.5), (3.2, 7.5), (2.25, 3.1)),
    "office": ((3.2, 10.0), (4.0, 13.0), (2.3, 3.2)),
    "corridor": ((1.4, 3.2), (7.0, 28.0), (2.1, 3.2)),
    "hall": ((6.5, 15.0), (7.0, 24.0), (2.6, 6.5)),
    "outdoor": ((10.0, 30.0), (6.0, 40.0), (2.5, 9.0)),
    "street": ((14.0, 40.0), (15.0, 80.0), (4.0, 18.0)),
}
"""Ranges of width, depth and height in metres."""

_STREET_VIEWS = {(1.2, 2.0): 0.3, (2.5, 6.0): 0.4, (6.0, 13.0): 0.3}
"""Heights of cameras above a street in metres, and how often: in a hand, on poles and over doors, on roofs."""

_VIEWS = {"eye": 0.4, "high": 0.38, "desk": 0.15, "low": 0.07}
"""How often a camera hangs or stands where: at eye height, in a ceiling corner, on a desk or near the floor."""


def make_scene(rng: np.random.Generator, size_hw: tuple[int, int], parts: Parts, place: str | None = None) -> Scene:
    """A random empty scene with its camera.

    Args:
        rng: all randomness.
        size_hw: the picture's size in pixels.
        parts: what it is put together from.
        place: one of `PLACES`; drawn from `KINDS` if not said.
    """
    kind = place or str(rng.choice(list(KINDS), p=list(KINDS.values())))
    width, depth, height = (float(rng.uniform(low, high)) for low, high in _SIZES[kind])
    shell = Shell(kind, width, depth, height)
    road: Road | None = None
    if kind == "street":
        site, sky, road = put_up_street(rng, shell, parts)
    elif kind == "outdoor":
        site, sky = put_up_outdoors(rng, shell, parts)
    else:
        site, sky = put_up_walls(rng, shell, parts), np.zeros(3, np.float32)
    furnishing = furnish(rng, shell, parts, [*site.taken, *([road.footprint] if road else [])])
    props = (*site.props, *furnishing.props)
    footprints = [*site.taken, *(prop.footprint for prop in furnishing.props if prop.footprint is not None)]
    return Scene(
        meshes=[*site.meshes, *(m for prop in props for m in prop.meshes)],
        lights=[*site.lights, *(light for prop in props for light in prop.lights)],
        sky=sky,
        camera=_over_street(rng, shell, size_hw) if road else _camera(rng, shell, size_hw),
        floor_m=vector(-width / 2, 0, width / 2, depth).reshape(2, 2),
        obstacles=np.array(footprints, np.float32).reshape(-1, 4),
        seats=furnishing.seats,
        props=props,
        road=road,
    )


def _camera(rng: np.random.Generator, shell: Shell, size_hw: tuple[int, int]) -> Camera:
    """From near the floor to a ceiling corner, looking into the scene; 35 to 100 degrees wide."""
    view = str(rng.choice(list(_VIEWS), p=list(_VIEWS.values())))
    top = 5.0 if shell.kind == "outdoor" else shell.height - 0.12
    heights = {"eye": (1.1, 1.8), "high": (1.9, top), "desk": (0.75, 1.25), "low": (0.25, 0.7)}[view]
    z = float(rng.uniform(min(heights[0], top - 0.1), min(heights[1], top)))
    across = rng.uniform(-0.46, 0.46) if view != "high" or rng.random() < 0.5 else rng.choice([-0.46, 0.46])
    eye = (across * shell.width, rng.uniform(0.1, 0.4), z)
    far = rng.uniform(0.35, 0.8) * min(shell.depth, 14.0)
    level = z + rng.normal(-0.12, 0.15) * far / 3
    target = (
        rng.uniform(-0.25, 0.25) * min(shell.width, far),
        far,
        rng.uniform(0.3, 1.2) if view == "high" else level,
    )
    return look_at(eye, target, float(rng.triangular(35, 62, 100)), size_hw, rng.normal(0, 0.02))


def _over_street(rng: np.random.Generator, shell: Shell, size_hw: tuple[int, int]) -> Camera:
    """From a hand's height to a roof's, looking at the ground some way off; 22 to 80 degrees wide."""
    low, high = list(_STREET_VIEWS)[int(rng.choice(len(_STREET_VIEWS), p=list(_STREET_VIEWS.values())))]
    z = float(rng.uniform(low, high))
    eye = (rng.uniform(-0.45, 0.45) * shell.width, rng.uniform(0.1, 1.5), z)
    near, far = max(4.0, 1.2 * z), max(8.0, min(0.8 * shell.depth, 8 * z))
    far = near + (far - near) * rng.random()  # on short streets the second may be the nearer one
    target = (rng.uniform(-0.3, 0.3) * min(shell.width, far), far, rng.uniform(0.0, 1.3))
    return look_at(eye, target, float(rng.triangular(22, 48, 80)), size_hw, rng.normal(0, 0.02))
