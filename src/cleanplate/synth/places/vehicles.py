"""Cars, vans, lorries and buses made of prisms; they stand on z = 0 around the origin and drive toward -y."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cleanplate.imaging.colour import srgb_to_linear
from cleanplate.synth import textures
from cleanplate.synth.geometry.mesh import Mesh, Surface, box, grid, merged, quad, revolved
from cleanplate.synth.geometry.vectors import Floats

_KINDS = {"hatchback": 0.3, "saloon": 0.3, "van": 0.2, "lorry": 0.1, "bus": 0.1}
"""How often each kind is drawn."""

_QUARTER = np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]], np.float32)
"""A turn about y that lays an axle across, what was above to the right."""

_PROUD_M = 0.006
"""How far glass stands out of what it is let into."""

_SCREEN = (0.06, 0.92)
"""From where to where a screen reaches on its edge, and how wide it is."""


@dataclass(frozen=True)
class _Shape:
    """Side views as (k, 2) convex outlines of y and z in metres, front at -y: bodies, and the panes of glass.

    Attributes:
        length, width: metres. bodies: painted. glass: dark, let into the sides. axles: y of each.
        screens: (2, 2) edges of bodies, bottom to top, that carry glass from side to side.
        wheel: radius in metres. lean: how far each side leans inward, metres a metre above `waist`.
    """

    length: float
    width: float
    bodies: tuple[ArrayLike, ...]
    glass: tuple[ArrayLike, ...]
    screens: tuple[ArrayLike, ...]
    axles: tuple[float, ...]
    wheel: float
    lean: float = 0.0
    waist: float = 0.0

    def half_at(self, z: Floats) -> Floats:
        """Half the width at heights."""
        return np.asarray(self.width / 2 - self.lean * np.maximum(z - self.waist, 0), np.float32)


def make_vehicle(rng: np.random.Generator) -> list[Mesh]:
    """One vehicle."""
    kind = str(rng.choice(list(_KINDS), p=list(_KINDS.values())))
    shape = _car(rng, kind) if kind in {"hatchback", "saloon"} else _large(rng, kind)
    paint = Surface(textures.plain(rng, _paint(rng), 0.01), gloss=float(rng.uniform(0.02, 0.08)))
    glass = Surface(textures.plain(rng, textures.colour(rng, (0, 0.2), (0.05, 0.25))), gloss=0.09)
    half = shape.width / 2
    second = paint if rng.random() < 0.7 else Surface(textures.plain(rng, _paint(rng), 0.02))
    meshes = [_prism(body, shape, surface) for body, surface in zip(shape.bodies, (paint, second), strict=False)]
    meshes += [_prism(pane, shape, glass, proud=_PROUD_M) for pane in shape.glass]
    meshes += [_screen(edge, shape, glass) for edge in shape.screens]
    tyre = Surface(textures.plain(rng, textures.colour(rng, (0, 0.1), (0.08, 0.2))))
    rim = Surface(textures.plain(rng, textures.colour(rng, (0, 0.1), (0.3, 0.7))), gloss=0.05)
    for y in shape.axles:
        for side in (-1, 1):
            meshes += _wheel(shape.wheel, tyre, rim, side, (side * (half - 0.1), y, shape.wheel))
    return meshes + _lights(shape, float(np.asarray(shape.bodies[0])[:, 1].min()))


def _paint(rng: np.random.Generator) -> Floats:
    """White, grey, silver and black more often than colours."""
    if rng.random() < 0.6:
        return textures.colour(rng, (0, 0.06), (0.08, 0.95))
    return textures.colour(rng, (0.4, 0.9), (0.15, 0.85))


def _car(rng: np.random.Generator, kind: str) -> _Shape:
    length = float(rng.uniform(3.5, 4.3) if kind == "hatchback" else rng.uniform(4.3, 5.0))
    width, height = float(rng.uniform(1.6, 1.9)), float(rng.uniform(1.38, 1.75))
    waist, floor, half = float(rng.uniform(0.55, 0.62)) * height, 0.22, length / 2
    hood = float(rng.uniform(0.8, 1.1))
    boot = float(rng.uniform(0.05, 0.2) if kind == "hatchback" else rng.uniform(0.6, 0.9))
    body = [
        (-half, floor),
        (half, floor),
        (half, waist - 0.05),
        (half - 0.1, waist),
        (-half + hood, waist),
        (-half + 0.05, waist - 0.2),
    ]
    screen, rear = float(rng.uniform(0.5, 0.8)), float(rng.uniform(0.15, 0.5))
    cabin = np.array(
        [
            (-half + hood - 0.05, waist - 0.02),
            (half - boot, waist - 0.02),
            (half - boot - rear, height),
            (-half + hood + screen, height),
        ]
    )
    pane = cabin.mean(0) + (cabin - cabin.mean(0)) * (0.94, 0.72)
    screens = (cabin[[0, 3]], cabin[[1, 2]])
    axles, wheel, lean = (-half + 0.75, half - 0.75), float(rng.uniform(0.28, 0.34)), float(rng.uniform(0.1, 0.35))
    return _Shape(length, width, (body, cabin), (pane,), screens, axles, wheel, lean, waist)


def _large(rng: np.random.Generator, kind: str) -> _Shape:
    """A cab that is a box with a sloping front, and for lorries a load behind it."""
    ranges = {"van": ((4.6, 6.0), (1.8, 2.1), (1.9, 2.6)), "lorry": ((6.5, 10.0), (2.2, 2.5), (2.6, 3.6))}
    sides = ranges.get(kind, ((8.0, 12.0), (2.4, 2.55), (2.8, 3.3)))
    length, width, height = (float(rng.uniform(low, high)) for low, high in sides)
    half, floor, nose = length / 2, 0.3, float(rng.uniform(0.05, 0.9 if kind == "van" else 0.3))
    cab_end = -half + 2.1 if kind == "lorry" else half
    cab_top = float(rng.uniform(2.1, 2.6)) if kind == "lorry" else height
    waist = floor + 0.42 * (cab_top - floor)
    cab = [(-half, floor), (cab_end, floor), (cab_end, cab_top), (-half + nose, cab_top), (-half, waist)]
    load = [(cab_end + 0.1, 0.7), (half, 0.7), (half, height), (cab_end + 0.1, height)]
    last = half - 0.3 if kind == "bus" else -half + nose + float(rng.uniform(0.9, 1.3))
    top = waist + 0.75 * (cab_top - waist)
    slope = nose * (top - waist) / max(cab_top - waist, 0.1)
    pane = [(-half + 0.05, waist + 0.05), (last, waist + 0.05), (last, top), (-half + slope + 0.05, top)]
    axles = (-half + 0.9, half - 1.1) if kind != "lorry" else (-half + 1.0, half - 2.0, half - 0.9)
    bodies = (cab, load) if kind == "lorry" else (cab,)
    screens: tuple[ArrayLike, ...] = ([(-half, waist), (-half + nose, cab_top)],)
    if kind == "bus" or (kind == "van" and rng.random() < 0.6):
        screens = (*screens, [(half, waist), (half, cab_top)])
    return _Shape(length, width, bodies, (pane,), screens, axles, float(rng.uniform(0.33, 0.5)))


def _prism(outline: ArrayLike, shape: _Shape, surface: Surface, proud: float = 0.0) -> Mesh:
    """A convex outline of y and z, counter-clockwise, drawn out from side to side and `proud` metres further."""
    points = np.asarray(outline, np.float32)
    k = len(points)
    half = shape.half_at(points[:, 1]) + np.float32(proud)
    left, right = (np.column_stack([x, points]) for x in (-half, half))
    vertices = np.concatenate([left, right]).astype(np.float32)
    fan = np.stack([np.zeros(k - 2, int), np.arange(1, k - 1), np.arange(2, k)], -1)
    here = np.arange(k)
    after = (here + 1) % k
    around = [np.stack([here, here + k, after + k], -1), np.stack([here, after + k, after], -1)]
    triangles = np.concatenate([fan[:, ::-1], fan + k, *(ring[:, ::-1] for ring in around)]).astype(np.int64)
    uv = np.stack([vertices[:, 1] + vertices[:, 0], vertices[:, 2]], -1)
    return Mesh(vertices, triangles, uv[triangles].astype(np.float32), surface)


def _screen(edge: ArrayLike, shape: _Shape, glass: Surface) -> Mesh:
    """A sheet of glass on an edge (2, 2) of y and z, bottom to top, turned away from the vehicle's middle."""
    bottom, top = np.asarray(edge, np.float32)
    low, high = bottom + _SCREEN[0] * (top - bottom), bottom + _SCREEN[1] * (top - bottom)
    way = float(np.sign(low[0]))
    dy, dz = high - low
    off = way * _PROUD_M * np.array([dz, -dy], np.float32) / np.hypot(dy, dz)
    half = way * _SCREEN[1] * shape.half_at(np.array([low[1], high[1]], np.float32))
    rows = [[(side * x, *(at + off)) for side in (1, -1)] for x, at in zip(half, (low, high), strict=True)]
    points = np.array(rows, np.float32)
    return grid(points, points[..., ::2], glass)


