"""Parts without a pack: figures, furniture and surfaces made of formulas alone."""

from dataclasses import dataclass

import numpy as np

from cleanplate.imaging.colour import srgb_to_linear
from cleanplate.synth import textures
from cleanplate.synth.geometry.mesh import Mesh, Surface
from cleanplate.synth.geometry.vectors import Floats
from cleanplate.synth.parts import Person, Piece, Seat
from cleanplate.synth.people.animals import make_animal
from cleanplate.synth.people.looks import Looks, random_looks
from cleanplate.synth.people.people import make_person
from cleanplate.synth.places import furniture
from cleanplate.synth.places.finishes import finish
from cleanplate.synth.places.vehicles import make_vehicle

_TOPS = {furniture.table, furniture.cabinet}
_FREE = {furniture.table, furniture.chair, furniture.crate, furniture.board}


@dataclass(frozen=True, eq=False)
class ProceduralPerson:
    """Somebody made of smooth solids."""

    looks: Looks

    def posed(self, rng: np.random.Generator, seated: bool = False) -> list[Mesh]:
        """See `parts.Person`."""
        return make_person(rng, self.looks, seated)


class ProceduralParts:
    """See `parts.Parts`."""

    fingerprint = "procedural-2"

    def person(self, rng: np.random.Generator) -> Person:
        """See `parts.Parts`."""
        return ProceduralPerson(random_looks(rng))

    def piece(self, rng: np.random.Generator, place: str) -> Piece:
        """See `parts.Parts`; the same in every kind of place."""
        del place
        return _piece(rng, furniture.STANDING[int(rng.integers(len(furniture.STANDING)))])

    def chair(self, rng: np.random.Generator) -> Piece:
        """See `parts.Parts`."""
        return _piece(rng, furniture.chair)

    def small(self, rng: np.random.Generator) -> list[Mesh]:
        """See `parts.Parts`."""
        return furniture.SMALL[int(rng.integers(len(furniture.SMALL)))](rng)

    def screen(self, rng: np.random.Generator) -> list[Mesh]:
        """See `parts.Parts`."""
        return furniture.monitor(rng)

    def brought(self, rng: np.random.Generator) -> list[Mesh]:
        """See `parts.Parts`."""
        return furniture.BROUGHT[int(rng.integers(len(furniture.BROUGHT)))](rng)

    def animal(self, rng: np.random.Generator) -> list[Mesh]:
        """See `parts.Parts`."""
        return make_animal(rng)

    def vehicle(self, rng: np.random.Generator) -> list[Mesh]:
        """See `parts.Parts`."""
        return make_vehicle(rng)

    def surface(self, rng: np.random.Generator, use: str) -> Surface:
        """See `parts.Parts`."""
        return finish(rng, use)

    def view(self, rng: np.random.Generator) -> Floats:
        """See `parts.Parts`: a bright sky over something darker, out of focus."""
        rows = np.linspace(0, 1, 64, dtype=np.float32)[:, None, None]
        horizon, softness = rng.uniform(0.2, 0.9), rng.uniform(0.02, 0.2)
        below = 1 / (1 + np.exp(-(rows - horizon) / softness))
        sky = srgb_to_linear(textures.colour(rng, (0, 0.3), (0.8, 1.0), (0.5, 0.65)))
        ground = srgb_to_linear(textures.colour(rng, (0, 0.5), (0.2, 0.7)))
        view = sky * (1 - below) + ground * below * (1 + 0.3 * textures.cloud(rng)[:64, :64, None])
        return np.maximum(view / view.mean(), 0.02).astype(np.float32)

    def sky(self, rng: np.random.Generator) -> Floats:
        """See `parts.Parts`: one colour."""
        return np.array([rng.uniform(0.5, 1), rng.uniform(0.7, 1), 1.0], np.float32)


def _piece(rng: np.random.Generator, builder: furniture.Builder) -> Piece:
    meshes = builder(rng)
    seats: tuple[Seat, ...] = ()
    if builder in furniture.SEATS:
        seats = (Seat(0.0, furniture.SEATS[builder], float(meshes[0].vertices[:, 2].max())),)
    top = float(max(m.vertices[:, 2].max() for m in meshes)) if builder in _TOPS else None
    return Piece(builder.__name__, meshes, seats, top, builder not in _FREE)
