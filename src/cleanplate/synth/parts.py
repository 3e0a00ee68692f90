"""What scenes are put together from: a pack of gathered parts, or procedural ones, behind one interface."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from cleanplate.synth.geometry.mesh import Mesh, Surface
from cleanplate.synth.geometry.vectors import Floats


@dataclass(frozen=True, eq=False)
class Seat:
    """A place to sit on a piece of furniture, in the piece's own coordinates.

    Attributes:
        x, y: metres, where the sitter's hips come. height: metres above the floor.
        heading: radians about z; 0 = the sitter looks toward -y.
    """

    x: float
    y: float
    height: float
    heading: float = 0.0


@dataclass(frozen=True, eq=False)
class Piece:
    """A piece of furniture or another thing, standing on z = 0 around the origin, its back toward +y.

    Attributes:
        name: what it is, for people to read: "chair", "bookcase"...
        meshes: at metric size.
        seats: where somebody can sit.
        top_m: height of a free surface that things can be put on; None where there is none.
        top: x0, y0, x1, y1 metres of the part of it that is free; None where all of the piece is.
        against_wall: whether it usually stands with its back to a wall.
    """

    name: str
    meshes: list[Mesh]
    seats: tuple[Seat, ...] = field(default=())
    top_m: float | None = None
    against_wall: bool = True
    top: tuple[float, float, float, float] | None = None


class Person(Protocol):
    """Somebody with a body and clothes that stay the same from pose to pose."""

    def posed(self, rng: np.random.Generator, seated: bool = False) -> list[Mesh]:
        """A random pose: standing on z = 0 around the origin, or seated with the seat's surface at z = 0; toward -y."""
        ...


class Parts(Protocol):
    """Where people, furniture and surfaces come from. All randomness is the generator's."""

    @property
    def fingerprint(self) -> str:
        """Names these parts: it changes whenever the same seed would give something else."""
        ...

    def person(self, rng: np.random.Generator) -> Person:
        """Somebody nobody has seen."""
        ...

    def piece(self, rng: np.random.Generator, place: str) -> Piece:
        """Furniture for a kind of place (`places.rooms.PLACES`, but streets)."""
        ...

    def chair(self, rng: np.random.Generator) -> Piece:
        """A chair for a table."""
        ...

    def small(self, rng: np.random.Generator) -> list[Mesh]:
        """Something that stands on a table or shelf."""
        ...

    def screen(self, rng: np.random.Generator) -> list[Mesh]:
        """A monitor or television that stands on a table; its last mesh is the picture on it."""
        ...

    def brought(self, rng: np.random.Generator) -> list[Mesh]:
        """Something somebody could have brought or moved."""
        ...

    def animal(self, rng: np.random.Generator) -> list[Mesh]:
        """A four-legged animal, standing on z = 0 around the origin, looking toward -y."""
        ...

    def vehicle(self, rng: np.random.Generator) -> list[Mesh]:
        """Something that drives on roads, standing on z = 0 around the origin, its front or rear toward -y."""
        ...

    def surface(self, rng: np.random.Generator, use: str) -> Surface:
        """A surface for a use.

        "wall", "floor", "ceiling" and "ground" (outdoors); of "wood", of "material" (furniture) or "upholstery"; a
        "rug", a "picture" for a frame.
        """
        ...

    def view(self, rng: np.random.Generator) -> Floats:
        """(h, w, 3) linear radiance seen through a window, mean near 1."""
        ...

    def sky(self, rng: np.random.Generator) -> Floats:
        """Linear radiance of the open sky, mean near 1: (3,), or a panorama (h, w, 3) as `Scene.sky` describes it."""
        ...
