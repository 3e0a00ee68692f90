"""Loops over triangles and over hits on them."""

import math

import numpy as np

from cleanplate.synth.geometry.vectors import Bools, Floats, Ints
from cleanplate.synth.render.compiled import compiled

MOST_LEVELS = 8
"""How many sizes of a texture there are at most, each half the one before."""


@compiled
def lay_out(
    vertices: Floats, triangles: Ints, uv: Floats, num_texels: int, smooth: bool
) -> tuple[Floats, Floats, Floats, Floats]:
    """Corners (m, 3, 3), flat normals (m, 3), corner normals (m, 3, 3) and texels per metre (m,) of a mesh."""
    m = len(triangles)
    corners, normals = np.empty((m, 3, 3), np.float32), np.empty((m, 3, 3), np.float32)
    flat, density = np.empty((m, 3), np.float32), np.empty(m, np.float32)
    total = np.zeros(vertices.shape, np.float32)
    for t in range(m):
        for k in range(3):
            for c in range(3):
                corners[t, k, c] = vertices[triangles[t, k], c]
        px, py, pz = _difference(corners[t], 1)
        qx, qy, qz = _difference(corners[t], 2)
        x, y, z = py * qz - pz * qy, pz * qx - px * qz, px * qy - py * qx
        area = max(math.sqrt(x * x + y * y + z * z), 1e-20)
        flat[t, 0], flat[t, 1], flat[t, 2] = x / area, y / area, z / area
        a, b, c = uv[t, 0], uv[t, 1], uv[t, 2]
        stretch = abs((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))
        density[t] = math.sqrt(stretch * num_texels / area)
        for k in range(3):
            normals[t, k] = flat[t]
            corner = total[triangles[t, k]]
            corner[0] += x
            corner[1] += y
            corner[2] += z
    if smooth:
        _share_normals(total, triangles, normals)
    return corners, flat, normals, density


@compiled
def _difference(corners: Floats, k: int) -> tuple[float, float, float]:
    return corners[k, 0] - corners[0, 0], corners[k, 1] - corners[0, 1], corners[k, 2] - corners[0, 2]


@compiled
def _share_normals(total: Floats, triangles: Ints, normals: Floats) -> None:
    for t in range(len(triangles)):
        for k in range(3):
            x, y, z = total[triangles[t, k]]
            length = math.sqrt(x * x + y * y + z * z)
            if length > 1e-20:
                normals[t, k, 0], normals[t, k, 1], normals[t, k, 2] = x / length, y / length, z / length


@compiled
def normals_at(
    triangle: Ints, u: Floats, v: Floats, directions: Floats, flat: Floats, corner_normals: Floats
) -> tuple[Floats, Floats]:
    """Smooth and flat normals (n, 3) toward where the rays come from; the flat one where the smooth one looks away."""
    n = len(triangle)
    normal, facing = np.zeros((n, 3), np.float32), np.zeros((n, 3), np.float32)
    for i in range(n):
        t = triangle[i]
        if t < 0:
            continue
        dx, dy, dz = directions[i]
        fx, fy, fz = flat[t]
        side = np.float32(-1 if fx * dx + fy * dy + fz * dz > 0 else 1)
        facing[i, 0], facing[i, 1], facing[i, 2] = side * fx, side * fy, side * fz
        a, b, c = corner_normals[t, 0], corner_normals[t, 1], corner_normals[t, 2]
        w = 1 - u[i] - v[i]
        x = side * (a[0] * w + b[0] * u[i] + c[0] * v[i])
        y = side * (a[1] * w + b[1] * u[i] + c[1] * v[i])
        z = side * (a[2] * w + b[2] * u[i] + c[2] * v[i])
        length = max(math.sqrt(x * x + y * y + z * z), 1e-20)
        if (x * dx + y * dy + z * dz) / length > -0.02:
            normal[i] = facing[i]
        else:
            normal[i, 0], normal[i, 1], normal[i, 2] = x / length, y / length, z / length
    return normal, facing


@compiled
def uv_at(triangle: Ints, u: Floats, v: Floats, corner_uv: Floats) -> Floats:
    """Texture coordinates (n, 2) of hits."""
    out = np.zeros((len(triangle), 2), np.float32)
    for i in range(len(triangle)):
        t = triangle[i]
        if t >= 0:
            w = 1 - u[i] - v[i]
            for c in range(2):
                out[i, c] = corner_uv[t, 0, c] * w + corner_uv[t, 1, c] * u[i] + corner_uv[t, 2, c] * v[i]
    return out


@compiled
def levels_at(triangle: Ints, distance: Floats, spread: float, density: Floats, surface: Ints) -> Ints:
    """Which size of which texture to look at: surface * MOST_LEVELS + level, (n,); -1 where nothing was hit.

    A level is drawn from the two around the footprint's size (in a fixed order), so that no line shows between them.
    """
    out = np.full(len(triangle), -1, np.int32)
    for i in range(len(triangle)):
        t = triangle[i]
        if t >= 0:
            texels = max(density[t] * distance[i] * spread, 1.0)
            dither = (i * 0.6180339887498949) % 1.0
            out[i] = surface[t] * MOST_LEVELS + min(int(math.log2(texels) + dither), MOST_LEVELS - 1)
    return out


@compiled
def grouped(key: Ints, num_keys: int) -> tuple[Ints, Ints]:
    """Indices of all keys (n,) that are not negative, in the order of their keys, and where each key starts."""
    start = np.zeros(num_keys + 1, np.int64)
    for k in key:
        if k >= 0:
            start[k + 1] += 1
    for k in range(num_keys):
        start[k + 1] += start[k]
    place, order = start[:-1].copy(), np.empty(start[-1], np.int64)
    for i in range(len(key)):
        k = key[i]
        if k >= 0:
            order[place[k]] = i
            place[k] += 1
    return order, start


@compiled
def look_up(texture: Floats, which: Ints, uv: Floats, out: Floats) -> None:
    """Fill in out[which] (n, c) from a (h, w, c) texture: bilinear, repeating; v points up."""
    height, width, channels = texture.shape
    for i in which:
        x, y = uv[i, 0] * width - 0.5, (1 - uv[i, 1]) * height - 0.5
        left, top = math.floor(x), math.floor(y)
        fx, fy = x - left, y - top
        x0, y0 = int(left) % width, int(top) % height
        x1 = x0 + 1 if x0 + 1 < width else 0
        y1 = y0 + 1 if y0 + 1 < height else 0
        for c in range(channels):
            above = texture[y0, x0, c] * (1 - fx) + texture[y0, x1, c] * fx
            below = texture[y1, x0, c] * (1 - fx) + texture[y1, x1, c] * fx
            out[i, c] = above * (1 - fy) + below * fy


@compiled
def stopped(opacity: Floats, which: Ints, uv: Floats, ray: Ints, out: Bools) -> None:
    """Fill in out[which]: whether an opacity (h, w) stops rays, by number; of 16 rays in a row a share of that opacity.

    Which of them depends on the texel, so that two layers do not stop the same ones.
    """
    height, width = opacity.shape
    for i in which:
        x, y = float(uv[i, 0]) * width, (1 - float(uv[i, 1])) * height
        column, row = math.floor(x) % width, math.floor(y) % height
        shift = ((column * 73856093) ^ (row * 19349663)) * 2654435761 & 0xFFFFFFFF
        threshold = (ray[i] * 0.6180339887498949 + shift / 4294967296.0) % 1.0
        out[i] = opacity[row, column] > max(threshold, 0.05)
