"""Triangles with a surface: the parts that rooms and people are put together from.

World axes: x right, y forward (away from the default camera), z up, metres.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cleanplate.synth.geometry.vectors import Floats

TEXTURE_PX = 128
"""Pixels a side of the procedural textures."""


@dataclass(frozen=True, eq=False)
class Surface:
    """What light does on a mesh.

    Attributes:
        texture: (h, w, 3) float32 linear albedo in [0, 1], of any size, repeating.
        gloss: mirror reflection at normal incidence in [0, 1]; grazing angles reflect more (Schlick).
        emission: linear radiance, times the texture, of a surface that shines by itself and reflects nothing: a lamp, a
            window, a screen.
        opacity: (h, w) in [0, 1], as large as the texture: what the camera sees passes where it is below 0.5, as beside
            the hairs on a card; shadows are those of the whole triangles. None: opaque.
    """

    texture: Floats
    gloss: float = 0.0
    emission: tuple[float, float, float] | None = None
    opacity: Floats | None = None


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles that share one surface.

    Attributes:
        vertices: (n, 3) float32 metres.
        triangles: (m, 3) indices, counter-clockwise seen from the front.
        uv: (m, 3, 2) float32 texture coordinates, 1 = one repeat; v points up in the texture.
        surface: what all triangles look like.
        smooth: whether normals are interpolated over shared vertices.
    """

    vertices: Floats
    triangles: NDArray[np.int64]
    uv: Floats
    surface: Surface
    smooth: bool = False

    @property
    def corners(self) -> Floats:
        """(m, 3, 3) corner positions."""
        return self.vertices[self.triangles]

    def moved(self, rotation: ArrayLike | None = None, offset: ArrayLike = (0.0, 0.0, 0.0)) -> "Mesh":
        """The mesh turned by a (3, 3) matrix about the origin, then shifted."""
        vertices = self.vertices if rotation is None else self.vertices @ np.asarray(rotation, np.float32).T
        return replace(self, vertices=(vertices + np.asarray(offset, np.float32)).astype(np.float32))


def turn_z(angle_rad: float) -> Floats:
    """Rotation matrix about the vertical axis, counter-clockwise seen from above."""
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]], np.float32)


def quad(
    origin: ArrayLike, side_u: ArrayLike, side_v: ArrayLike, surface: Surface, tile_m: float | None = None
) -> Mesh:
    """A parallelogram facing side_u x side_v; the texture fills it once, or repeats every `tile_m` metres."""
    o, u, v = (np.asarray(a, np.float32) for a in (origin, side_u, side_v))
    repeat_u, repeat_v = (1.0, 1.0) if tile_m is None else (np.linalg.norm(u) / tile_m, np.linalg.norm(v) / tile_m)
    corners = np.array([[0, 0], [repeat_u, 0], [repeat_u, repeat_v], [0, repeat_v]], np.float32)
    triangles = np.array([[0, 1, 2], [0, 2, 3]])
    return Mesh(np.stack([o, o + u, o + u + v, o + v]), triangles, corners[triangles], surface)


def box(low: ArrayLike, high: ArrayLike, surface: Surface, tile_m: float = 1.0) -> Mesh:
    """An axis-aligned box between two corners, textured on all six faces."""
    lo, hi = np.asarray(low, np.float32), np.asarray(high, np.float32)
    x, y, z = np.diag(hi - lo).astype(np.float32)
    faces = [(lo, y, x), (lo + z, x, y), (lo, x, z), (lo + y, z, x), (lo, z, y), (lo + x, y, z)]
    return merged([quad(origin, u, v, surface, tile_m) for origin, u, v in faces])


def revolved(profile: ArrayLike, surface: Surface, num_sides: int = 14, tile_m: float = 0.5) -> Mesh:
    """A surface of revolution about the z axis from (k, 2) rows of radius and height, smooth shaded."""
    rows = np.asarray(profile, np.float32)
    angle = np.linspace(0, 2 * np.pi, num_sides + 1, dtype=np.float32)
    ring = np.stack([np.cos(angle), np.sin(angle)], -1)
    xy = rows[:, None, :1] * ring[None]
    height = np.broadcast_to(rows[:, None, 1:], (*xy.shape[:2], 1))
    run = np.broadcast_to(angle[None] * max(float(rows[:, 0].max()), 0.05) / tile_m, xy.shape[:2])
    return grid(np.concatenate([xy, height], -1), np.stack([run, height[..., 0] / tile_m], -1), surface)


def grid(points: Floats, uv: Floats, surface: Surface) -> Mesh:
    """A smooth sheet through a (rows, columns, 3) lattice of points with (rows, columns, 2) texture coordinates."""
    rows, columns = int(points.shape[0]), int(points.shape[1])
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    triangles = np.concatenate([np.stack(t, -1).reshape(-1, 3) for t in ((a, b, c), (a, c, d))])
    flat_uv = uv.reshape(-1, 2).astype(np.float32)
    return Mesh(points.reshape(-1, 3).astype(np.float32), triangles, flat_uv[triangles], surface, smooth=True)


def merged(meshes: list[Mesh]) -> Mesh:
    """One mesh from several that share a surface (the first one's is kept)."""
    starts = np.cumsum([0] + [len(m.vertices) for m in meshes[:-1]])
    return replace(
        meshes[0],
        vertices=np.concatenate([m.vertices for m in meshes]),
        triangles=np.concatenate([m.triangles + start for m, start in zip(meshes, starts, strict=True)]),
        uv=np.concatenate([m.uv for m in meshes]),
    )


def bounds(meshes: list[Mesh]) -> Floats:
    """(2, 3) lowest and highest corner of all meshes together."""
    points = np.concatenate([m.vertices for m in meshes])
    return np.stack([points.min(0), points.max(0)])
