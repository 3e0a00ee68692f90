"""All triangles of some meshes in one bag, ready to be hit by rays and asked what is there."""

from dataclasses import dataclass

import numpy as np

from cleanplate.synth.geometry.mesh import TEXTURE_PX, Mesh
from cleanplate.synth.geometry.vectors import Bools, Floats, Ints, dot, unit
from cleanplate.synth.render.embree import TriangleTree


@dataclass(frozen=True, eq=False)
class Hits:
    """What n rays met.

    Where nothing was met, distance, albedo, emission and gloss are 0, `point` is the ray's origin, and the normals mean
    nothing.

    Attributes:
        found: (n,) whether anything was met.
        distance: (n,) metres.
        point: (n, 3) metres.
        normal: (n, 3) the smooth normal, toward the ray's origin; the flat one where the smooth one looks away.
        facing: (n, 3) the triangle's own normal, toward the ray's origin.
        albedo: (n, 3) linear, 0 for what shines by itself.
        emission: (n, 3) linear radiance.
        gloss: (n,) mirror reflection at normal incidence.
    """

    found: Bools
    distance: Floats
    point: Floats
    normal: Floats
    facing: Floats
    albedo: Floats
    emission: Floats
    gloss: Floats


class Soup:
    """Triangles of all meshes with their surfaces, in a ray-casting tree.

    Attributes:
        tree: the triangles alone, for rays that ask only whether something is in their way.
        mean_albedo: (3,) over the textures, each counted once.
    """

    def __init__(self, meshes: list[Mesh]) -> None:
        surfaces = list({id(m.surface): m.surface for m in meshes}.values())
        index = {id(surface): i for i, surface in enumerate(surfaces)}
        corners = np.concatenate([m.corners for m in meshes])
        self.tree = TriangleTree(corners)
        self._uv = np.concatenate([m.uv for m in meshes]).astype(np.float32)
        self._surface = np.concatenate([np.full(len(m.triangles), index[id(m.surface)]) for m in meshes])
        self._flat = unit(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))
        self._smooth = np.concatenate([_corner_normals(m) for m in meshes])
        self._textures = np.stack([s.texture for s in surfaces])
        self._gloss = np.array([s.gloss for s in surfaces], np.float32)
        self._emission = np.array([s.emission or (0, 0, 0) for s in surfaces], np.float32)
        self.mean_albedo: Floats = self._textures.mean((0, 1, 2))

    def trace(self, origins: Floats, directions: Floats) -> Hits:
        """First hits of (n, 3) rays with unit directions, with all that shading needs."""
        triangle, distance, u, v = self.tree.closest(origins, directions)
        found = triangle >= 0
        t = np.where(found, triangle, 0)
        weight = np.stack([1 - u - v, u, v], -1)
        flat = self._flat[t]
        normal = np.einsum("nkc,nk->nc", self._smooth[t], weight)
        side = np.where(dot(flat, directions)[:, None] > 0, -1, 1).astype(np.float32)
        facing, normal = flat * side, unit(normal * side)
        normal = np.where(dot(normal, directions)[:, None] > -0.02, facing, normal)
        surface = self._surface[t]
        emission = self._emission[surface]
        dark = (emission.max(1) > 0) | ~found
        albedo = np.where(dark[:, None], 0, self._sample(surface, np.einsum("nkc,nk->nc", self._uv[t], weight)))
        reach = np.where(found, distance, 0).astype(np.float32)
        return Hits(
            found,
            reach,
            (origins + directions * reach[:, None]).astype(np.float32),
            normal.astype(np.float32),
            facing.astype(np.float32),
            albedo.astype(np.float32),
            emission * found[:, None],
            self._gloss[surface] * found,
        )

    def _sample(self, surface: Ints, uv: Floats) -> Floats:
        """Albedo (n, 3) at uv (n, 2): bilinear look-up in repeating textures; v points up."""
        x, y = uv[:, 0] * TEXTURE_PX - 0.5, (1 - uv[:, 1]) * TEXTURE_PX - 0.5
        left, top = np.floor(x), np.floor(y)
        fx, fy = (x - left)[:, None], (y - top)[:, None]
        x0, y0 = left.astype(np.int64) % TEXTURE_PX, top.astype(np.int64) % TEXTURE_PX
        x1, y1 = (x0 + 1) % TEXTURE_PX, (y0 + 1) % TEXTURE_PX
        t = self._textures
        upper = t[surface, y0, x0] * (1 - fx) + t[surface, y0, x1] * fx
        lower = t[surface, y1, x0] * (1 - fx) + t[surface, y1, x1] * fx
        return upper * (1 - fy) + lower * fy


def _corner_normals(mesh: Mesh) -> Floats:
    """(m, 3, 3) normals at every triangle's corners: averaged over neighbours where the mesh is smooth."""
    corners = mesh.corners
    area_normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    if not mesh.smooth:
        return np.repeat(unit(area_normal)[:, None], 3, 1)
    total = np.zeros_like(mesh.vertices, dtype=np.float64)
    for corner in range(3):
        for axis in range(3):
            total[:, axis] += np.bincount(mesh.triangles[:, corner], area_normal[:, axis], len(total))
    return unit(total.astype(np.float32))[mesh.triangles]
