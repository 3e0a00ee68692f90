"""What people of the pack carry: a backpack, a bag, a box in both hands, a telephone."""

from dataclasses import dataclass

import numpy as np

from cleanplate.synth import textures
from cleanplate.synth.geometry.mesh import Mesh, Surface, bounds, box, turn_z
from cleanplate.synth.geometry.vectors import Floats, vector
from cleanplate.synth.people.anatomy import Anatomy, Body
from cleanplate.synth.people.wardrobe import Worn

_PHONE_FAMILIES = frozenset({"telephone", "phone_in_hand", "selfie", "seated_telephone"})


@dataclass(frozen=True, eq=False)
class Belongings:
    """Things that somebody has.

    Attributes:
        worn: what follows the bones by itself (a backpack).
        bag: hangs from a lowered hand; its handle ends at the origin.
        reach_m: how far it hangs down.
        box: is held in both hands, around the origin.
        phone: in the palm, around the origin. palms: middle of each palm at rest, right and left, and its bone.
    """

    worn: list[Worn]
    bag: list[Mesh]
    reach_m: float
    box: list[Mesh]
    phone: Mesh
    palms: tuple[tuple[Floats, int], tuple[Floats, int]]

    def held(
        self, rng: np.random.Generator, rotations: Floats, shifts: Floats, family: str, room: tuple[float, float]
    ) -> list[Mesh]:
        """What the hands hold in a pose, in the pose's coordinates.

        `room` tells between which heights a hand must be for a bag to hang from it.
        """
        right, left = (rotations[bone] @ palm + shifts[bone] for palm, bone in self.palms)
        if family == "carrying":
            across = left - right
            turn = turn_z(float(np.arctan2(across[1], across[0])))
            middle = (left + right) / 2 + vector(0, 0, rng.uniform(-0.02, 0.08))
            return [mesh.moved(turn, middle) for mesh in self.box]
        if family in _PHONE_FAMILIES:
            raised = 0 if right[2] > left[2] else 1
            hand, bone = (right, left)[raised], self.palms[raised][1]
            return [self.phone.moved(rotations[bone], hand)]
        low = min(right, left, key=lambda hand: float(hand[2]))
        if self.bag and room[0] + self.reach_m < low[2] < room[1]:
            return [mesh.moved(turn_z(float(rng.normal(0, 0.4))), low) for mesh in self.bag]
        return []


def random_belongings(rng: np.random.Generator, anatomy: Anatomy, body: Body) -> Belongings:
    """A backpack for one in nine, a bag for one in six; everybody has a box and a telephone when a pose wants one."""
    size = body.stature_m / 1.72
    worn = [_backpack(rng, anatomy, body, size)] if rng.random() < 0.11 else []
    bag = _bag(rng, size) if rng.random() < 0.16 else []
    half = vector(rng.uniform(0.12, 0.24), rng.uniform(0.06, 0.18), rng.uniform(0.05, 0.15)) * size
    surface = Surface(textures.cloth(rng) if rng.random() < 0.4 else textures.plain(rng, _cardboard(rng), 0.05))
    load = [box(-half + vector(0, -half[1], 0), half + vector(0, -half[1], 0), surface, 0.4)]
    phone = box(
        vector(-0.006, -0.036, -0.075),
        vector(0.006, 0.036, 0.075),
        Surface(textures.plain(rng, vector(0.06, 0.06, 0.07))),
    )
    palms = tuple(_palm(anatomy, body, side) for side in "RL")
    reach = 0.01 - float(bounds(bag)[0, 2]) if bag else 0.0
    return Belongings(worn, bag, reach, load, phone, (palms[0], palms[1]))


def _palm(anatomy: Anatomy, body: Body, side: str) -> tuple[Floats, int]:
    wrist, knuckle = (body.heads[anatomy.index[f"{bone}.{side}"]] for bone in ("wrist", "finger3-1"))
    return (0.25 * wrist + 0.75 * knuckle + vector(0, -0.01, -0.02)).astype(np.float32), anatomy.index[f"wrist.{side}"]


def _backpack(rng: np.random.Generator, anatomy: Anatomy, body: Body, size: float) -> Worn:
    """A rounded sack on the back that follows the chest."""
    spine = anatomy.index["spine02"]
    back = body.vertices[: anatomy.ends[1]]
    chest = body.heads[spine]
    near = (np.abs(back[:, 0]) < 0.1 * size) & (np.abs(back[:, 2] - chest[2]) < 0.12 * size)
    half = vector(rng.uniform(0.12, 0.16), rng.uniform(0.05, 0.1), rng.uniform(0.17, 0.25)) * size
    centre = vector(0, back[near, 1].max() + half[1] + 0.012, chest[2] + rng.uniform(0.0, 0.06) * size)
    sack = _cushion(half, textures.cloth(rng))
    weights = np.zeros((len(sack.vertices), len(anatomy.bones)), np.float32)
    weights[:, spine] = 1
    return Worn(sack.vertices + centre, weights, sack.triangles, sack.uv, sack.surface)


def _bag(rng: np.random.Generator, size: float) -> list[Mesh]:
    """A shopping bag or briefcase and its handle."""
    half = vector(rng.uniform(0.04, 0.09), rng.uniform(0.1, 0.2), rng.uniform(0.09, 0.2)) * size
    drop = float(rng.uniform(0.05, 0.2)) * size
    sack = _cushion(half, textures.cloth(rng)).moved(offset=(0, 0, -drop - half[2]))
    handles = [
        box((-0.008, y - 0.008, -drop - 0.02), (0.008, y + 0.008, 0.0), sack.surface)
        for y in (-0.5 * half[1], 0.5 * half[1])
    ]
    return [sack, *handles]


def _cushion(half: Floats, texture: Floats) -> Mesh:
    """A box with rounded edges: a superellipsoid of half-sides (3,)."""
    rows, columns = 9, 16
    latitude = np.linspace(-np.pi / 2, np.pi / 2, rows)[:, None]
    longitude = np.linspace(-np.pi, np.pi, columns + 1)[None]
    power = 0.45

    def bent(value: Floats) -> Floats:
        return np.sign(value) * np.abs(value) ** power

    ring = bent(np.cos(latitude))
    points = np.stack(
        np.broadcast_arrays(ring * bent(np.cos(longitude)), ring * bent(np.sin(longitude)), bent(np.sin(latitude))), -1
    )
    index = np.arange(rows * (columns + 1)).reshape(rows, columns + 1)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    triangles = np.concatenate([np.stack(t, -1).reshape(-1, 3) for t in ((a, b, c), (a, c, d))])
    vertices = (points.reshape(-1, 3) * half).astype(np.float32)
    uv = np.stack([vertices[:, 0] + vertices[:, 1], vertices[:, 2]], -1) / np.float32(0.4)
    return Mesh(vertices, triangles, uv[triangles].astype(np.float32), Surface(texture), smooth=True)


def _cardboard(rng: np.random.Generator) -> Floats:
    return textures.colour(rng, (0.2, 0.5), (0.4, 0.7), (0.06, 0.1))
