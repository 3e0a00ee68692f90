"""Fewer triangles, with the materials and texture coordinates of the many, and vertices parted along creases."""

from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from cleanplate.assets.wavefront import Model, welded
from cleanplate.errors import MissingExtraError
from cleanplate.synth.geometry.vectors import Floats, Ints, unit

_FOLIAGE = 250
"""A model in more separate pieces than this is taken for leaves."""

_CREASE = float(np.cos(np.deg2rad(40)))
"""Neighbouring triangles whose normals differ by more than 40 degrees share no vertices: an edge, not a curve."""


def simplified(model: Model, num_triangles: int) -> Model:
    """The model with at most about `num_triangles` triangles; without double vertices and triangles of no area.

    Quadric edge collapse moves the surface; every new triangle then takes the material and the texture mapping of the
    old triangle nearest to it in place and direction.
    """
    vertices, index = welded(model.vertices)
    triangles = index[model.triangles]
    real = _areas(vertices[triangles]) > 0
    old = replace(model, vertices=vertices, triangles=triangles[real], uv=model.uv[real], material=model.material[real])
    if len(old.triangles) <= num_triangles:
        return old
    if _pieces(old)[0] > _FOLIAGE:
        old = _thinned(old, num_triangles)
    points, faces = _collapsed(old, num_triangles)
    if len(faces) > 1.3 * num_triangles:
        points, faces = _clustered(points, faces, num_triangles)
    return _painted_like(old, points, faces)


def _collapsed(model: Model, num_triangles: int) -> tuple[Floats, Ints]:
    """Vertices and triangles after edge collapse; it may stop early, at flaps and borders."""
    collapse: Any = _fast_simplification()
    points, faces = model.vertices, model.triangles
    for strength in (7, 7, 9):
        points, faces = collapse.simplify(
            points.astype(np.float32), faces.astype(np.int32), target_count=num_triangles, agg=strength
        )
        points, index = welded(np.asarray(points, np.float32))
        faces = _real(points, index[faces])
        if len(faces) <= num_triangles:
            break
    return points, faces


def _clustered(points: Floats, faces: Ints, num_triangles: int) -> tuple[Floats, Ints]:
    """Vertices moved to the means of the cells of a grid just coarse enough."""
    low, span = points.min(0), float(np.ptp(points, axis=0).max())
    for cells in range(160, 8, -8):
        cell = np.floor((points - low) / span * cells).astype(np.int64)
        _, index = np.unique(cell, axis=0, return_inverse=True)
        index = index.reshape(-1)
        count = np.bincount(index)
        means = np.stack([np.bincount(index, points[:, axis]) / count for axis in range(3)], -1).astype(np.float32)
        kept = _real(means, index[faces])
        if len(kept) <= num_triangles:
            return means, kept
    return points, faces


def _thinned(model: Model, num_triangles: int) -> Model:
    """Foliage: of many small separate pieces only some, enlarged so that they cover about as much."""
    num, label = _pieces(model)
    size = np.bincount(label, minlength=num)
    share = max(1.5 * num_triangles / len(model.triangles), 1 / 6)
    if share >= 1:
        return model
    small = size < 200
    kept = ~small | (np.random.default_rng(0).random(num) < share)
    triangles = model.triangles[kept[label]]
    owner = np.zeros(len(model.vertices), np.int64)
    owner[model.triangles] = label[:, None]
    count = np.maximum(np.bincount(owner, minlength=num), 1)
    middle = np.stack([np.bincount(owner, model.vertices[:, axis], num) / count for axis in range(3)], -1)[owner]
    grown = middle + (model.vertices - middle) * min(share**-0.5, 2.2)
    vertices = np.where(small[owner][:, None], grown, model.vertices).astype(np.float32)
    own = kept[label]
    return replace(model, vertices=vertices, triangles=triangles, uv=model.uv[own], material=model.material[own])


def _pieces(model: Model) -> tuple[int, Ints]:
    """How many separate pieces a welded model has, and which one every triangle (m,) belongs to."""
    a, b, c = model.triangles.T
    rows, columns = np.concatenate([a, b]), np.concatenate([b, c])
    size = (len(model.vertices), len(model.vertices))
    _, label = connected_components(coo_matrix((np.ones(len(rows), np.int8), (rows, columns)), size), False)
    used, index = np.unique(label[a], return_inverse=True)
    return len(used), index


def _real(points: Floats, faces: Ints) -> Ints:
    """Without triangles that have no area."""
    return faces[_areas(points[faces]) > 0]


