"""All triangles of some meshes in one bag, ready to be hit by rays and asked what is there."""

from dataclasses import dataclass

import numpy as np

from cleanplate.synth.geometry.mesh import Mesh
from cleanplate.synth.geometry.vectors import Bools, Floats, Ints
from cleanplate.synth.render import triangles
from cleanplate.synth.render.embree import TriangleTree
from cleanplate.synth.render.texels import Texels, mean_albedo

_MOST_LAYERS = 12
"""Through how many see-through triangles the camera looks before it takes one for opaque."""

_LAYER_M = 2e-4
"""How far behind a see-through triangle a ray goes on."""


@dataclass(frozen=True, eq=False)
class First:
    """Which triangle each of n rays meets first.

    Attributes:
        triangle: (n,) its number, -1 where nothing is met. distance: (n,) metres. u, v: (n,) barycentric coordinates.
    """

    triangle: Ints
    distance: Floats
    u: Floats
    v: Floats

    def some(self, rays: Ints) -> "First":
        """Those of some rays, by number."""
        return First(self.triangle[rays], self.distance[rays], self.u[rays], self.v[rays])


@dataclass(frozen=True, eq=False)
class Hits:
    """What n rays met.

    Where nothing was met, everything is 0, and `point` means nothing.

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
        self._lay_out(meshes)
        self.tree = TriangleTree(self._vertices, self._corners)
        self._uv = np.concatenate([m.uv for m in meshes]).astype(np.float32, copy=False)
        sizes = [len(m.triangles) for m in meshes]
        self._surface = np.repeat(np.array([index[id(m.surface)] for m in meshes], np.int32), sizes)
        self._smooth = np.repeat([m.smooth for m in meshes], sizes)
        self._texels = Texels(surfaces)
        self._gloss = np.array([s.gloss for s in surfaces], np.float32)
        self._emission = np.array([s.emission or (0, 0, 0) for s in surfaces], np.float32)
        self._reflects = np.array([[s.emission is None] for s in surfaces], np.float32)
        self.mean_albedo: Floats = np.mean([mean_albedo(s) for s in surfaces], 0)

    def _lay_out(self, meshes: list[Mesh]) -> None:
        num_vertices, num_triangles = (
            sum(map(len, each)) for each in zip(*((m.vertices, m.triangles) for m in meshes), strict=True)
        )
        self._vertices, self._normals = (np.empty((num_vertices, 3), np.float32) for _ in range(2))
        self._corners, self._flat = np.empty((num_triangles, 3), np.uint32), np.empty((num_triangles, 3), np.float32)
        self._density = np.empty(num_triangles, np.float32)
        v, t = 0, 0
        for mesh in meshes:
            height, width = mesh.surface.texture.shape[:2]
            its, own = slice(v, v + len(mesh.vertices)), slice(t, t + len(mesh.triangles))
            self._vertices[its], self._corners[own] = mesh.vertices, mesh.triangles + v
            triangles.lay_out(
                self._vertices[its],
                np.ascontiguousarray(mesh.triangles, np.int64),
                np.ascontiguousarray(mesh.uv, np.float32),
                height * width,
                self._normals[its],
                self._flat[own],
                self._density[own],
            )
            v, t = its.stop, own.stop

    def first(self, origins: Floats, directions: Floats) -> First:
        """What (n, 3) rays with unit directions meet first, through what their numbers let them pass."""
        hit = First(*self.tree.closest(origins, directions))
        asked = np.arange(len(hit.triangle)) if self._texels.any_see_through else np.zeros(0, np.int64)
        for _ in range(_MOST_LAYERS):
            asked = asked[hit.triangle[asked] >= 0]
            asked = asked[self._texels.see_through[self._surface[hit.triangle[asked]]]]
            there = hit.some(asked)
            uv = triangles.uv_at(there.triangle, there.u, there.v, self._uv)
            passing = ~self._texels.stop(self._surface[there.triangle], uv, asked)
            asked, past = asked[passing], there.distance[passing] + np.float32(_LAYER_M)
            if not len(asked):
                break
            onward = self.tree.closest(origins[asked] + directions[asked] * past[:, None], directions[asked])
            hit.triangle[asked], hit.u[asked], hit.v[asked] = onward[0], onward[2], onward[3]
            hit.distance[asked] = past + onward[1]
        return hit

    def hides(self, origins: Floats, directions: Floats, distances: Floats) -> Bools:
        """Whether something opaque lies on each ray (n, 3) nearer than its distance (n,); (n,)."""
        if not self._texels.any_see_through:
            return self.tree.blocked(origins, directions, distances)
        hit = self.first(origins, directions)
        return (hit.triangle >= 0) & (hit.distance < distances)

    def trace(self, origins: Floats, directions: Floats, spread: float) -> Hits:
        """First hits of (n, 3) rays with unit directions, with all that shading needs.

        A ray sees the mean of what lies within `spread` metres a metre of its way.
        """
        return self.described(self.first(origins, directions), origins, directions, spread)

    def described(self, hit: First, origins: Floats, directions: Floats, spread: float) -> Hits:
        """All that shading needs of what rays met."""
        normal, facing = triangles.normals_at(
            (hit.triangle, hit.u, hit.v), directions, self._corners, self._smooth, self._flat, self._normals
        )
        level = triangles.levels_at(hit.triangle, hit.distance, spread, self._density, self._surface)
        texture = self._texels.seen(level, triangles.uv_at(hit.triangle, hit.u, hit.v, self._uv))
        found = hit.triangle >= 0
        surface = self._surface[hit.triangle]
        reach = np.where(found, hit.distance, np.float32(0))
        return Hits(
            found,
            reach,
            origins + directions * reach[:, None],
            normal,
            facing,
            texture * self._reflects[surface],
            texture * self._emission[surface],
            self._gloss[surface] * found,
        )
