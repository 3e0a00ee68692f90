"""Loops over rays of light, and the numbers that stand for chance in them.

A draw is a function of the seed, what is drawn, and the ray's code: the place of its pixel on a curve that fills the
picture. It does not depend on what other rays do, so that two scenes that differ in one thing share all other noise.
Along the curve draws follow the R2 sequence (M. Roberts, "The unreasonable effectiveness of quasirandom sequences",
2018): neighbours complement each other, and little smoothing is needed.
"""

import math
from functools import cache

import numpy as np

from cleanplate.synth.geometry.vectors import Bools, Floats, Ints
from cleanplate.synth.render.compiled import compiled
from cleanplate.synth.render.embree import occlude

_LIFT_M = np.float32(2e-3)
"""How far a secondary ray starts off its surface."""

FAR_M = 1e4
"""How far away the sky is."""

_SUN = 2000
"""The number of what is drawn for the sun in the sky; lamps have the numbers from 0 on."""

_STEP = 2.0**-24
"""Between neighbouring draws."""

_NEARER_M = np.float32(0.03)
"""How far before a lamp what blocks it must lie: lamps glow behind their lights."""


@cache
def curve_codes(size_hw: tuple[int, int]) -> Ints:
    """Every pixel's place (h * w,) on a Hilbert curve through a picture of that size."""
    return _hilbert(size_hw[0], size_hw[1], max(size_hw[0] - 1, size_hw[1] - 1, 1).bit_length())


@cache
def owners(size_hw: tuple[int, int], times: int) -> Ints:
    """For every pixel of a picture `times` as high and wide the number of the pixel (h, w) that it lies in, int32."""
    h, w = size_hw
    return np.arange(h * w, dtype=np.int32).reshape(h, w).repeat(times, 0).repeat(times, 1).reshape(-1)


@compiled
def _hilbert(height: int, width: int, num_bits: int) -> Ints:
    out = np.empty(height * width, np.int64)
    for row in range(height):
        for column in range(width):
            x, y, place = column, row, 0
            for bit in range(num_bits - 1, -1, -1):
                right, down = (x >> bit) & 1, (y >> bit) & 1
                place = 4 * place + ((3 * right) ^ down)
                if down == 0:
                    if right == 1:
                        x, y = ~x, ~y
                    x, y = y, x
            out[row * width + column] = place
    return out


@compiled
def scrambled(code: Ints, seed: int) -> Ints:
    """Codes (n,) in no order, for what the pixels' own draws must not be tied to (32-bit mixer by C. Wellons, 2018)."""
    out = np.empty(len(code), np.int64)
    for i in range(len(code)):
        out[i] = _mixed(code[i] ^ _mixed(seed))
    return out


@compiled
def _mixed(x: int) -> int:
    x &= 0xFFFFFFFF
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & 0xFFFFFFFF
    x = ((x ^ (x >> 15)) * 0x846CA68B) & 0xFFFFFFFF
    return x ^ (x >> 16)


@compiled
def _draw(code: int, seed: int, what: int) -> tuple[float, float]:
    """Two numbers in [0, 1)."""
    u = (code * 3242174889 + _mixed(seed + 2 * what)) & 0xFFFFFFFF
    v = (code * 2447445414 + _mixed(seed + 2 * what + 1)) & 0xFFFFFFFF
    return (u >> 8) * _STEP, (v >> 8) * _STEP


@compiled
def picked(num: int, of: int, seed: int) -> Ints:
    """A number below `of` for each of `num`."""
    out = np.empty(num, np.int64)
    for i in range(num):
        out[i] = _mixed(i + _mixed(seed)) % of
    return out


