"""Who somebody is: body, clothes, hair and colours, which stay the same from pose to pose."""

from dataclasses import dataclass

import numpy as np

from cleanplate.synth import textures
from cleanplate.synth.geometry.mesh import Surface
from cleanplate.synth.geometry.vectors import Floats

SKIN_TONES = ("f3d7c4", "e8bf9f", "d4a27c", "c58c5f", "a56b43", "7d4b2c", "573420", "3b2418")
"""sRGB in hexadecimal."""

HAIR_TONES = ("14100d", "2a1c12", "4a2f1b", "7a5230", "b08a52", "8a8a88", "d8d4cc", "5a2415")
"""sRGB in hexadecimal."""

_HAIRDOS = {"short": 0.4, "bald": 0.08, "bob": 0.14, "long": 0.16, "ponytail": 0.1, "bun": 0.05, "afro": 0.07}
_HATS = {"none": 0.84, "cap": 0.07, "brim": 0.05, "hood": 0.04}
_SLEEVES = {"long": 0.6, "short": 0.32, "none": 0.08}
_TROUSERS = {"long": 0.82, "short": 0.18}


@dataclass(frozen=True)
class Looks:
    """What stays the same about one person from pose to pose.

    Attributes:
        height_m: 0.95 (a child) to about 2.
        girth: 0.8 (thin) to 1.5.
        hips, chest: widths relative to the average.
        sleeve, trouser: "long", "short" or "none".
        skirt_m, coat_m: length below the hips at a height of 1.75 m; 0 = none worn.
        loose_top_m, loose_bottom_m: how far the clothes stand off.
        hair: "short", "bald", "bob", "long", "ponytail", "bun" or "afro".
        hat: "none", "cap", "brim" or "hood".
        backpack: whether one is worn.
        surfaces: by label: skin, face, hair, top, bottom, shoes, extra.
    """

    height_m: float
    girth: float
    hips: float
    chest: float
    sleeve: str
    trouser: str
    skirt_m: float
    coat_m: float
    loose_top_m: float
    loose_bottom_m: float
    hair: str
    hat: str
    backpack: bool
    surfaces: dict[str, Surface]

    @property
    def scale(self) -> float:
        """Size against somebody of 1.75 m."""
        return self.height_m / 1.75


def random_looks(rng: np.random.Generator) -> Looks:
    """Somebody nobody has seen: body, clothes, hair, colours."""
    child = rng.random() < 0.12
    skin, hair = _srgb(str(rng.choice(SKIN_TONES))), _srgb(str(rng.choice(HAIR_TONES)))
    skin = np.clip(skin * rng.uniform(0.85, 1.12), 0, 1).astype(np.float32)
    skirt = rng.random() < 0.16
    coat = rng.random() < 0.14
    surfaces = _surfaces(rng, skin, hair)
    return Looks(
        height_m=rng.uniform(0.95, 1.5) if child else rng.normal(1.71, 0.09),
        girth=float(np.clip(rng.normal(1.05, 0.14), 0.8, 1.5)),
        hips=rng.uniform(0.9, 1.15),
        chest=rng.uniform(0.88, 1.15),
        sleeve=_drawn(rng, _SLEEVES),
        trouser="none" if skirt and rng.random() < 0.7 else _drawn(rng, _TROUSERS),
        skirt_m=rng.uniform(0.25, 0.85) if skirt else 0.0,
        coat_m=rng.uniform(0.1, 0.55) if coat else 0.0,
        loose_top_m=rng.uniform(0.004, 0.035),
        loose_bottom_m=rng.uniform(0.003, 0.03),
        hair=_drawn(rng, _HAIRDOS),
        hat=_drawn(rng, _HATS),
        backpack=bool(rng.random() < 0.1),
        surfaces=surfaces,
    )


def _surfaces(rng: np.random.Generator, skin: Floats, hair: Floats) -> dict[str, Surface]:
    """What every label wears, from the colours (3,) of skin and hair, sRGB."""
    surfaces = {
        "skin": Surface(textures.plain(rng, skin, 0.03)),
        "face": Surface(textures.face(rng, skin, hair)),
        "hair": Surface(textures.plain(rng, hair, 0.25)),
        "shoes": Surface(textures.plain(rng, textures.colour(rng, (0, 0.5), (0.03, 0.9)))),
    }
    surfaces |= {label: Surface(textures.cloth(rng)) for label in ("top", "bottom", "extra")}
    if rng.random() < 0.15:
        surfaces["bottom"] = surfaces["top"]
    return surfaces


def _drawn(rng: np.random.Generator, weights: dict[str, float]) -> str:
    return str(rng.choice(list(weights), p=list(weights.values())))


def _srgb(code: str) -> Floats:
    return np.array([int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)], np.float32)
