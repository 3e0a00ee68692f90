"""Streets and squares: a road along or across the view, house fronts, hedges and what is parked at the kerb."""

import numpy as np

from cleanplate.synth import textures
from cleanplate.synth.geometry.mesh import Mesh, Surface, bounds, quad, turn_z
from cleanplate.synth.geometry.vectors import Floats, vector
from cleanplate.synth.parts import Parts
from cleanplate.synth.places.furnishing import overlap
from cleanplate.synth.places.outdoors import daylight, leaves, tree
from cleanplate.synth.places.walls import Shell, Site, wall_frame
from cleanplate.synth.scene import Prop, Road

_LANE_M = (2.7, 3.7)
"""How wide a lane is."""

_CLEAR_M = 6.0
"""How far from the front nothing is parked: a bus before the camera hides the street."""

_SUN_M = 2000.0
"""So far that what is at the end of the street is not nearer to it."""

_HEDGE = 0.45
"""How often there is a hedge or the edge of a wood, at each of both sides of a road."""

_HALF = 1.5
"""Half of a hedge's breadth, of the radius of a usual bush in it: none reaches further."""


def put_up_street(rng: np.random.Generator, shell: Shell, parts: Parts) -> tuple[Site, Floats, Road]:
    """Ground, road, house fronts, trees, hedges and parked vehicles; with the sky's radiance (`Scene`) and the road."""
    w, d = shell.width, shell.depth
    road = _road(rng, shell)
    site = Site(
        [quad((-w * 2, -20, 0), (4 * w, 0, 0), (0, 20 + 3 * d, 0), parts.surface(rng, "ground"), rng.uniform(1, 4))]
    )
    site.meshes.extend(_surfaced(rng, road))
    for wall in ("left", "right", "back"):
        if rng.random() < (0.4 if wall == "back" and road.along else 0.7):
            site.meshes.extend(_front(rng, shell, wall, road, parts))
    for _ in range(int(rng.integers(0, 8))):
        trunk, crown = tree(rng, shell, parts)
        if _beside(road, [trunk]):
            site.meshes.extend((trunk, crown))
    for side in (-1, 1):
        if rng.random() < _HEDGE:
            _hedge(rng, shell, road, side, site)
    for _ in range(int(rng.integers(0, 5))):
        _park(rng, shell, road, site, parts)
    sky, lights = daylight(rng, shell, parts, _SUN_M)
    site.lights.extend(lights)
    return site, sky, road


def _road(rng: np.random.Generator, shell: Shell) -> Road:
    """Two to six lanes, along the view more often than across it."""
    wide, lanes = float(rng.uniform(*_LANE_M)), int(rng.choice([2, 2, 3, 4, 6]))
    along = rng.random() < 0.55
    breadth = min(wide * lanes, 0.7 * (shell.width if along else shell.depth))
    if along:
        left = float(rng.uniform(-shell.width / 2, shell.width / 2 - breadth))
        return Road(left, -20.0, left + breadth, 3 * shell.depth, along=True, lane_m=wide)
    near = float(rng.uniform(1.5, max(1.6, 0.6 * shell.depth - breadth)))
    return Road(-2 * shell.width, near, 2 * shell.width, near + breadth, along=False, lane_m=wide)


def _surfaced(rng: np.random.Generator, road: Road) -> list[Mesh]:
    """Asphalt, the edges of it, and dashes between lanes; each a little above the last, so that none is lost."""
    grey = textures.colour(rng, (0, 0.08), (0.2, 0.55))
    asphalt = Surface(textures.plain(rng, grey, float(rng.uniform(0.01, 0.06))))
    white = Surface(textures.plain(rng, textures.colour(rng, (0, 0.15), (0.6, 0.95)), 0.05))
    size = (road.x1 - road.x0, road.y1 - road.y0)
    meshes = [quad((road.x0, road.y0, 0.006), (size[0], 0, 0), (0, size[1], 0), asphalt, float(rng.uniform(2, 6)))]
    breadth, length = size if road.along else size[::-1]
    marked, dash, gap = rng.random() < 0.8, float(rng.uniform(1, 4)), float(rng.uniform(1.5, 6))
    lines: list[tuple[float, float, float]] = []  # across, from, to
    if marked:
        lines += [(across, 0.0, length) for across in (0.15, breadth - 0.27)]
        starts = np.arange(0.0, min(length, 120.0), dash + gap)
        inner = np.arange(road.lane_m, breadth - 0.5 * road.lane_m, road.lane_m)
        lines += [(float(across), float(at), float(at) + dash) for across in inner for at in starts]
    for across, low, high in lines:
        x, y, u, v = (across, low, 0.12, high - low) if road.along else (low, across, high - low, 0.12)
        meshes.append(quad((road.x0 + x, road.y0 + y, 0.012), (u, 0, 0), (0, v, 0), white))
    return meshes


