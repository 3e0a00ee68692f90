"""Outdoor places: a yard, street or lawn in front of a facade or hedge, under sun and sky."""

import numpy as np

from cleanplate.synth import textures
from cleanplate.synth.geometry.mesh import Mesh, Surface, grid, quad, revolved
from cleanplate.synth.geometry.vectors import Floats, vector
from cleanplate.synth.parts import Parts
from cleanplate.synth.places.fittings import Window, fitting
from cleanplate.synth.places.walls import Shell, Site, wall_frame
from cleanplate.synth.scene import AreaLight


def put_up_outdoors(rng: np.random.Generator, shell: Shell, parts: Parts) -> tuple[Site, Floats]:
    """Ground, facade, side walls, trees, and the light of sky and sun; with the sky's radiance (see `Scene`)."""
    w, d, h = shell.width, shell.depth, shell.height
    ground = parts.surface(rng, "ground")
    far = Surface(textures.foliage(rng)) if rng.random() < 0.3 else parts.surface(rng, "wall")
    meshes = [
        quad((-w * 2, -20, 0), (4 * w, 0, 0), (0, 20 + 3 * d, 0), ground, rng.uniform(1, 4)),
        quad((-w * 2, d, 0), (4 * w, 0, 0), (0, 0, h), far, rng.uniform(0.8, 3)),
    ]
    for wall in ("left", "right"):
        if rng.random() < 0.5:
            turn, offset = wall_frame(shell, wall, 0.0)
            height = h * rng.uniform(0.2, 1)
            meshes.append(quad((0, 0, 0), (d, 0, 0), (0, 0, height), parts.surface(rng, "wall"), 2).moved(turn, offset))
    for x in np.arange(-w / 2, w / 2, rng.uniform(2, 5)):
        piece = fitting(rng, str(rng.choice(["door", "window", "picture"])), rng.uniform(0.8, 1.6), h, parts)
        meshes += [m.moved(None, (x, d - 0.02, 0)) for m in piece.meshes]
        if piece.window is not None:
            meshes.append(_dark_pane(rng, piece.window).moved(None, (x, d - 0.03, 1.0)))
    for _ in range(int(rng.integers(0, 6))):
        meshes += tree(rng, shell, parts)
    sky, lights = daylight(rng, shell, parts)
    return Site(meshes, lights), sky


def daylight(
    rng: np.random.Generator, shell: Shell, parts: Parts, sun_m: float = 90.0
) -> tuple[Floats, list[AreaLight]]:
    """The sky's radiance (see `Scene`), and the light of sky and of a sun so far away."""
    sky = (parts.sky(rng) * rng.uniform(0.5, 1.2)).astype(np.float32)
    lights = [_overhead(vector(0, shell.depth / 2, 25), 60.0, sky.reshape(-1, 3).mean(0) * rng.uniform(0.5, 1.5))]
    if rng.random() < (0.65 if sky.ndim == 1 else 0.3):  # a panorama brings its own sun, if it has one
        lights.append(_sun(rng, sun_m))
    return sky, lights


def _dark_pane(rng: np.random.Generator, window: Window) -> Mesh:
    """A window seen from outside: a dark, reflecting sheet."""
    glass = Surface(textures.plain(rng, textures.colour(rng, (0, 0.2), (0.08, 0.3))), gloss=0.08)
    return quad((0, 0, 0), (window.width_m, 0, 0), (0, 0, window.height_m), glass)


def tree(rng: np.random.Generator, shell: Shell, parts: Parts) -> list[Mesh]:
    """A trunk with a ball of leaves."""
    w, d = shell.width, shell.depth
    trunk, crown = parts.surface(rng, "wood"), Surface(textures.foliage(rng))
    x, y, r, z = rng.uniform(-w, w), rng.uniform(d * 0.5, d), rng.uniform(0.5, 1.6), rng.uniform(0.6, 2.5)
    return [
        revolved([(0.12, 0), (0.09, z + r)], trunk).moved(None, (x, y, 0)),
        leaves(rng, r, crown).moved(None, (x, y, z + r)),
    ]


def leaves(rng: np.random.Generator, radius_m: float, surface: Surface) -> Mesh:
    """A lumpy sphere: a tree's crown or a bush."""
    theta, phi = np.meshgrid(np.linspace(0.01, np.pi - 0.01, 14), np.linspace(0, 2 * np.pi, 20), indexing="ij")
    lump = 1 + 0.12 * np.sin(5 * theta + rng.uniform(0, 6)) * np.cos(4 * phi + rng.uniform(0, 6))
    unit = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], -1)
    return grid(
        (radius_m * lump[..., None] * unit).astype(np.float32), np.stack([phi, theta], -1).astype(np.float32), surface
    )


def _overhead(centre: Floats, side_m: float, radiance: Floats) -> AreaLight:
    """A horizontal square that shines downward: the sky."""
    corner = centre - vector(side_m / 2, side_m / 2, 0)
    return AreaLight(corner, vector(0, side_m, 0), vector(side_m, 0, 0), radiance.astype(np.float32))


def _sun(rng: np.random.Generator, far_m: float) -> AreaLight:
    """A square as large to the eye as 2.5 m at 90 m, 20 to 75 degrees above the horizon."""
    turn, climb = rng.uniform(0, 2 * np.pi), rng.uniform(0.35, 1.3)
    toward = np.array([np.cos(turn) * np.cos(climb), np.sin(turn) * np.cos(climb), np.sin(climb)], np.float32)
    warm = vector(1, rng.uniform(0.85, 0.97), rng.uniform(0.65, 0.9))
    return _facing(toward * np.float32(far_m), 2.5 * far_m / 90, warm * rng.uniform(1500, 5000))


def _facing(position: Floats, side_m: float, radiance: Floats) -> AreaLight:
    """A square lamp with its middle at `position` (3,), turned toward the origin."""
    u = np.cross(position, (0.0, 0.0, 1.0))
    u *= side_m / np.linalg.norm(u)
    v = np.cross(u, position)
    v *= side_m / np.linalg.norm(v)
    if np.dot(np.cross(u, v), position) > 0:
        u, v = v, u
    corner = (position - u / 2 - v / 2).astype(np.float32)
    return AreaLight(corner, u.astype(np.float32), v.astype(np.float32), radiance)
