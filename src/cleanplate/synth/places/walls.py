"""Indoor places: floor, ceiling, walls with what hangs on them, lamps and columns.

The scene's front is at y = 0; it reaches to y = depth, and from x = -width / 2 to width / 2; the floor is z = 0.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from cleanplate.synth.geometry.mesh import Mesh, Surface, box, quad, revolved, turn_z
from cleanplate.synth.geometry.vectors import Floats
from cleanplate.synth.parts import Parts
from cleanplate.synth.places.fittings import Window, fitting
from cleanplate.synth.scene import AreaLight, Footprint, Prop


@dataclass(frozen=True)
class Shell:
    """A place of width x depth x height metres, of one of the kinds that `rooms.PLACES` names."""

    kind: str
    width: float
    depth: float
    height: float


@dataclass(frozen=True, eq=False)
class Site:
    """What has been put up of a place so far.

    Attributes:
        meshes: everything that stays as it is.
        lights: what shines and stays as it is.
        props: lamps, windows and curtains; on streets, what is parked.
        blocked: x0, y0, x1, y1 of ground that meshes take.
    """

    meshes: list[Mesh] = field(default_factory=list[Mesh])
    lights: list[AreaLight] = field(default_factory=list[AreaLight])
    props: list[Prop] = field(default_factory=list[Prop])
    blocked: list[Footprint] = field(default_factory=list[Footprint])

    @property
    def taken(self) -> list[Footprint]:
        """All ground on which nothing else can stand."""
        return [*self.blocked, *(prop.footprint for prop in self.props if prop.footprint is not None)]


def shining(
    kind: str, origin: ArrayLike, sides: tuple[ArrayLike, ArrayLike], radiance: Floats, view: Floats | None = None
) -> Prop:
    """A glowing parallelogram with two sides u and v that faces u x v; it looks no brighter than a radiance of 6.

    `view` (h, w, 3), mean near 1, is seen in it, u to its right and v up.
    """
    red, green, blue = (float(c) for c in np.minimum(radiance, 6.0))
    glow = Surface(np.ones((2, 2, 3), np.float32) if view is None else view, emission=(red, green, blue))
    o, u, v = (np.asarray(x, np.float32) for x in (origin, *sides))
    normal = np.cross(u, v)
    in_front = o + 0.01 * normal / np.linalg.norm(normal)
    return Prop(kind, [quad(o, u, v, glow)], [AreaLight(in_front, u, v, radiance.astype(np.float32))])


def wall_frame(shell: Shell, wall: str, at: float) -> tuple[Floats, Floats]:
    """Rotation and offset that bring what hangs along +x and faces -y onto a wall, `at` metres along it.

    `wall` is "back", "left", "right" or "front".
    """
    if wall == "back":
        return turn_z(0.0), np.array([-shell.width / 2 + at, shell.depth - 0.02, 0], np.float32)
    if wall == "left":
        return turn_z(np.pi / 2), np.array([-shell.width / 2 + 0.02, at, 0], np.float32)
    if wall == "front":
        return turn_z(np.pi), np.array([shell.width / 2 - at, 0.02, 0], np.float32)
    return turn_z(-np.pi / 2), np.array([shell.width / 2 - 0.02, shell.depth - at, 0], np.float32)


def put_up_walls(rng: np.random.Generator, shell: Shell, parts: Parts) -> Site:
    """Floor, ceiling, four walls, skirting boards, lamps, what hangs on the walls, and sometimes columns."""
    site = Site(_faces(rng, shell, parts))
    if rng.random() < 0.7:
        site.meshes.extend(_skirting(rng, shell, parts))
    if rng.random() < 0.35:
        site.meshes.append(_rug(rng, shell, parts))
    site.props.extend(_lamps(rng, shell))
    if rng.random() < 0.6:
        site.props.append(_side_lamp(rng, shell))
    for wall in ("back", "left", "right"):
        _dress_wall(rng, shell, wall, site, parts)
    if shell.kind in {"hall", "corridor"} and rng.random() < 0.5:
        site.meshes.extend(_columns(rng, shell, parts))
    return site


def _faces(rng: np.random.Generator, shell: Shell, parts: Parts) -> list[Mesh]:
    """Floor, ceiling and the four walls, all facing inward."""
    w, d, h = shell.width, shell.depth, shell.height
    one, two = parts.surface(rng, "wall"), parts.surface(rng, "wall")
    side, back = one, one if rng.random() < 0.6 else two
    tile = rng.uniform(0.6, 2.5)
    return [
        quad((-w / 2, 0, 0), (w, 0, 0), (0, d, 0), parts.surface(rng, "floor"), rng.uniform(0.6, 2.4)),
        quad((-w / 2, 0, h), (0, d, 0), (w, 0, 0), parts.surface(rng, "ceiling"), 1.2),
        quad((-w / 2, d, 0), (w, 0, 0), (0, 0, h), back, tile),
        quad((w / 2, 0, 0), (-w, 0, 0), (0, 0, h), one, tile),
        quad((-w / 2, 0, 0), (0, d, 0), (0, 0, h), side, tile),
        quad((w / 2, d, 0), (0, -d, 0), (0, 0, h), side, tile),
    ]


def _skirting(rng: np.random.Generator, shell: Shell, parts: Parts) -> list[Mesh]:
    """Boards along the foot of the back and side walls."""
    w, d = shell.width, shell.depth
    strip, z = parts.surface(rng, "material"), rng.uniform(0.06, 0.14)
    back = box((-w / 2, d - 0.015, 0), (w / 2, d, z), strip)
    return [back, *(box((x, 0, 0), (x + 0.015, d, z), strip) for x in (-w / 2, w / 2 - 0.015))]


def _rug(rng: np.random.Generator, shell: Shell, parts: Parts) -> Mesh:
    """A flat cloth somewhere on the floor."""
    width, depth = float(rng.uniform(0.3, 0.7)) * shell.width, float(rng.uniform(0.15, 0.5)) * shell.depth
    x = float(rng.uniform(-shell.width / 2, shell.width / 2 - width))
    y = float(rng.uniform(0, shell.depth - depth))
    return quad((x, y, 0.006), (width, 0, 0), (0, depth, 0), parts.surface(rng, "rug"), float(rng.uniform(0.8, 3)))


def _lamps(rng: np.random.Generator, shell: Shell) -> list[Prop]:
    """Lamps under the ceiling: one to four alike in rows, as they are bought, or all different."""
    count = int(np.clip(round(shell.width * shell.depth / 25 + rng.uniform(0, 1)), 1, 4))
    count = 1 if rng.random() < 0.5 else count
    alike = rng.random() < 0.7
    lamps: list[Prop] = []
    make = _lamp_kind(rng, shell)
    for index in range(count):
        make = make if alike else _lamp_kind(rng, shell)
        (size_u, size_v), z, radiance = make
        x = 0.0 if alike and rng.random() < 0.5 else rng.uniform(-shell.width / 3, shell.width / 3)
        y = float(np.clip(shell.depth * (index + rng.uniform(0.3, 0.7)) / count, size_v, shell.depth - size_v))
        lamps.append(shining("lamp", (x - size_u / 2, y - size_v / 2, z), ((0, size_v, 0), (size_u, 0, 0)), radiance))
    return lamps


def _side_lamp(rng: np.random.Generator, shell: Shell) -> Prop:
    """A small strong lamp at a wall or behind the camera: what throws shadows of people onto walls."""
    side, z = float(rng.uniform(0.05, 0.3)), float(rng.uniform(0.8, shell.height - 0.4))
    wall = str(rng.choice(["front", "back", "left", "right"]))
    length = shell.width if wall in {"front", "back"} else shell.depth
    turn, offset = wall_frame(shell, wall, float(rng.uniform(0.1, 0.9)) * length)
    warm = np.array([1, rng.uniform(0.7, 1.0), rng.uniform(0.45, 1.0)], np.float32)
    corner, along, up = np.array([[0, -0.05, z], [side, 0, 0], [0, 0, side]], np.float32)
    radiance = warm * rng.uniform(2, 12) / side**2
    return shining("lamp", turn @ corner + offset, (turn @ along, turn @ up), radiance)


def _lamp_kind(rng: np.random.Generator, shell: Shell) -> tuple[tuple[float, float], float, Floats]:
    """Sides and height in metres, and radiance, of a ceiling lamp: a bulb, a tube or a panel; warm, neutral or cold."""
    size_u, size_v = (float(x) for x in np.exp(rng.uniform(np.log(0.06), np.log(1.3), 2)))
    z = shell.height - (0.03 if rng.random() < 0.7 else float(rng.uniform(0.1, 0.5)))
    tint = np.array([1, rng.uniform(0.75, 1.0), rng.uniform(0.5, 1.0)], np.float32)
    return (size_u, size_v), z, tint * rng.uniform(4, 12) / (size_u * size_v)


def _dress_wall(rng: np.random.Generator, shell: Shell, wall: str, site: Site, parts: Parts) -> None:
    """Hang doors, windows, pictures and boards on one wall, side by side without overlap."""
    length = shell.width if wall == "back" else shell.depth
    at = rng.uniform(0.2, 0.8)
    while at < length - 0.7:
        thing = str(rng.choice(["nothing", "picture", "door", "window", "board"], p=[0.25, 0.3, 0.18, 0.17, 0.1]))
        span = {"door": 0.9, "window": rng.uniform(0.7, 2.0)}.get(thing, rng.uniform(0.4, 1.4))
        if at + span > length - 0.2:
            break
        if thing != "nothing":
            piece = fitting(rng, thing, span, shell.height, parts)
            turn, offset = wall_frame(shell, wall, at)
            site.meshes.extend(m.moved(turn, offset) for m in piece.meshes)
            if piece.curtain:
                site.props.append(Prop("curtain", [m.moved(turn, offset) for m in piece.curtain]))
            if piece.window is not None:
                num_windows = sum(prop.kind == "window" for prop in site.props)
                site.props.append(_let_light_in(piece.window, parts.view(rng), turn, offset, lit=num_windows < 3))
        at += span + rng.uniform(0.15, 1.5 if shell.kind != "corridor" else 3.0)


def _let_light_in(window: Window, view: Floats, turn: Floats, offset: Floats, *, lit: bool) -> Prop:
    """A window's pane at its place, with the view in it, shining into the room (`lit`) or only seen."""
    corner, right, up = np.array([[0, -0.03, 1.0], [window.width_m, 0, 0], [0, 0, window.height_m]], np.float32)
    pane = shining("window", turn @ corner + offset, (turn @ right, turn @ up), window.radiance, view)
    return pane if lit else Prop(pane.kind, pane.meshes)


def _columns(rng: np.random.Generator, shell: Shell, parts: Parts) -> list[Mesh]:
    """Two rows of columns, round or square, along the side walls."""
    cover, r = parts.surface(rng, "wall"), rng.uniform(0.1, 0.3)
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