def _wheel(radius: float, tyre: Surface, rim: Surface, side: int, middle: tuple[float, float, float]) -> list[Mesh]:
    """A tyre and its disk, turned outward on `side`."""
    rows = [(0.0, -0.1), (radius, -0.1), (radius, 0.1), (0.6 * radius, 0.105)]
    disk = [(0.62 * radius, 0.1), (0.0, 0.108)]
    turn = _QUARTER if side > 0 else _QUARTER.T
    return [revolved(profile, surface).moved(turn, middle) for profile, surface in ((rows, tyre), (disk, rim))]


def _lights(shape: _Shape, floor: float) -> list[Mesh]:
    """Head lamps and tail lamps as flat patches, and bumpers."""
    half, front = shape.length / 2, shape.width / 2 - 0.32
    pale = Surface(np.full((1, 1, 3), 0.7, np.float32), gloss=0.1)
    red = Surface(srgb_to_linear(np.array([[[0.6, 0.05, 0.05]]], np.float32)), gloss=0.06)
    z = floor + 0.3
    lamps = [quad((x, -half - 0.012, z), (0.22, 0, 0), (0, 0, 0.13), pale) for x in (-front - 0.22, front)]
    tails = [quad((x + 0.18, half + 0.012, z), (-0.18, 0, 0), (0, 0, 0.18), red) for x in (-front - 0.2, front + 0.02)]
    bumper = Surface(np.full((1, 1, 3), 0.05, np.float32))
    ends = [
        box((-shape.width / 2, y - 0.05, floor), (shape.width / 2, y + 0.05, floor + 0.18), bumper)
        for y in (-half, half)
    ]
    return [merged(lamps), merged(tails), merged(ends)]
