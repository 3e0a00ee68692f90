"""Fewer triangles for a mesh whose vertices must stay what they are.

A vertex is only ever merged into a neighbour, so that what is known about the vertices that stay stays true: shape
spaces, skinning weights, texture coordinates. The order follows the quadric error of M. Garland and P. S. Heckbert,
"Surface Simplification Using Quadric Error Metrics" (SIGGRAPH 1997).
"""

import heapq
from typing import Any

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Indices = NDArray[np.int64]

_LENGTH_WEIGHT = 5e-4
"""Prefers short edges: 3 cm of edge cost as much as a deviation of about 1 mm, so that joints keep enough rings."""


def decimate(
    vertices: Doubles, triangles: Indices, triangles_uv: Indices, *, num_triangles: int, care: Doubles | None = None
) -> tuple[Indices, Indices]:
    """Merge vertices until about `num_triangles` are left.

    Outlines and seams of the texture stay untouched, so the number may not be reached.

    Args:
        vertices: (n, 3) metres.
        triangles: (m, 3).
        triangles_uv: (m, 3) numbers of texture coordinates.
        num_triangles: when to stop.
        care: (n,) factor on the cost of losing each vertex; None = 1.

    Returns:
        The triangles that are left: numbers of vertices (k, 3), and of texture coordinates (k, 3).

    """
    care = np.ones(len(vertices)) if care is None else care
    wedges, corner = np.unique(np.stack([triangles.ravel(), triangles_uv.ravel()], -1), axis=0, return_inverse=True)
    mesh = _Mesh(vertices[wedges[:, 0]], corner.reshape(-1, 3), care[wedges[:, 0]])
    mesh.shrink(num_triangles)
    left = mesh.triangles()
    return wedges[left, 0], wedges[left, 1]


class _Mesh:
    """Triangles around every vertex, and the queue of merges by cost; stale entries of the queue are skipped."""

    def __init__(self, points: Doubles, triangles: Indices, care: Doubles) -> None:
        self.points = points.tolist()
        self.faces: dict[int, tuple[int, int, int]] = {
            i: (int(a), int(b), int(c)) for i, (a, b, c) in enumerate(triangles) if len({int(a), int(b), int(c)}) == 3
        }
        self.around: list[set[int]] = [set() for _ in range(len(points))]
        for index, face in self.faces.items():
            for vertex in face:
                self.around[vertex].add(index)
        self.locked = self._outline()
        self.care = care.tolist()
        self.quadrics = self._quadrics(points, triangles)
        self.version = [0] * len(points)
        self.queue: list[tuple[float, int, int, int]] = []
        for vertex in range(len(points)):
            self._offer(vertex)

    def triangles(self) -> Indices:
        return np.array([self.faces[i] for i in sorted(self.faces)], np.int64)

    def shrink(self, num_triangles: int) -> None:
        while len(self.faces) > num_triangles and self.queue:
            _, gone, kept, version = heapq.heappop(self.queue)
            if version != self.version[gone] or not self.around[gone]:
                continue
            if kept not in self._neighbours(gone) or not self._allowed(gone, kept):
                continue
            self._merge(gone, kept)

    def _merge(self, gone: int, kept: int) -> None:
        touched = self._neighbours(gone)
        for index in sorted(self.around[gone]):
            face = self.faces[index]
            for vertex in face:
                self.around[vertex].discard(index)
            if kept in face:
                del self.faces[index]
                continue
            a, b, c = (kept if vertex == gone else vertex for vertex in face)
            self.faces[index] = (a, b, c)
            for vertex in (a, b, c):
                self.around[vertex].add(index)
        self.quadrics[kept] = self.quadrics[kept] + self.quadrics[gone]
        for vertex in sorted(touched):
            self.version[vertex] += 1
            self._offer(vertex)

    def _offer(self, gone: int) -> None:
        """Queue the cheapest three ways to be rid of a vertex."""
        if self.locked[gone]:
            return
        q = self.quadrics[gone]
        offers: list[tuple[float, int]] = []
        for kept in self._neighbours(gone):
            x, y, z = self.points[kept]
            p = np.array([x, y, z, 1.0])
            length = sum((a - b) ** 2 for a, b in zip(self.points[gone], self.points[kept], strict=True))
            cost = (abs(float((p * (q * p).sum(1)).sum())) + _LENGTH_WEIGHT * length**2) * self.care[gone]
            offers.append((round(cost, 18), kept))
        for cost, kept in sorted(offers)[:3]:
            heapq.heappush(self.queue, (cost, gone, kept, self.version[gone]))

    def _allowed(self, gone: int, kept: int) -> bool:
        """No fold, no flipped and no needle-like triangle."""
        if len(self._neighbours(gone) & self._neighbours(kept)) != 2:
            return False
        for index in self.around[gone]:
            face = self.faces[index]
            if kept in face:
                continue
            before = self._normal(face)
            after = self._normal(tuple(kept if v == gone else v for v in face))
            lengths = _length(before) * _length(after)
            if lengths < 1e-16 or sum(a * b for a, b in zip(before, after, strict=True)) < 0.3 * lengths:
                return False
        return True

    def _neighbours(self, vertex: int) -> set[int]:
        return {v for index in self.around[vertex] for v in self.faces[index]} - {vertex}

    def _normal(self, face: tuple[int, ...]) -> tuple[float, float, float]:
        (ax, ay, az), (bx, by, bz), (cx, cy, cz) = (self.points[v] for v in face)
        ux, uy, uz, vx, vy, vz = bx - ax, by - ay, bz - az, cx - ax, cy - ay, cz - az
        return uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx

    def _outline(self) -> list[bool]:
        """Vertices on edges that have not exactly two triangles."""
        count: dict[tuple[int, int], int] = {}
        for face in self.faces.values():
            for a, b in ((face[0], face[1]), (face[1], face[2]), (face[2], face[0])):
                key = (min(a, b), max(a, b))
                count[key] = count.get(key, 0) + 1
        locked = [False] * len(self.points)
        for (a, b), number in count.items():
            if number != 2:
                locked[a] = locked[b] = True
        return locked

    def _quadrics(self, points: Doubles, triangles: Indices) -> list[NDArray[Any]]:
        """Sums of the squared distances to the planes around each vertex, weighted by a third of their areas."""
        a, b, c = (points[triangles[:, i]] for i in range(3))
        cross = np.cross(b - a, c - a)
        double_area = np.sqrt((cross * cross).sum(-1))
        normal = cross / np.maximum(double_area, 1e-12)[:, None]
        plane = np.concatenate([normal, -(normal * a).sum(-1, keepdims=True)], 1)
        each = plane[:, :, None] * plane[:, None, :] * (double_area / 6)[:, None, None]
        total = np.zeros((len(points), 4, 4))
        for corner in range(3):
            np.add.at(total, triangles[:, corner], each)
        return list(total)


def _length(vector: tuple[float, float, float]) -> float:
    return (vector[0] ** 2 + vector[1] ** 2 + vector[2] ** 2) ** 0.5