@compiled
def toward_lamps(
    trees: tuple[int, ...], hits: tuple[Bools, Floats, Floats, Floats], code: Ints, lamps: Floats, seed: int
) -> tuple[Ints, Floats, Floats, Floats, Floats]:
    """One ray from every hit to a random point of every lamp, of those that get there past all trees.

    `hits` are found (n,), points, flat and smooth normals (n, 3); `lamps` (k, 12) are origin, side_u, side_v, radiance.
    Returns the hits' numbers (n,), origins (n, 3), directions (n, 3), how far the light is (n,), and irradiance / pi
    (n, 3).
    """
    found, point, facing, normal = hits
    most = np.count_nonzero(found) * len(lamps)
    hit, reach = np.empty(most, np.int32), np.empty(most, np.float32)
    origin, direction = np.empty((most, 3), np.float32), np.empty((most, 3), np.float32)
    brought, ray = np.empty((most, 3), np.float32), _blank_ray()
    n = 0
    for k in range(len(lamps)):
        a, s, t, radiance = lamps[k, :3], lamps[k, 3:6], lamps[k, 6:9], lamps[k, 9:12]
        cx, cy, cz = s[1] * t[2] - s[2] * t[1], s[2] * t[0] - s[0] * t[2], s[0] * t[1] - s[1] * t[0]
        for i in range(len(found)):
            if not found[i]:
                continue
            u, v = _draw(code[i], seed, k)
            o, p, d = origin[n], point[i], direction[n]
            for c in range(3):
                o[c] = p[c] + _LIFT_M * facing[i, c]
                d[c] = a[c] + u * s[c] + v * t[c] - o[c]
            squared = d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
            leaving = -(d[0] * cx + d[1] * cy + d[2] * cz)
            falling = d[0] * normal[i, 0] + d[1] * normal[i, 1] + d[2] * normal[i, 2]
            before = d[0] * facing[i, 0] + d[1] * facing[i, 1] + d[2] * facing[i, 2]
            share = leaving * falling / (np.float32(math.pi) * squared * squared)
            if leaving <= 0 or falling <= 0 or before <= 0 or share < 1e-6:
                continue
            distance = math.sqrt(squared)
            for c in range(3):
                d[c] /= distance
                brought[n, c] = min(share * radiance[c], np.float32(25))
            reach[n] = distance - _NEARER_M
            if _free(trees, ray, o, d, reach[n]):
                hit[n] = i
                n += 1
    return hit[:n], origin[:n], direction[:n], reach[:n], brought[:n]


@compiled
def toward_sun(
    trees: tuple[int, ...],
    hits: tuple[Bools, Floats, Floats, Floats],
    code: Ints,
    sun: tuple[Floats, Floats, Floats],
    seed: int,
) -> tuple[Ints, Floats, Floats, Floats, Floats]:
    """One ray from every hit to a random part of the sun (`sky.Sky.sun`); for the rest like `toward_lamps`."""
    found, point, facing, normal = hits
    brings, directions, shares = sun
    most = np.count_nonzero(found)
    hit, reach = np.empty(most, np.int32), np.full(most, FAR_M, np.float32)
    origin, direction = np.empty((most, 3), np.float32), np.empty((most, 3), np.float32)
    brought, ray = np.empty((most, 3), np.float32), _blank_ray()
    n = 0
    for i in range(len(found)):
        if not found[i]:
            continue
        u, _ = _draw(code[i], seed, _SUN)
        part = min(np.searchsorted(shares, u), len(shares) - 1)
        d = directions[part]
        falling = d[0] * normal[i, 0] + d[1] * normal[i, 1] + d[2] * normal[i, 2]
        before = d[0] * facing[i, 0] + d[1] * facing[i, 1] + d[2] * facing[i, 2]
        if falling <= 0 or before <= 0:
            continue
        for c in range(3):
            origin[n, c], direction[n, c] = point[i, c] + _LIFT_M * facing[i, c], d[c]
            brought[n, c] = min(brings[part, c] * falling, 25.0)
        if _free(trees, ray, origin[n], d, FAR_M):
            hit[n] = i
            n += 1
    return hit[:n], origin[:n], direction[:n], reach[:n], brought[:n]


@compiled
def _blank_ray() -> Floats:
    ray = np.zeros(12, np.float32)  # an RTCRay
    ray.view(np.int32)[9] = -1  # its mask
    return ray


@compiled
def _free(trees: tuple[int, ...], ray: Floats, origin: Floats, direction: Floats, reach: float) -> bool:
    """Whether no tree has a triangle on the way."""
    for tree in trees:
        for c in range(3):
            ray[c], ray[4 + c] = origin[c], direction[c]
        ray[8] = reach
        occlude(tree, ray.ctypes.data, 0)
        if ray[8] < 0:
            return False
    return True


