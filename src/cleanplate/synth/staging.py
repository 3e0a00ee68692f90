"""Puts actors into a scene: who comes, what they bring, and where there is room for them to stand or sit."""

from dataclasses import dataclass, field

import numpy as np

from cleanplate.synth.geometry.mesh import Mesh, bounds, turn_z
from cleanplate.synth.geometry.vectors import Floats
from cleanplate.synth.parts import Parts, Person
from cleanplate.synth.places.furnishing import overlap
from cleanplate.synth.scene import Actor, Road, Scene

_NUM_PEOPLE = (0.08, 0.6, 0.22, 0.1)
"""How often nobody, one, two or three people come."""

_SEATED = 0.3
"""How often somebody sits down where there is a free seat in view."""

_FRAMED = (0.25, 5.0)
"""Height of somebody standing against that of the picture: from the far end of a hall to head and shoulders."""

_ON_STREETS = 0.06
"""The lowest such share where there is a road: people across the square."""

_NUM_VEHICLES = (0.25, 0.3, 0.2, 0.12, 0.08, 0.05)
"""How often none, one, two and so on vehicles come where there is a road."""

_CLOSE, _CLOSE_UP = (2.2, 7.0), 0.5
"""The same of close-ups, and how often one is tried."""

NEAREST_M = 0.15
"""How far at least from the camera an actor's outline stays, if nothing else is said."""

_KEPT = (0.05, 0.6)
"""How much of who is cut off by a side of the picture is left in it; shares of their vertices."""

_ASIDE = 0.55
"""How far to a side of the view somebody may stand, in shares of its angle: a little beyond the border."""

_ASIDE_CLOSE, _ASIDE_CUT = 0.35, (0.3, 0.8)
"""The same of close-ups; and where to look for room for those who are to be cut off."""

_FARTHEST_VEHICLE_M = 70.0
"""Beyond that a vehicle is a few pixels."""

_LIMBS_M = 0.35
"""Outstretched limbs may reach over furniture."""

_TALL_M = 1.7


@dataclass(frozen=True, eq=False)
class Cast:
    """Who may appear in a scene, by name."""

    people: dict[str, Person]


@dataclass(eq=False)
class _Stage:
    """A scene while it fills: footprints (x0, y0, x1, y1) of what stands there, and the seats that are free."""

    scene: Scene
    nearest_m: float
    cut_off: bool
    taken: list[Floats] = field(default_factory=list[Floats])
    free_seats: list[Floats] = field(default_factory=list[Floats])
    people_at: list[Floats] = field(default_factory=list[Floats])


def stage(
    rng: np.random.Generator,
    scene: Scene,
    cast: Cast,
    parts: Parts,
    nearest_m: float = NEAREST_M,
    *,
    cut_off: bool = False,
    things: bool = True,
) -> list[Actor]:
    """A random group of actors at their places: traffic first, then people, sometimes an object or an animal.

    Where the cast is empty, objects and animals alone, on floor that is free for all of them. `nearest_m`: how far at
    least they stay from the camera. `cut_off`: those on foot stand so that a side of the picture cuts them off, where
    there is room for that; else they do not come. `things`: whether anything but people comes.
    """
    seats = [] if cut_off else [seat for seat in scene.seats if _in_view(scene, seat, nearest_m)]
    room = _Stage(scene, nearest_m, cut_off, list(scene.obstacles), seats)
    actors = _traffic(rng, room, scene.road, parts) if scene.road and things else []
    num_people = int(rng.choice(len(_NUM_PEOPLE), p=_NUM_PEOPLE))
    names = [str(name) for name in rng.choice(list(cast.people), min(num_people, len(cast.people)), replace=False)]
    for name in names:
        person = cast.people[name]
        placed = _seat(rng, room, person) if rng.random() < _SEATED else None
        placed = placed or _stand(rng, room, person.posed(rng))
        if placed:
            actors.append(Actor(name, "person", placed))
    if things and rng.random() < (0.18 if actors else 0.7):
        animal = rng.random() < 0.25
        meshes = parts.animal(rng) if animal else parts.brought(rng)
        placed = _stand(rng, room, meshes, _LIMBS_M if cast.people else np.inf)
        if placed:
            actors.append(Actor("animal" if animal else "object", "animal" if animal else "object", placed))
    return actors


def _seat(rng: np.random.Generator, room: _Stage, person: Person) -> list[Mesh] | None:
    """Seat somebody on a free seat that is in view; None where there is none."""
    if not room.free_seats:
        return None
    x, y, height, heading = room.free_seats.pop(int(rng.integers(len(room.free_seats))))
    turn = turn_z(float(heading) + float(rng.normal(0, 0.1)))
    room.people_at.append(np.array([x, y], np.float32))
    return [m.moved(turn, (x, y, height)) for m in person.posed(rng, seated=True)]


def _in_view(scene: Scene, seat: Floats, nearest_m: float) -> bool:
    """Whether the chest of somebody sitting there is in the picture or just beside it, and not too far to be told."""
    x, y, height, _ = seat
    column, row, depth = scene.camera.project(np.array([[x, y, height + 0.4]], np.float32))[0]
    h, w = scene.camera.size_hw
    nearest, farthest = _LIMBS_M + nearest_m, scene.camera.focal_px * _TALL_M / (_FRAMED[0] * h)
    return bool(nearest < depth < farthest and -0.1 * w < column < 1.1 * w and -0.2 * h < row < 1.2 * h)


