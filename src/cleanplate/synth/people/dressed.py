"""People from the pack: bodies, clothes, hair and shoes that stay the same from pose to pose."""

from dataclasses import dataclass

import numpy as np

from cleanplate.synth.geometry.mesh import Mesh
from cleanplate.synth.geometry.vectors import Floats, Ints, vector
from cleanplate.synth.pack import Pack
from cleanplate.synth.people.anatomy import Anatomy, Body, skinned
from cleanplate.synth.people.carrying import Belongings, random_belongings
from cleanplate.synth.people.clearance import Trunk
from cleanplate.synth.people.outfits import dress
from cleanplate.synth.people.postures import Postures
from cleanplate.synth.people.wardrobe import Wardrobe, Worn

_SEAT_GIVES_M = 0.012
"""How far flesh and seat give way to each other."""


class PackPeople:
    """People to be had from a pack."""

    def __init__(self, pack: Pack) -> None:
        arrays = pack.arrays("people")
        self._anatomy = Anatomy(arrays)
        self._wardrobe = Wardrobe(pack, self._anatomy)
        self._postures = Postures(self._anatomy, arrays)
        self._under: Ints = arrays["under"].astype(np.int64)

    def person(self, rng: np.random.Generator) -> "DressedPerson":
        """Somebody nobody has seen; see `parts.Person`."""
        body = self._anatomy.random_body(rng)
        worn = dress(rng, self._anatomy, self._wardrobe, self._under, body)
        return DressedPerson(self._anatomy, self._postures, body, worn, random_belongings(rng, self._anatomy, body))


@dataclass(frozen=True, eq=False)
class _Layers:
    """Everything worn in one array: points (n, 3), weights (n, b), and where each part begins."""

    rest: Floats
    weights: Floats
    starts: Ints


class DressedPerson:
    """Somebody with a body and clothes; a pose only moves them (`parts.Person`)."""

    def __init__(
        self, anatomy: Anatomy, postures: Postures, body: Body, worn: list[Worn], belongings: Belongings
    ) -> None:
        self.body = body
        self._anatomy, self._postures, self._belongings = anatomy, postures, belongings
        self._worn = [*worn, *belongings.worn]
        lengths = [len(w.rest) for w in self._worn]
        self._layers = _Layers(
            np.concatenate([w.rest for w in self._worn]),
            np.concatenate([w.weights for w in self._worn]),
            np.cumsum([0, *lengths]),
        )
        self._bottom, self._trunk = _bottom(anatomy), Trunk(anatomy, body)

    def posed(self, rng: np.random.Generator, seated: bool = False) -> list[Mesh]:
        """Meshes in a random pose; see `parts.Person`. Their surfaces are the same objects in every pose."""
        posture = self._postures.random_posture(rng, self.body, seated)
        rotations, shifts = self._anatomy.pose(self.body.heads, self._trunk.cleared(posture.turns))
        points = skinned(self._layers.rest, self._layers.weights, rotations, shifts)
        meshes = [
            Mesh(points[start:stop], w.triangles, w.uv, w.surface, smooth=True)
            for w, start, stop in zip(self._worn, self._layers.starts[:-1], self._layers.starts[1:], strict=True)
        ]
        hips = rotations[0] @ self.body.heads[0] + shifts[0]
        floor_z = float(points[:, 2].min())
        room = (floor_z, floor_z if seated else float(hips[2]))
        meshes += self._belongings.held(rng, rotations, shifts, posture.family, room)
        if seated:
            thighs = skinned(self.body.vertices[self._bottom], self._anatomy.skin[self._bottom], rotations, shifts)
            lift = float(np.quantile(thighs[:, 2], 0.02)) + _SEAT_GIVES_M
        else:
            lift = floor_z
        offset = vector(-hips[0], -hips[1], -lift)
        return [mesh.moved(offset=offset) for mesh in meshes]


def _bottom(anatomy: Anatomy) -> Ints:
    """The body's vertices that somebody may sit on."""
    names = tuple(f"{bone}.{side}" for bone in ("pelvis", "upperleg01", "upperleg02") for side in "LR")
    indices = [anatomy.index[name] for name in (*names, "root")]
    return np.flatnonzero(np.isin(anatomy.part[: anatomy.ends[0]], indices))
