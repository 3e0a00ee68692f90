"""Puts actors into a scene: who comes, what they bring, and where there is room for them to stand or sit."""

from dataclasses import dataclass

import numpy as np

from cleanplate.synth.geometry.mesh import Mesh, bounds, turn_z
from cleanplate.synth.geometry.vectors import Floats
from cleanplate.synth.people.animals import make_animal
from cleanplate.synth.people.looks import Looks
from cleanplate.synth.people.people import make_person
from cleanplate.synth.places import furniture
from cleanplate.synth.places.furnishing import overlap
from cleanplate.synth.scene import Scene


@dataclass(frozen=True, eq=False)
class Cast:
    """Who may appear in a scene, by name."""

    people: dict[str, Looks]


def stage(rng: np.random.Generator, scene: Scene, cast: Cast) -> tuple[list[Mesh], tuple[str, ...]]:
    """A random group of actors at their places, and the names of the people among them.

    One person most of the time, sometimes two or three or none; sometimes an object or an animal.
    """
    num_people = int(rng.choice(4, p=[0.1, 0.62, 0.2, 0.08]))
    names = [str(name) for name in rng.choice(list(cast.people), min(num_people, len(cast.people)), replace=False)]
    taken: list[Floats] = list(scene.obstacles)
    actors: list[Mesh] = []
    came: list[str] = []
    for name in names:
        placed = _seat_somebody(rng, scene, cast.people[name]) if rng.random() < 0.25 else None
        placed = placed or _put(rng, scene, make_person(rng, cast.people[name]), taken, close=rng.random() < 0.15)
        if placed:
            actors += placed
            came.append(name)
    if rng.random() < (0.15 if came else 0.6):
        actors += _put(rng, scene, _animal_or_object(rng), taken, close=False) or []
    return actors, tuple(came)


def _animal_or_object(rng: np.random.Generator) -> list[Mesh]:
    if rng.random() < 0.3:
        return make_animal(rng)
    return furniture.BROUGHT[int(rng.integers(len(furniture.BROUGHT)))](rng)


def _put(
    rng: np.random.Generator, scene: Scene, meshes: list[Mesh], taken: list[Floats], *, close: bool
) -> list[Mesh] | None:
    """Turn the meshes and stand them on free floor in view; None where 40 tries found no room.

    `taken` holds footprints x0, y0, x1, y1; that of the meshes is added. Somebody `close` stands 0.5 to 1.2 m away.
    """
    turn = turn_z(_facing(rng))
    meshes = [m.moved(turn) for m in meshes]
    lo, hi = bounds(meshes)
    half = np.minimum(np.maximum(hi[:2], -lo[:2]), 0.35)  # outstretched limbs may reach over furniture
    for _ in range(40):
        place = _spot(rng, scene, (0.5, 1.2) if close else (0.9, 9.0))
        if (place - half < scene.floor_m[0]).any() or (place + half > scene.floor_m[1]).any():
            continue
        footprint = np.concatenate([place - half, place + half])
        if not any(overlap(footprint, other) for other in taken):
            taken.append(footprint)
            return [m.moved(None, (place[0], place[1], 0)) for m in meshes]
    return None


def _facing(rng: np.random.Generator) -> float:
    """Mostly toward the camera's side of the room, sometimes sideways or away."""
    return float(rng.normal(0, 0.9) if rng.random() < 0.7 else rng.uniform(-np.pi, np.pi))


def _spot(rng: np.random.Generator, scene: Scene, distances_m: tuple[float, float]) -> Floats:
    """A point (2,) on the floor within (and a little beside) the camera's field of view, at a log-uniform distance."""
    camera = scene.camera
    forward = -camera.axes[:, 2]
    azimuth = np.arctan2(forward[0], forward[1]) + np.radians(camera.fov_deg) * rng.uniform(-0.55, 0.55)
    far = max(min(distances_m[1], float(scene.floor_m[1, 1])), distances_m[0] + 0.1)
    distance = np.exp(rng.uniform(float(np.log(distances_m[0])), float(np.log(far))))
    return (camera.eye[:2] + distance * np.array([np.sin(azimuth), np.cos(azimuth)])).astype(np.float32)


def _seat_somebody(rng: np.random.Generator, scene: Scene, looks: Looks) -> list[Mesh] | None:
    """Seat somebody on a free seat of the scene that is in view, or None where there is none."""
    if not len(scene.seats):
        return None
    x, y, height, heading = scene.seats[int(rng.integers(len(scene.seats)))]
    column, row, depth = scene.camera.project(np.array([[x, y, height + 0.4]], np.float32))[0]
    h, w = scene.camera.size_hw
    if depth < 0.4 or not (-0.1 * w < column < 1.1 * w and -0.2 * h < row < 1.2 * h):
        return None
    turn = turn_z(float(heading) + rng.normal(0, 0.15))
    return [m.moved(turn, (x, y, height)) for m in make_person(rng, looks, seated=True)]