def _beside(road: Road, meshes: list[Mesh]) -> bool:
    """Whether nothing of the meshes stands on the road."""
    low, high = bounds(meshes)
    return not overlap((*low[:2], *high[:2]), road.footprint)


def _front(rng: np.random.Generator, shell: Shell, wall: str, road: Road, parts: Parts) -> list[Mesh]:
    """House fronts side by side along one side: a wall each, and rows of dark panes; none where the road leads."""
    length = shell.width if wall == "back" else shell.depth
    meshes: list[Mesh] = []
    at = 0.0
    while at < length:
        span = min(float(rng.uniform(5, 18)), length - at)
        if span > 2 and rng.random() < 0.9:
            turn, offset = wall_frame(shell, wall, at)
            house = _house(rng, span, float(rng.uniform(0.5, 1)) * shell.height, parts)
            house = [m.moved(turn, offset) for m in house]
            meshes += house if _beside(road, house) else []
        at += span
    return meshes


def _hedge(rng: np.random.Generator, shell: Shell, road: Road, side: int, site: Site) -> None:
    """Bushes in a row beside the road, as low as a hedge or, where they hide nothing, as tall as the edge of a wood."""
    kinds = [Surface(textures.foliage(rng), opacity=textures.gaps(rng)) for _ in range(int(rng.integers(1, 4)))]
    before = not road.along and side < 0  # between the camera and the road
    tallest = 0.6 if before else 3.5
    size = float(np.exp(rng.uniform(float(np.log(0.4)), float(np.log(tallest)))))
    low, high = (_CLEAR_M, 3 * shell.depth) if road.along else (-1.5 * shell.width, 1.5 * shell.width)
    edge = ((road.x0, road.x1) if road.along else (road.y0, road.y1))[side > 0]
    inner = edge + side * float(rng.uniform(0.3, 5))
    if before and inner - 2 * _HALF * size < _CLEAR_M:
        return
    at = low + _HALF * size
    while at < high - _HALF * size:
        radius = size * float(rng.uniform(0.7, 1.3))
        across = inner + side * _HALF * size
        x, y = (across, at) if road.along else (at, across)
        bush = leaves(rng, radius, kinds[int(rng.integers(len(kinds)))])
        site.meshes.append(bush.moved(np.diag([1, 1, rng.uniform(0.8, 1.6)])).moved(None, (x, y, 0.7 * radius)))
        at += radius * float(rng.uniform(0.8, 1.8))
    across_m = sorted((inner, inner + side * 2 * _HALF * size))
    x, y = (across_m, (low, high)) if road.along else ((low, high), across_m)
    site.blocked.append((x[0], y[0], x[1], y[1]))


def _house(rng: np.random.Generator, span: float, height: float, parts: Parts) -> list[Mesh]:
    """Along +x from the origin, facing -y."""
    meshes = [quad((0, 0, 0), (span, 0, 0), (0, 0, height), parts.surface(rng, "wall"), float(rng.uniform(1, 3)))]
    glass = Surface(textures.plain(rng, textures.colour(rng, (0, 0.2), (0.08, 0.35))), gloss=0.08)
    frame = parts.surface(rng, "material")
    wide, tall = float(rng.uniform(0.7, 1.8)), float(rng.uniform(1.0, 1.7))
    columns = np.arange(float(rng.uniform(0.4, 1.2)), span - wide - 0.2, wide + float(rng.uniform(0.6, 2.0)))
    for z in np.arange(0.9, height - tall - 0.2, float(rng.uniform(2.6, 3.4))):
        for x in columns:
            meshes.append(quad((x - 0.07, -0.02, z - 0.07), (wide + 0.14, 0, 0), (0, 0, tall + 0.14), frame))
            meshes.append(quad((x, -0.04, z), (wide, 0, 0), (0, 0, tall), glass))
    return meshes


def _park(rng: np.random.Generator, shell: Shell, road: Road, site: Site, parts: Parts) -> None:
    """A vehicle at the edge of the road, if it has room there."""
    meshes = parts.vehicle(rng)
    turn = turn_z(road.heading + float(rng.integers(2)) * np.pi + float(rng.normal(0, 0.02)))
    meshes = [m.moved(turn) for m in meshes]
    lo, hi = bounds(meshes)
    beside = bool(rng.integers(2))
    along = float(rng.uniform(2, shell.depth) if road.along else rng.uniform(-shell.width / 2, shell.width / 2))
    axis = 0 if road.along else 1
    edge = (road.x0, road.y0)[axis] + 0.3 - lo[axis] if beside else (road.x1, road.y1)[axis] - 0.3 - hi[axis]
    x, y = (edge, along) if road.along else (along, edge)
    footprint = (float(lo[0] + x), float(lo[1] + y), float(hi[0] + x), float(hi[1] + y))
    if footprint[1] > _CLEAR_M and not any(overlap(footprint, other) for other in site.taken):
        site.props.append(Prop("furniture", [m.moved(None, vector(x, y, 0)) for m in meshes], footprint=footprint))
