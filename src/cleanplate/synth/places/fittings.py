"""What is let into a wall or hangs on it: doors, windows, pictures and boards.

Everything hangs along +x from the origin and faces -y; z is the height above the floor.
"""

from dataclasses import dataclass, field

import numpy as np

from cleanplate.synth import textures
from cleanplate.synth.geometry.mesh import Mesh, Surface, box, quad
from cleanplate.synth.geometry.vectors import Floats
from cleanplate.synth.parts import Parts
from cleanplate.synth.places import furniture


@dataclass(frozen=True, eq=False)
class Window:
    """The pane of a window, whose lower edge is 1 m above the floor.

    Attributes:
        radiance: (3,) linear, of the daylight outside.
    """

    width_m: float
    height_m: float
    radiance: Floats


@dataclass(frozen=True, eq=False)
class Fitting:
    """A thing on a wall, its pane where it is a window, and what hangs before that."""

    meshes: list[Mesh]
    window: Window | None = None
    curtain: list[Mesh] = field(default_factory=list[Mesh])


def fitting(rng: np.random.Generator, thing: str, width_m: float, wall_height_m: float, parts: Parts) -> Fitting:
    """A "door", a "window", a "picture" or a "board" (any other name) for a wall."""
    frame = parts.surface(rng, "material")
    if thing == "door":
        return _door(frame, width_m, min(2.05, wall_height_m - 0.1), parts.surface(rng, "wood"))
    if thing == "window":
        return _window(rng, frame, width_m, wall_height_m)
    h = min(width_m * rng.uniform(0.5, 1.4), wall_height_m - 1.2)
    z = rng.uniform(0.9, max(0.95, min(wall_height_m - 0.15, 2.4) - h))
    sheet = parts.surface(rng, "picture") if thing == "picture" else Surface(textures.poster(rng))
    return Fitting(
        [
            box((0, -0.02, z), (width_m, 0.01, z + h), frame),
            quad((0.03, -0.025, z + 0.03), (width_m - 0.06, 0, 0), (0, 0, h - 0.06), sheet),
        ]
    )


def _door(frame: Surface, w: float, h: float, leaf: Surface) -> Fitting:
    return Fitting(
        [
            box((0, -0.03, 0), (w, 0.02, h), frame),
            box((0.06, -0.045, 0.01), (w - 0.06, 0, h - 0.06), leaf),
            box((w - 0.16, -0.1, 0.98), (w - 0.1, -0.04, 1.02), frame),
        ]
    )


def _window(rng: np.random.Generator, frame: Surface, w: float, wall_height_m: float) -> Fitting:
    """Bars around and across the pane, sometimes a curtain; the pane itself is left to whoever hangs it."""
    h = min(rng.uniform(0.8, 1.6), wall_height_m - 1.25)
    meshes = [
        box((x - 0.02, -0.05, 1.0), (x + 0.02, 0, 1 + h), frame) for x in np.linspace(0, w, int(rng.integers(2, 5)))
    ]
    meshes += [box((-0.04, -0.06, z - 0.03), (w + 0.04, 0, z + 0.03), frame) for z in (1.0, 1 + h)]
    hung: list[Mesh] = []
    if rng.random() < 0.4:
        cloth = furniture.curtain(rng, rng.uniform(0.2, 0.5) * w, h + 0.3)
        hung = [m.moved(None, (float(rng.choice([0.0, 0.5])) * w, -0.1, 0.85)) for m in cloth]
    daylight = np.array([rng.uniform(0.75, 1.0), rng.uniform(0.85, 1.0), 1.0], np.float32)
    window = Window(w, h, daylight * np.exp(rng.uniform(float(np.log(0.3)), float(np.log(10)))))
    return Fitting(meshes, window, hung)
