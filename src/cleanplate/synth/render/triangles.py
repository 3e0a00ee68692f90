"""Loops over triangles and over hits on them."""

import math

import numpy as np

from cleanplate.synth.geometry.vectors import Bools, Floats, Ints
from cleanplate.synth.render.compiled import compiled

MOST_LEVELS = 8
"""How many sizes of a texture there are at most, each half the one before."""


@compiled
def lay_out(
    vertices: Floats, triangles: Ints, uv: Floats, num_texels: int, normals: Floats, flat: Floats, density: Floats
) -> None:
    """Fill in a mesh's vertex normals (n, 3), and its triangles' normals (m, 3) and texels per metre (m,)."""
    normals[:] = 0
    for t in range(len(triangles)):
        i, j, k = triangles[t]
        px, py, pz = _difference(vertices, j, i)
        qx, qy, qz = _difference(vertices, k, i)
        x, y, z = py * qz - pz * qy, pz * qx - px * qz, px * qy - py * qx
        area = max(math.sqrt(x * x + y * y + z * z), 1e-20)
        flat[t, 0], flat[t, 1], flat[t, 2] = x / area, y / area, z / area
        a, b, c = uv[t, 0], uv[t, 1], uv[t, 2]
        stretch = abs((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))
        density[t] = math.sqrt(stretch * num_texels / area)
        for corner in (i, j, k):
            normals[corner, 0] += x
            normals[corner, 1] += y
            normals[corner, 2] += z
    for i in range(len(normals)):
        x, y, z = normals[i]
        length = math.sqrt(x * x + y * y + z * z)
        if length > 0:
            normals[i, 0], normals[i, 1], normals[i, 2] = x / length, y / length, z / length


@compiled
def _difference(points: Floats, i: int, j: int) -> tuple[float, float, float]:
    return points[i, 0] - points[j, 0], points[i, 1] - points[j, 1], points[i, 2] - points[j, 2]


@compiled
def normals_at(
    hit: tuple[Ints, Floats, Floats], directions: Floats, corners: Ints, smooth: Bools, flat: Floats, normals: Floats
) -> tuple[Floats, Floats]:
    """Smooth and flat normals (n, 3) toward where the rays come from; the flat one where the smooth one looks away.

    `hit` is the triangle's number, -1 for none, and barycentric u and v, each (n,).
    """
    n = len(directions)
    normal, facing = np.zeros((n, 3), np.float32), np.zeros((n, 3), np.float32)
    triangle, us, vs = hit
    for i in range(n):
        t = triangle[i]
        if t < 0:
            continue
        dx, dy, dz = directions[i]
        fx, fy, fz = flat[t]
        side = np.float32(-1 if fx * dx + fy * dy + fz * dz > 0 else 1)
        facing[i, 0], facing[i, 1], facing[i, 2] = side * fx, side * fy, side * fz
        normal[i] = facing[i]
        if smooth[t]:
            a, b, c = normals[corners[t, 0]], normals[corners[t, 1]], normals[corners[t, 2]]
            u, v, w = side * us[i], side * vs[i], side * (1 - us[i] - vs[i])
            x, y, z = (
                a[0] * w + b[0] * u + c[0] * v,
                a[1] * w + b[1] * u + c[1] * v,
                a[2] * w + b[2] * u + c[2] * v,
            )
            length = max(math.sqrt(x * x + y * y + z * z), 1e-20)
            if x * dx + y * dy + z * dz <= -0.02 * length < 0:
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
