"""What walls, floors, ceilings and furniture are covered with, drawn without any photograph."""

import numpy as np

from cleanplate.synth import textures
from cleanplate.synth.geometry.mesh import Surface
from cleanplate.synth.places import furniture


def finish(rng: np.random.Generator, use: str) -> Surface:
    """See `parts.Parts.surface`."""
    return _FINISHES[use](rng)


def _wall(rng: np.random.Generator) -> Surface:
    """Paint, wallpaper, bricks or wood."""
    value = (0.65, 0.97) if rng.random() < 0.6 else (0.2, 0.8)
    tone = textures.natural(rng, (0, 0.12) if rng.random() < 0.7 else (0.05, 0.4), value)
    kind = rng.choice(4, p=[0.68, 0.07, 0.15, 0.1])
    if kind == 0:
        return Surface(textures.plain(rng, tone, float(rng.choice([0.005, 0.015, 0.05], p=[0.45, 0.45, 0.1]))))
    if kind == 1:
        return Surface(textures.wallpaper(rng, tone))
    if kind == 2:
        return Surface(textures.bricks(rng, tone))
    return Surface(textures.planks(rng))


def _floor(rng: np.random.Generator) -> Surface:
    """Wood, tiles, carpet or something smooth; about half of them gloss."""
    gloss = float(rng.choice([0.0, 0.04, 0.12], p=[0.5, 0.3, 0.2]))
    kind = rng.choice(4, p=[0.3, 0.25, 0.25, 0.2])
    if kind == 0:
        return Surface(textures.planks(rng), gloss)
    if kind == 1:
        return Surface(textures.bricks(rng, textures.natural(rng, (0, 0.3), (0.3, 0.9))), gloss)
    if kind == 2:
        return Surface(textures.carpet(rng, textures.natural(rng, (0, 0.5), (0.2, 0.7))))
    return Surface(textures.plain(rng, textures.natural(rng, (0, 0.25), (0.25, 0.85)), 0.03), gloss)


def _ceiling(rng: np.random.Generator) -> Surface:
    """White plaster, sometimes tiles."""
    if rng.random() < 0.15:
        return Surface(textures.bricks(rng, textures.colour(rng, (0, 0.05), (0.7, 0.95))))
    return Surface(textures.plain(rng, textures.colour(rng, (0, 0.06), (0.75, 0.97)), 0.01))


def _ground(rng: np.random.Generator) -> Surface:
    """What lies outdoors: paving, or grass and gravel without much contrast."""
    if rng.random() < 0.5:
        return _floor(rng)
    tone = textures.colour(rng, (0.05, 0.45), (0.3, 0.6), (0.08, 0.33))
    return Surface(textures.carpet(rng, tone))


def _picture(rng: np.random.Generator) -> Surface:
    """What hangs framed on a wall."""
    return Surface(textures.picture(rng) if rng.random() < 0.75 else textures.poster(rng), float(rng.choice([0, 0.04])))


def _wood(rng: np.random.Generator) -> Surface:
    return Surface(textures.planks(rng), gloss=float(rng.choice([0.0, 0.03])))


_FINISHES = {
    "wall": _wall,
    "floor": _floor,
    "ceiling": _ceiling,
    "ground": _ground,
    "rug": furniture.upholstery,
    "picture": _picture,
    "wood": _wood,
    "material": furniture.material,
    "upholstery": furniture.upholstery,
}
