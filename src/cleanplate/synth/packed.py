"""Parts from a pack, mixed with procedural ones: photographs and real furniture, and what no pack holds."""

import numpy as np

from cleanplate.synth.geometry.mesh import Mesh, Surface
from cleanplate.synth.geometry.vectors import Floats
from cleanplate.synth.pack import Pack
from cleanplate.synth.parts import Person, Piece
from cleanplate.synth.people.dressed import PackPeople
from cleanplate.synth.places.catalogue import Catalogue
from cleanplate.synth.places.photographs import Photographs
from cleanplate.synth.procedural import ProceduralParts

_PACKED = {
    "person": 0.85,
    "piece": 0.7,
    "small": 0.6,
    "brought": 0.6,
    "vehicle": 0.35,
    "surface": 0.6,
    "view": 0.7,
    "sky": 0.8,
}
"""How often a part comes from the pack."""


class PackParts(ProceduralParts):
    """See `parts.Parts`; `pack` holds people, furniture, textures and skies.

    With `unseen`, a pack of furniture, all that is brought, and every animal, is one of those.
    """

    def __init__(self, pack: Pack, unseen: Pack | None = None) -> None:
        self.fingerprint = pack.fingerprint if unseen is None else f"{pack.fingerprint} {unseen.fingerprint}"
        self._people = PackPeople(pack)
        self._catalogue = Catalogue(pack)
        self._photographs = Photographs(pack)
        self._unseen = None if unseen is None else Catalogue(unseen, self._photographs)

    def person(self, rng: np.random.Generator) -> Person:
        """See `parts.Parts`."""
        return self._people.person(rng) if rng.random() < _PACKED["person"] else super().person(rng)

    def piece(self, rng: np.random.Generator, place: str) -> Piece:
        """See `parts.Parts`."""
        return self._catalogue.piece(rng, place) if rng.random() < _PACKED["piece"] else super().piece(rng, place)

    def small(self, rng: np.random.Generator) -> list[Mesh]:
        """See `parts.Parts`."""
        return self._catalogue.small(rng) if rng.random() < _PACKED["small"] else super().small(rng)

    def brought(self, rng: np.random.Generator) -> list[Mesh]:
        """See `parts.Parts`."""
        if self._unseen is not None:
            return self._unseen.brought(rng)
        return self._catalogue.brought(rng) if rng.random() < _PACKED["brought"] else super().brought(rng)

    def animal(self, rng: np.random.Generator) -> list[Mesh]:
        """See `parts.Parts`."""
        return super().animal(rng) if self._unseen is None else self._unseen.animal(rng)

    def vehicle(self, rng: np.random.Generator) -> list[Mesh]:
        """See `parts.Parts`."""
        if self._unseen is not None:
            return self._unseen.vehicle(rng)
        return self._catalogue.vehicle(rng) if rng.random() < _PACKED["vehicle"] else super().vehicle(rng)

    def surface(self, rng: np.random.Generator, use: str) -> Surface:
        """See `parts.Parts`; a photograph keeps the gloss of what it replaces."""
        plain = super().surface(rng, use)
        if rng.random() >= _PACKED["surface"]:
            return plain
        photographs = self._photographs
        return Surface(photographs.picture(rng) if use == "picture" else photographs.texture(rng, use), plain.gloss)

    def view(self, rng: np.random.Generator) -> Floats:
        """See `parts.Parts`."""
        return self._photographs.view(rng) if rng.random() < _PACKED["view"] else super().view(rng)

    def sky(self, rng: np.random.Generator) -> Floats:
        """See `parts.Parts`."""
        return self._photographs.sky(rng) if rng.random() < _PACKED["sky"] else super().sky(rng)