@compiled
def blocked(tree: int, boxes: Floats, origin: Floats, direction: Floats, reach: Floats) -> Ints:
    """The numbers of all rays (n, 3) that a tree, inside boxes (k, 2, 3), stops within their reach (n,)."""
    out, ray = np.empty(len(origin), np.int64), _blank_ray()
    n = 0
    for i in range(len(origin)):
        if _near(boxes, origin[i], direction[i], reach[i]) and not _free(
            (tree,), ray, origin[i], direction[i], reach[i]
        ):
            out[n] = i
            n += 1
    return out[:n]


@compiled
def _near(boxes: Floats, origin: Floats, direction: Floats, reach: float) -> bool:
    for k in range(len(boxes)):
        enter, leave = np.float32(0), reach
        for c in range(3):
            step = np.float32(1) / direction[c] if abs(direction[c]) > 1e-9 else np.float32(1e9)
            a, b = (boxes[k, 0, c] - origin[c]) * step, (boxes[k, 1, c] - origin[c]) * step
            enter, leave = max(enter, min(a, b)), min(leave, max(a, b))
        if enter <= leave:
            return True
    return False


@compiled
def gathered(pixel: Ints, brought: Floats, num: int) -> Floats:
    """Sums (num, 3) of what the rays of every pixel brought (n, 3)."""
    out = np.zeros((num, 3), np.float32)
    for i in range(len(pixel)):
        for c in range(3):
            out[pixel[i], c] += brought[i, c]
    return out


@compiled
def scattered(which: Ints, normal: Floats, code: Ints, seed: int, what: int) -> Floats:
    """Directions (n, 3) about some hits' normals with density cos / pi: the normal plus a random unit vector."""
    out = np.empty((len(which), 3), np.float32)
    for i in range(len(which)):
        x, y, z = _sphere(int(code[which[i]]), seed, what)
        m = normal[which[i]]
        x, y, z = 1.001 * m[0] + x, 1.001 * m[1] + y, 1.001 * m[2] + z
        length = math.sqrt(x * x + y * y + z * z)
        out[i, 0], out[i, 1], out[i, 2] = x / length, y / length, z / length
    return out


@compiled
def _sphere(code: int, seed: int, what: int) -> tuple[float, float, float]:
    u, v = _draw(code, seed, what)
    z = 1 - 2 * u
    flat, angle = math.sqrt(max(1 - z * z, 0.0)), 2 * math.pi * v
    return flat * math.cos(angle), flat * math.sin(angle), z


@compiled
def mirrored(
    which: Ints, directions: Floats, normal: Floats, gloss: Floats, code: Ints, seed: int, what: int
) -> tuple[Floats, Floats]:
    """Mirrored directions (n, 3) of the rays of some hits, a little blurred, and the share of light reflected (n,).

    Fresnel's law in the approximation of C. Schlick, "An inexpensive BRDF model", 1994, weakened to 0.6 of its rise.
    """
    out, share = np.empty((len(which), 3), np.float32), np.empty(len(which), np.float32)
    for i in range(len(which)):
        j = which[i]
        d, m = directions[j], normal[j]
        cosine = -(d[0] * m[0] + d[1] * m[1] + d[2] * m[2])
        bx, by, bz = _sphere(int(code[j]), seed, what)
        x = d[0] + 2 * cosine * m[0] + 0.03 * bx
        y = d[1] + 2 * cosine * m[1] + 0.03 * by
        z = d[2] + 2 * cosine * m[2] + 0.03 * bz
        length = math.sqrt(x * x + y * y + z * z)
        out[i, 0], out[i, 1], out[i, 2] = x / length, y / length, z / length
        share[i] = gloss[j] + (1 - gloss[j]) * 0.6 * min(max(1 - cosine, 0.0), 1.0) ** 5
    return out, share


@compiled
def lifted(which: Ints, point: Floats, facing: Floats) -> Floats:
    """Where rays leave from some hits, (n, 3)."""
    out = np.empty((len(which), 3), np.float32)
    for i in range(len(which)):
        for c in range(3):
            out[i, c] = point[which[i], c] + _LIFT_M * facing[which[i], c]
    return out
