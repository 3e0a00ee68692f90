"""Heads: face, hairdo and hat as solids."""

from dataclasses import dataclass

import numpy as np

from cleanplate.synth.geometry.implicit import Ellipsoid, Solid, cone
from cleanplate.synth.geometry.vectors import Floats, vector
from cleanplate.synth.people.looks import Looks
from cleanplate.synth.people.skeleton import HeadFrame

_Triple = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class _Sculptor:
    """Puts solids on a head; places and radii are in metres on a head of scale 1."""

    head: HeadFrame

    def at(self, place: _Triple) -> Floats:
        """The figure's coordinates of a place on the head."""
        return (self.head.centre + self.head.axes @ vector(*place) * self.head.scale).astype(np.float32)

    def lump(self, label: str, place: _Triple, radii: _Triple) -> Ellipsoid:
        return Ellipsoid(self.at(place), self.head.axes, vector(*radii) * self.head.scale, label)


def head_solids(looks: Looks, head: HeadFrame) -> list[Solid]:
    """Skull, jaw and nose, then hair, then a hat."""
    on = _Sculptor(head)
    return [
        on.lump("face", (0, 0, 0), (0.075, 0.092, 0.115)),
        on.lump("face", (0, -0.035, -0.07), (0.05, 0.05, 0.05)),
        on.lump("face", (0, -0.1, -0.015), (0.012, 0.02, 0.022)),
        *_hairdo(looks.hair, on),
        *_hat(looks.hat, on),
    ]


def _hairdo(name: str, on: _Sculptor) -> list[Solid]:
    hairdos: dict[str, list[Solid]] = {
        "bald": [],
        "short": [on.lump("hair", (0, 0.018, 0.03), (0.083, 0.092, 0.1))],
        "bob": [
            on.lump("hair", (0, 0.02, 0.02), (0.092, 0.095, 0.115)),
            on.lump("hair", (0, 0.04, -0.06), (0.09, 0.07, 0.09)),
        ],
        "long": [
            on.lump("hair", (0, 0.02, 0.02), (0.09, 0.095, 0.115)),
            on.lump("hair", (0, 0.075, -0.15), (0.095, 0.045, 0.2)),
        ],
        "ponytail": [
            on.lump("hair", (0, 0.018, 0.025), (0.083, 0.092, 0.105)),
            cone(
                on.at((0, 0.1, 0.03)), on.at((0, 0.15, -0.2)), 0.035 * on.head.scale, 0.02 * on.head.scale, label="hair"
            ),
        ],
        "bun": [
            on.lump("hair", (0, 0.018, 0.025), (0.083, 0.092, 0.105)),
            on.lump("hair", (0, 0.09, 0.09), (0.045, 0.045, 0.045)),
        ],
        "afro": [on.lump("hair", (0, 0.03, 0.045), (0.135, 0.13, 0.13))],
    }
    return hairdos[name]


def _hat(name: str, on: _Sculptor) -> list[Solid]:
    """A hood is of the top's cloth; a cap and a hat with a brim are of the extra one."""
    if name == "none":
        return []
    if name == "hood":
        return [on.lump("top", (0, 0.03, 0.02), (0.1, 0.1, 0.13))]
    brim = name == "brim"
    return [
        on.lump("extra", (0, 0.005, 0.065), (0.09, 0.103, 0.075)),
        on.lump("extra", (0, 0.0 if brim else -0.11, 0.06), (0.16, 0.17, 0.012) if brim else (0.075, 0.09, 0.012)),
    ]
