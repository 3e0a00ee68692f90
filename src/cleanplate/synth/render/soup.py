"""All triangles of some meshes in one bag, ready to be hit by rays and asked what is there."""

from dataclasses import dataclass

import numpy as np

from cleanplate.synth.geometry.mesh import Mesh
from cleanplate.synth.geometry.vectors import Bools, Floats, Ints, dot, unit
from cleanplate.synth.render.embree import TriangleTree
from cleanplate.synth.render.texels import Texels

_MOST_LAYERS = 12
"""Through how many see-through triangles the camera looks before it takes one for opaque."""

_LAYER_M = 2e-4
"""How far behind a see-through triangle a ray goes on."""


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
        self._texels = Texels(surfaces)
        self._gloss = np.array([s.gloss for s in surfaces], np.float32)
        self._emission = np.array([s.emission or (0, 0, 0) for s in surfaces], np.float32)
        self.mean_albedo: Floats = self._texels.mean

    def first(self, origins: Floats, directions: Floats) -> tuple[Ints, Floats, Floats, Floats]:
        """First opaque triangles on (n, 3) rays with unit directions: number (-1 = none), metres, barycentric u, v."""
        triangle, distance, u, v = self.tree.closest(origins, directions)
        if not self._texels.any_see_through:
            return triangle, distance, u, v
        asked = np.arange(len(triangle))
        for _ in range(_MOST_LAYERS):
            asked = asked[triangle[asked] >= 0]
            asked = asked[self._texels.see_through[self._surface[triangle[asked]]]]
            uv = self._texture_uv(triangle[asked], u[asked], v[asked])
            asked = asked[~self._texels.opaque(self._surface[triangle[asked]], uv)]
            if not len(asked):
                break
            past = distance[asked] + _LAYER_M
            onward = self.tree.closest(origins[asked] + directions[asked] * past[:, None], directions[asked])
            triangle[asked], distance[asked], u[asked], v[asked] = onward[0], past + onward[1], onward[2], onward[3]
        return triangle, distance, u, v

    def hides(self, origins: Floats, directions: Floats, distances: Floats) -> Bools:
        """Whether something opaque lies on each ray (n, 3) nearer than its distance (n,); (n,)."""
        if not self._texels.any_see_through:
            return self.tree.blocked(origins, directions, distances)
        triangle, distance, _, _ = self.first(origins, directions)
        return (triangle >= 0) & (distance < distances)

    def trace(self, origins: Floats, directions: Floats) -> Hits:
        """First hits of (n, 3) rays with unit directions, with all that shading needs."""
        triangle, distance, u, v = self.first(origins, directions)
        found = triangle >= 0
        t = np.where(found, triangle, 0)
        weight = np.stack([1 - u - v, u, v], -1)
        flat = self._flat[t]
        normal = np.einsum("nkc,nk->nc", self._smooth[t], weight)
        side = np.where(dot(flat, directions)[:, None] > 0, -1, 1).astype(np.float32)
        facing, normal = flat * side, unit(normal * side)
        normal = np.where(dot(normal, directions)[:, None] > -0.02, facing, normal)
        surface = self._surface[t]
        texture = self._texels.albedo(surface, self._texture_uv(t, u, v)) * found[:, None]
        emission = self._emission[surface] * texture
        albedo = texture * (self._emission[surface].max(1) <= 0)[:, None]
        reach = np.where(found, distance, 0).astype(np.float32)
        return Hits(
            found,
            reach,
            (origins + directions * reach[:, None]).astype(np.float32),
            normal.astype(np.float32),
            facing.astype(np.float32),
            albedo.astype(np.float32),
            emission.astype(np.float32),
            self._gloss[surface] * found,
        )

    def _texture_uv(self, triangle: Ints, u: Floats, v: Floats) -> Floats:
        return np.einsum("nkc,nk->nc", self._uv[triangle], np.stack([1 - u - v, u, v], -1))


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
