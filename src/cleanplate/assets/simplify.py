"""Fewer triangles with the same materials and texture coordinates, and vertices parted along creases."""

from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np

from cleanplate.assets.wavefront import Model, welded
from cleanplate.errors import MissingExtraError
from cleanplate.synth.geometry.vectors import Bools, Floats, Ints, unit

_CREASE = float(np.cos(np.deg2rad(40)))
"""Neighbouring triangles whose normals differ by more than 40 degrees share no vertices: an edge, not a curve."""

_FARTHEST = 0.05
"""How far the surface may move, in parts of the model's size."""


def simplified(model: Model, num_triangles: int, foliage: bool = False) -> Model:
    """The model with about `num_triangles` triangles at most, without double vertices, backs and triangles of no area.

    Edges are collapsed onto vertices that are there (meshoptimizer, MIT), so that texture coordinates stay exact; where
    texture or material change, vertices are apart and the seam is kept. Where there are
    too many small parts, the smallest vanish; of `foliage` any vanish, and the others grow.
    """
    vertices, index = welded(model.vertices)
    triangles = index[model.triangles]
    real = (_areas(vertices[triangles]) > 0) & _first_of_kind(np.sort(triangles, 1))
    whole = replace(
        model, vertices=vertices, triangles=triangles[real], uv=model.uv[real], material=model.material[real]
    )
    if len(whole.triangles) <= num_triangles:
        return whole
    simpler = _collapsed(whole, num_triangles, 0)
    if len(simpler.triangles) <= 1.3 * num_triangles:
        return simpler
    if foliage:
        return _thinned(simpler, num_triangles)
    return _collapsed(whole, num_triangles, _meshoptimizer().SIMPLIFY_PRUNE)


def _first_of_kind(rows: Ints) -> Bools:
    """Which rows (n, k) do not repeat an earlier one: a sheet modelled from both sides is there once."""
    first = np.zeros(len(rows), bool)
    first[np.unique(rows, axis=0, return_index=True)[1]] = True
    return first


def _collapsed(model: Model, num_triangles: int, options: int) -> Model:
    corner = np.concatenate(
        [model.triangles.reshape(-1, 1), np.repeat(model.material, 3)[:, None], _steps(model).reshape(-1, 2)], 1
    )
    looks, first, index = np.unique(corner, axis=0, return_index=True, return_inverse=True)
    indices = np.ascontiguousarray(index.reshape(-1), np.uint32)
    out = np.zeros_like(indices)
    count = _meshoptimizer().simplify(
        out,
        indices,
        np.ascontiguousarray(model.vertices[looks[:, 0]], np.float32),
        target_index_count=3 * num_triangles,
        target_error=_FARTHEST,
        options=options,
    )
    kept = out[:count].reshape(-1, 3)
    uv = model.uv.reshape(-1, 2)[first]
    simpler = Model(model.vertices, looks[kept, 0], uv[kept], looks[kept[:, 0], 1], model.materials)
    real = _areas(simpler.vertices[simpler.triangles]) > 0
    return replace(simpler, triangles=simpler.triangles[real], uv=simpler.uv[real], material=simpler.material[real])


def _steps(model: Model) -> Ints:
    """Texture coordinates (m, 3, 2) as whole numbers that are equal where the texture goes on; 0 without a texture."""
    textured = np.array([bool(material.picture) for material in model.materials])[model.material]
    return np.where(textured[:, None, None], np.round(model.uv * 4096), 0).astype(np.int64)


def _meshoptimizer() -> Any:
    try:
        return import_module("meshoptimizer")
    except ImportError as error:
        raise MissingExtraError("cleanplate assets", "assets", "meshoptimizer") from error


def _thinned(model: Model, num_triangles: int) -> Model:
    """Of many small separate pieces only some, enlarged so that they cover about as much."""
    num, label = _pieces(model)
    size = np.bincount(label, minlength=num)
    small = size < 60
    spare = max(num_triangles - int(size[~small].sum()), num_triangles // 3)
    share = min(spare / max(int(size[small].sum()), 1), 1.0)
    kept = ~small | (np.random.default_rng(0).random(num) < share)
    owner = np.full(len(model.vertices), num)
    owner[model.triangles] = label[:, None]
    count = np.maximum(np.bincount(owner, minlength=num + 1), 1)
    middle = np.stack([np.bincount(owner, model.vertices[:, axis]) / count for axis in range(3)], -1)[owner]
    reach = np.zeros(num + 1)
    np.maximum.at(reach, owner, np.linalg.norm(model.vertices - middle, axis=1))
    leaf = np.append(small, False) & (reach < 0.08 * np.ptp(model.vertices, axis=0).max())
    grown = middle + (model.vertices - middle) * min(share**-0.5, 3.0)
    vertices = np.where(leaf[owner][:, None], grown, model.vertices).astype(np.float32)
    own = kept[label]
    return replace(
        model, vertices=vertices, triangles=model.triangles[own], uv=model.uv[own], material=model.material[own]
    )


def _pieces(model: Model) -> tuple[int, Ints]:
    """How many separate pieces a welded model has, and which one every triangle (m,) belongs to."""
    a, b, c = model.triangles.T
    rows, columns = np.concatenate([a, b]), np.concatenate([b, c])
    label = _connected(rows, columns, len(model.vertices))
    used, index = np.unique(label[a], return_inverse=True)
    return len(used), index


def creased(vertices: Floats, triangles: Ints) -> tuple[Floats, Ints, bool]:
    """Give every smooth patch vertices of its own.

    Args:
        vertices: (n, 3) without repetitions.
        triangles: (m, 3).

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
    label = _connected(rows, columns, 3 * num)
    _, first, index = np.unique(label, return_index=True, return_inverse=True)
    return vertices[triangles.reshape(-1)[first]], index.reshape(num, 3), curved


def _connected(rows: Ints, columns: Ints, count: int) -> Ints:
    """(count,) the same number for all that links (rows, columns) join."""
    sparse: Any = import_module("scipy.sparse")  # it has no types
    search: Any = import_module("scipy.sparse.csgraph")
    graph = sparse.coo_matrix((np.ones(len(rows), np.int8), (rows, columns)), shape=(count, count))
    return search.connected_components(graph, directed=False)[1]


def _corner(triangles: Ints, vertex: Ints) -> Ints:
    return np.argmax(triangles == vertex[:, None], 1)


def _areas(corners: Floats) -> Floats:
    return np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=-1) / 2


def _normals(corners: Floats) -> Floats:
    return unit(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))
