"""Four-legged animals between a cat and a large dog; they stand on z = 0 around the origin and look toward -y."""

import numpy as np

from cleanplate.synth import textures
from cleanplate.synth.geometry.implicit import Ellipsoid, Solid, cone, polygonise
from cleanplate.synth.geometry.mesh import Mesh, Surface
from cleanplate.synth.geometry.vectors import vector
from cleanplate.synth.people.people import wrapped


def make_animal(rng: np.random.Generator) -> list[Mesh]:
    """One animal."""
    size = rng.uniform(0.45, 1.3)
    colour = textures.colour(rng, (0, 0.5), (0.1, 0.9), (0.03, 0.12))
    coat = Surface(textures.plain(rng, colour, rng.uniform(0.05, 0.4)))
    vertices, triangles, _, _ = polygonise(_solids(rng, size), 0.014)
    return [Mesh(vertices, triangles, wrapped(vertices)[triangles], coat, smooth=True)]


def _solids(rng: np.random.Generator, size: float) -> list[Solid]:
    """Body, four legs, neck, skull, muzzle, two ears and a tail."""
    r = 0.11 * size * rng.uniform(0.8, 1.3)
    half, leg = 0.3 * size, 0.38 * size * rng.uniform(0.6, 1.1)
    solids: list[Solid] = [cone((0, -half, leg + r), (0, half, leg + r * 1.05), r, r * 0.85, label="skin")]
    for x in (-0.6 * r, 0.6 * r):
        for y in (-half, half):
            swing = rng.normal(0, 0.07) * size
            solids.append(cone((x, y, leg + r * 0.6), (x, y + swing, 0.03), r * 0.45, r * 0.25, label="skin"))
    lift = rng.uniform(-0.05, 0.3) * size
    head = vector(rng.normal(0, 0.08) * size, -half - 0.18 * size, leg + r + lift)
    muzzle = head + np.array([0, -0.6 * r, 0]), head + np.array([0, -1.5 * r, -0.2 * r])
    solids += [
        cone((0, -half, leg + r), head, r * 0.7, r * 0.5, label="skin"),
        Ellipsoid(head, np.eye(3, dtype=np.float32), vector(0.6, 1.0, 0.65) * r, "skin"),
        cone(*muzzle, r * 0.35, r * 0.2, label="skin"),
    ]
    for side in (-1, 1):
        ear = head + np.array([side * 0.4 * r, 0, 0.3 * r]), head + np.array([side * 0.5 * r, 0, 0.95 * r])
        solids.append(cone(*ear, r * 0.2, r * 0.08, label="skin"))
    tail = (rng.normal(0, 0.1) * size, half + 0.3 * size, leg + r + rng.uniform(-0.2, 0.35) * size)
    solids.append(cone((0, half, leg + r), tail, r * 0.25, r * 0.12, label="skin"))
    return solids