def _stand(
    rng: np.random.Generator, room: _Stage, meshes: list[Mesh], footprint_m: float = _LIMBS_M
) -> list[Mesh] | None:
    """Turn the meshes and stand them on free floor in view; None where 40 tries found no room.

    What reaches further than `footprint_m` from the middle may reach over furniture.
    """
    turn = turn_z(_facing(rng))
    meshes = [m.moved(turn) for m in meshes]
    lo, hi = bounds(meshes)
    half = np.minimum(np.maximum(hi[:2], -lo[:2]), footprint_m)
    for _ in range(40):
        beside = room.people_at and not room.cut_off and rng.random() < 0.4
        place = _beside(rng, room) if beside else _spot(rng, room)
        if (place - half < room.scene.floor_m[0]).any() or (place + half > room.scene.floor_m[1]).any():
            continue
        if np.hypot(*(place - room.scene.camera.eye[:2])) < room.nearest_m + float(half.max()):
            continue
        footprint = np.concatenate([place - half, place + half])
        if any(overlap(footprint, other) for other in room.taken):
            continue
        placed = [m.moved(None, (place[0], place[1], 0)) for m in meshes]
        if not room.cut_off or _is_cut(room.scene, placed):
            room.taken.append(footprint)
            room.people_at.append(place)
            return placed
    return None


def _is_cut(scene: Scene, meshes: list[Mesh]) -> bool:
    """Whether a side of the picture cuts off much of the meshes, and some are seen."""
    h, w = scene.camera.size_hw
    points = np.concatenate([m.vertices for m in meshes])
    column, row, depth = scene.camera.project(points[:: 1 + len(points) // 500]).T
    beside = (depth > 0.05) & (column >= 0) & (column < w)
    seen = beside & (row >= 0) & (row < h)
    return bool(_KEPT[0] < beside.mean() < _KEPT[1] and seen.mean() > _KEPT[0] / 2)


def _traffic(rng: np.random.Generator, room: _Stage, road: Road, parts: Parts) -> list[Actor]:
    """Vehicles on the road."""
    count = int(rng.choice(len(_NUM_VEHICLES), p=_NUM_VEHICLES))
    placed = [_drive(rng, room, road, parts.vehicle(rng)) for _ in range(count)]
    return [Actor(f"vehicle-{k}", "object", meshes) for k, meshes in enumerate(placed) if meshes]


def _drive(rng: np.random.Generator, room: _Stage, road: Road, meshes: list[Mesh]) -> list[Mesh] | None:
    """Put a vehicle on the road where it is in view or just beside it; None where 40 tries found no room."""
    turn = turn_z(road.heading + float(rng.integers(2)) * np.pi + float(rng.normal(0, 0.04)))
    meshes = [m.moved(turn) for m in meshes]
    lo, hi = bounds(meshes)
    camera = room.scene.camera
    h, w = camera.size_hw
    for _ in range(40):
        place = rng.uniform((road.x0, road.y0), (road.x1, road.y1)).astype(np.float32)
        column, row, depth = camera.project(np.array([[*place, 0.8]], np.float32))[0]
        seen = -0.1 * w < column < 1.1 * w and -0.1 * h < row < 1.1 * h
        if not (seen and room.nearest_m + float(hi[:2].max()) < depth < _FARTHEST_VEHICLE_M):
            continue
        footprint = np.concatenate([place + lo[:2], place + hi[:2]])
        if not any(overlap(footprint, other) for other in room.taken):
            room.taken.append(footprint)
            return [m.moved(None, (place[0], place[1], 0)) for m in meshes]
    return None


def _facing(rng: np.random.Generator) -> float:
    """Mostly toward the camera's side of the room, sometimes sideways or away."""
    return float(rng.normal(0, 0.9) if rng.random() < 0.6 else rng.uniform(-np.pi, np.pi))


def _beside(rng: np.random.Generator, room: _Stage) -> Floats:
    """A point (2,) at arm's length from somebody who is there."""
    angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(0.5, 1.1)
    other = room.people_at[int(rng.integers(len(room.people_at)))]
    return (other + reach * np.array([np.cos(angle), np.sin(angle)])).astype(np.float32)


def _spot(rng: np.random.Generator, room: _Stage) -> Floats:
    """A point (2,) on the floor within (and a little beside) the field of view, by how tall somebody would appear."""
    camera = room.scene.camera
    forward = -camera.axes[:, 2]
    whole_m = camera.focal_px * _TALL_M / camera.size_hw[0]
    close = rng.random() < _CLOSE_UP and room.nearest_m < whole_m / _CLOSE[0]
    low, high = _CLOSE if close else (_ON_STREETS if room.scene.road else _FRAMED[0], _FRAMED[1])
    high = max(low, min(high, whole_m / room.nearest_m))
    if room.cut_off:
        aside = float(rng.choice([-1, 1]) * rng.uniform(*_ASIDE_CUT))
    else:
        reach = _ASIDE_CLOSE if close else _ASIDE
        aside = float(rng.uniform(-reach, reach))
    azimuth = np.arctan2(forward[0], forward[1]) + np.radians(camera.fov_deg) * aside
    share = float(np.exp(rng.uniform(float(np.log(low)), float(np.log(high)))))
    return (camera.eye[:2] + whole_m / share * np.array([np.sin(azimuth), np.cos(azimuth)])).astype(np.float32)