def _fast_simplification() -> Any:  # noqa: ANN401 - the package has no types
    try:
        return import_module("fast_simplification")
    except ImportError as error:
        raise MissingExtraError("cleanplate assets", "assets", "fast-simplification") from error


def _painted_like(old: Model, points: Floats, faces: Ints) -> Model:
    """New triangles with material and texture coordinates of the old ones that lie there."""
    corners = old.vertices[old.triangles]
    span = float(np.ptp(old.vertices, axis=0).max())
    spots, owner = _spread(corners, 60000)
    tree = cKDTree(np.concatenate([spots / span, 0.05 * _normals(corners)[owner]], 1))
    new = points[faces]
    _, nearest = tree.query(np.concatenate([new.mean(1) / span, 0.05 * _normals(new)], 1))
    source = owner[np.asarray(nearest)]
    weight = np.clip(_barycentric(corners[source], new), -1, 2)
    uv = np.einsum("mkc,mcd->mkd", weight, old.uv[source])
    return Model(points, faces, uv.astype(np.float32), old.material[source], old.materials)


def _spread(corners: Floats, count: int) -> tuple[Floats, Ints]:
    """Points over triangles (m, 3, 3) in proportion to area, at least one on each: (k, 3) and whose they are (k,)."""
    area = _areas(corners)
    times = 1 + np.floor(area / area.sum() * count).astype(np.int64)
    owner = np.repeat(np.arange(len(corners)), times)
    rng = np.random.default_rng(0)
    u, v = rng.random((2, len(owner)))
    folded = u + v > 1
    u, v = np.where(folded, 1 - u, u), np.where(folded, 1 - v, v)
    a, b, c = (corners[owner, k] for k in range(3))
    return (a + u[:, None] * (b - a) + v[:, None] * (c - a)).astype(np.float32), owner


def _barycentric(corners: Floats, points: Floats) -> Floats:
    """Weights (m, k, 3) of triangles' corners (m, 3, 3) at points (m, k, 3), projected onto the triangles' planes."""
    a = corners[:, :1].astype(np.float64)
    e1, e2 = corners[:, 1:2] - a, corners[:, 2:] - a
    d11, d12, d22 = (np.sum(x * y, -1) for x, y in ((e1, e1), (e1, e2), (e2, e2)))
    p1, p2 = np.sum((points - a) * e1, -1), np.sum((points - a) * e2, -1)
    det = np.maximum(d11 * d22 - d12**2, 1e-18)
    v, w = (d22 * p1 - d12 * p2) / det, (d11 * p2 - d12 * p1) / det
    return np.stack([1 - v - w, v, w], -1).astype(np.float32)


def creased(vertices: Floats, triangles: Ints) -> tuple[Floats, Ints, bool]:
    """Give every smooth patch vertices of its own.

    Args:
        vertices: (n, 3) without repetitions. triangles: (m, 3).

    Returns:
        Vertices (k, 3), triangles (m, 3) of the same shape, and whether anything is curved at all.

    """
    num = len(triangles)
    edges = np.sort(np.stack([triangles, np.roll(triangles, -1, 1)], -1).reshape(-1, 2), 1)
    owner = np.repeat(np.arange(num), 3)
    order = np.lexsort((edges[:, 1], edges[:, 0]))
    pairs = np.flatnonzero((edges[order][1:] == edges[order][:-1]).all(1))
    one, two = owner[order[pairs]], owner[order[pairs + 1]]
    normals = _normals(vertices[triangles])
    cosine = np.sum(normals[one] * normals[two], -1)
    soft = cosine > _CREASE
    curved = bool((soft & (cosine < np.cos(np.deg2rad(1)))).any())
    one, two, shared = one[soft], two[soft], edges[order[pairs[soft]]]
    links = [
        (3 * one + _corner(triangles[one], shared[:, side]), 3 * two + _corner(triangles[two], shared[:, side]))
        for side in (0, 1)
    ]
    rows, columns = (np.concatenate([link[k] for link in links]) for k in (0, 1))
    graph = coo_matrix((np.ones(len(rows), np.int8), (rows, columns)), shape=(3 * num, 3 * num))
    _, label = connected_components(graph, directed=False)
    patches, first, index = np.unique(label, return_index=True, return_inverse=True)
    del patches
    return vertices[triangles.reshape(-1)[first]], index.reshape(num, 3), curved


def _corner(triangles: Ints, vertex: Ints) -> Ints:
    return np.argmax(triangles == vertex[:, None], 1)


def _areas(corners: Floats) -> Floats:
    return np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=-1) / 2


def _normals(corners: Floats) -> Floats:
    return unit(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))
