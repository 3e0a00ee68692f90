"""Indoor places: floor, ceiling, walls with what hangs on them, lamps and columns.

The scene's front is at y = 0; it reaches to y = depth, and from x = -width / 2 to width / 2; the floor is z = 0.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from cleanplate.synth import textures
from cleanplate.synth.geometry.mesh import Mesh, Surface, box, quad, revolved, turn_z
from cleanplate.synth.geometry.vectors import Floats
from cleanplate.synth.places import furniture
from cleanplate.synth.places.fittings import Window, fitting
from cleanplate.synth.scene import AreaLight


@dataclass(frozen=True)
class Shell:
    """A place of width x depth x height metres, of one of the kinds that `rooms.KINDS` names."""

    kind: str
    width: float
    depth: float
    height: float


@dataclass(frozen=True, eq=False)
class Site:
    """What has been put up of a place so far.

    Attributes:
        meshes: everything with a surface. lights: everything that shines.
    """

    meshes: list[Mesh] = field(default_factory=list[Mesh])
    lights: list[AreaLight] = field(default_factory=list[AreaLight])

    def shine(self, origin: ArrayLike, side_u: ArrayLike, side_v: ArrayLike, radiance: Floats) -> None:
        """Hang up a glowing parallelogram that faces side_u x side_v; it looks no brighter than a radiance of 6."""
        red, green, blue = (float(c) for c in np.minimum(radiance, 6.0))
        white = Surface(np.ones((textures.N, textures.N, 3), np.float32), emission=(red, green, blue))
        self.meshes.append(quad(origin, side_u, side_v, white))
        o, u, v = (np.asarray(x, np.float32) for x in (origin, side_u, side_v))
        normal = np.cross(u, v)
        in_front = o + 0.01 * normal / np.linalg.norm(normal)
        self.lights.append(AreaLight(in_front, u, v, radiance.astype(np.float32)))


def wall_surface(rng: np.random.Generator) -> Surface:
    """Paint, wallpaper, bricks or wood."""
    value = (0.65, 0.97) if rng.random() < 0.6 else (0.2, 0.8)
    tone = textures.natural(rng, (0, 0.12) if rng.random() < 0.7 else (0.05, 0.4), value)
    kind = rng.choice(4, p=[0.6, 0.15, 0.15, 0.1])
    if kind == 0:
        return Surface(textures.plain(rng, tone, float(rng.choice([0.005, 0.015, 0.05], p=[0.45, 0.45, 0.1]))))
    if kind == 1:
        return Surface(textures.wallpaper(rng, tone))
    if kind == 2:
        return Surface(textures.bricks(rng, tone))
    return Surface(textures.planks(rng))


def floor_surface(rng: np.random.Generator) -> Surface:
    """Wood, tiles, carpet or something smooth; about half of them gloss."""
    gloss = float(rng.choice([0.0, 0.04, 0.12], p=[0.5, 0.3, 0.2]))
    kind = rng.choice(4, p=[0.3, 0.25, 0.25, 0.2])
    if kind == 0:
        return Surface(textures.planks(rng), gloss)
    if kind == 1:
        return Surface(textures.bricks(rng, textures.natural(rng, (0, 0.3), (0.3, 0.9))), gloss)
    if kind == 2:
        return Surface(textures.carpet(rng, textures.natural(rng, (0, 0.5), (0.2, 0.7))))
    return Surface(textures.plain(rng, textures.natural(rng, (0, 0.25), (0.25, 0.85)), 0.03), gloss)


def wall_frame(shell: Shell, wall: str, at: float) -> tuple[Floats, Floats]:
    """Rotation and offset that bring what hangs along +x and faces -y onto a wall, `at` metres along it.

    `wall` is "back", "left" or "right".
    """
    if wall == "back":
        return turn_z(0.0), np.array([-shell.width / 2 + at, shell.depth - 0.02, 0], np.float32)
    if wall == "left":
        return turn_z(np.pi / 2), np.array([-shell.width / 2 + 0.02, at, 0], np.float32)
    return turn_z(-np.pi / 2), np.array([shell.width / 2 - 0.02, shell.depth - at, 0], np.float32)


def put_up_walls(rng: np.random.Generator, shell: Shell) -> Site:
    """Floor, ceiling, four walls, skirting boards, lamps, what hangs on the walls, and sometimes columns."""
    site = Site(_faces(rng, shell))
    if rng.random() < 0.7:
        site.meshes.extend(_skirting(rng, shell))
    for index in range(_num_lamps(rng, shell)):
        _hang_lamp(rng, shell, site, index)
    for wall in ("back", "left", "right"):
        _dress_wall(rng, shell, wall, site)
    if shell.kind in {"hall", "corridor"} and rng.random() < 0.5:
        site.meshes.extend(_columns(rng, shell))
    return site


def _faces(rng: np.random.Generator, shell: Shell) -> list[Mesh]:
    """Floor, ceiling and the four walls, all facing inward."""
    w, d, h = shell.width, shell.depth, shell.height
    one, two = wall_surface(rng), wall_surface(rng)
    side, back = one, one if rng.random() < 0.6 else two
    tile = rng.uniform(0.6, 2.5)
    ceiling = Surface(textures.plain(rng, textures.colour(rng, (0, 0.06), (0.75, 0.97)), 0.01))
    if rng.random() < 0.25:
        ceiling = Surface(textures.bricks(rng, textures.colour(rng, (0, 0.05), (0.7, 0.95))))
    return [
        quad((-w / 2, 0, 0), (w, 0, 0), (0, d, 0), floor_surface(rng), rng.uniform(0.6, 2.4)),
        quad((-w / 2, 0, h), (0, d, 0), (w, 0, 0), ceiling, 1.2),
        quad((-w / 2, d, 0), (w, 0, 0), (0, 0, h), back, tile),
        quad((w / 2, 0, 0), (-w, 0, 0), (0, 0, h), one, tile),
        quad((-w / 2, 0, 0), (0, d, 0), (0, 0, h), side, tile),
        quad((w / 2, d, 0), (0, -d, 0), (0, 0, h), side, tile),
    ]


def _skirting(rng: np.random.Generator, shell: Shell) -> list[Mesh]:
    """Boards along the foot of the back and side walls."""
    w, d = shell.width, shell.depth
    strip, z = furniture.material(rng), rng.uniform(0.06, 0.14)
    back = box((-w / 2, d - 0.015, 0), (w / 2, d, z), strip)
    return [back, *(box((x, 0, 0), (x + 0.015, d, z), strip) for x in (-w / 2, w / 2 - 0.015))]


def _num_lamps(rng: np.random.Generator, shell: Shell) -> int:
    return int(np.clip(round(shell.width * shell.depth / 25 + rng.uniform(0, 1)), 1, 4))


def _hang_lamp(rng: np.random.Generator, shell: Shell, site: Site, index: int) -> None:
    """Hang one of a row of lamps under the ceiling."""
    size_u, size_v = np.exp(rng.uniform(np.log(0.12), np.log(1.3), 2))
    x = rng.uniform(-shell.width / 3, shell.width / 3)
    y = shell.depth * (index + rng.uniform(0.2, 0.8)) / _num_lamps(rng, shell)
    y = float(np.clip(y, size_v, shell.depth - size_v))
    z = shell.height - (0.03 if rng.random() < 0.7 else rng.uniform(0.1, 0.5))
    tint = np.array([1, rng.uniform(0.75, 1.0), rng.uniform(0.5, 1.0)], np.float32)
    radiance = tint * rng.uniform(4, 12) / (size_u * size_v)
    site.shine((x - size_u / 2, y - size_v / 2, z), (0, size_v, 0), (size_u, 0, 0), radiance)


def _dress_wall(rng: np.random.Generator, shell: Shell, wall: str, site: Site) -> None:
    """Hang doors, windows, pictures and boards on one wall, side by side without overlap."""
    length = shell.width if wall == "back" else shell.depth
    at = rng.uniform(0.2, 0.8)
    while at < length - 0.7:
        thing = str(rng.choice(["nothing", "picture", "door", "window", "board"], p=[0.25, 0.3, 0.18, 0.17, 0.1]))
        span = {"door": 0.9, "window": rng.uniform(0.7, 2.0)}.get(thing, rng.uniform(0.4, 1.4))
        if at + span > length - 0.2:
            break
        if thing != "nothing":
            piece = fitting(rng, thing, span, shell.height)
            turn, offset = wall_frame(shell, wall, at)
            site.meshes.extend(m.moved(turn, offset) for m in piece.meshes)
            if piece.window is not None and len(site.lights) < 5:
                _let_light_in(site, piece.window, turn, offset)
        at += span + rng.uniform(0.15, 1.5 if shell.kind != "corridor" else 3.0)


def _let_light_in(site: Site, window: Window, turn: Floats, offset: Floats) -> None:
    """Make a window's pane shine into the room."""
    local = np.array([[0, -0.03, 1.0], [0, 0, window.height_m], [window.width_m, 0, 0]], np.float32)
    site.shine(local[0] @ turn.T + offset, local[1] @ turn.T, local[2] @ turn.T, window.radiance)


def _columns(rng: np.random.Generator, shell: Shell) -> list[Mesh]:
    """Two rows of columns, round or square, along the side walls."""
    cover, r = wall_surface(rng), rng.uniform(0.1, 0.3)
    columns: list[Mesh] = []
    for y in np.arange(rng.uniform(2, 4), shell.depth - 1, rng.uniform(2.5, 5)):
        for x in (-shell.width / 2 + r + 0.05, shell.width / 2 - r - 0.05):
            square = rng.random() < 0.5
            column = (
                box((-r, -r, 0), (r, r, shell.height), cover)
                if square
                else revolved([(r, 0), (r, shell.height)], cover, 16)
            )
            columns.append(column.moved(None, (x, y, 0)))
    return columns
