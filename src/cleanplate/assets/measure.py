"""Find out from a model's shape where one can sit and what one can put things on."""

from dataclasses import dataclass

import numpy as np

from cleanplate.synth.geometry.vectors import Bools, Floats

_STEP_M = 0.02
_MOST_CELLS = 200


@dataclass(frozen=True, eq=False)
class Relief:
    """A model seen from above.

    Attributes:
        x: (w,) and y: (h,) metres, the cells' middles. z: (h, w) metres of the topmost surface, -1 where there is none.
    """

    x: Floats
    y: Floats
    z: Floats


def relief(corners: Floats) -> Relief:
    """Look at triangles (m, 3, 3) from above: the highest of many points on them in every cell of two centimetres."""
    lo, hi = corners.min((0, 1)), corners.max((0, 1))
    x, y = (_middles(float(lo[axis]), float(hi[axis])) for axis in (0, 1))
    points = _points(corners, 8 / (float(x[1] - x[0]) * float(y[1] - y[0])))
    column = np.clip(((points[:, 0] - lo[0]) / (x[1] - x[0])).astype(np.int64), 0, len(x) - 1)
    row = np.clip(((points[:, 1] - lo[1]) / (y[1] - y[0])).astype(np.int64), 0, len(y) - 1)
    z = np.full((len(y), len(x)), -1, np.float32)
    np.maximum.at(z, (row, column), points[:, 2])
    return Relief(x, y, z)


def _points(corners: Floats, density: float) -> Floats:
    """Points on triangles (m, 3, 3), (k, 3): so many a square metre of floor below them, at least three on each."""
    side_1, side_2 = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = np.abs(side_1[:, 0] * side_2[:, 1] - side_1[:, 1] * side_2[:, 0]) / 2
    owner = np.repeat(np.arange(len(corners)), 3 + np.floor(area * density).astype(np.int64))
    weight: Floats = np.random.default_rng(0).random((2, len(owner), 1), np.float32)
    weight = np.where(weight.sum(0) > 1, 1 - weight, weight)
    return corners[owner, 0] + weight[0] * side_1[owner] + weight[1] * side_2[owner]


def _middles(lo: float, hi: float) -> Floats:
    count = int(np.clip((hi - lo) / _STEP_M, 8, _MOST_CELLS))
    return (lo + (np.arange(count, dtype=np.float32) + 0.5) * (hi - lo) / count).astype(np.float32)


def level(map_: Relief, lowest_m: float, highest_m: float) -> float | None:
    """The height between two bounds at which most of the topmost surface lies (within 4 cm), None where little does."""
    z = map_.z[(map_.z >= lowest_m) & (map_.z <= highest_m)]
    if len(z) < 0.08 * map_.z.size:
        return None
    at = np.arange(lowest_m, highest_m + 0.01, 0.01)
    count = np.array([np.count_nonzero(np.abs(z - height) < 0.02) for height in at])
    best = float(at[int(count.argmax())])
    return float(np.median(z[np.abs(z - best) < 0.03]))


def seats_facing_front(map_: Relief, highest_m: float) -> list[tuple[float, float, float, float]]:
    """Places to sit side by side, looking toward -y: x, y, height in metres and heading 0."""
    height = level(map_, 0.27, highest_m)
    if height is None:
        return []
    flat = np.abs(map_.z - height) < 0.06
    deep = flat.sum(0) * (map_.y[1] - map_.y[0]) >= 0.22
    out: list[tuple[float, float, float, float]] = []
    for first, last in _runs(deep):
        left, right = float(map_.x[first]), float(map_.x[last])
        if right - left < 0.2:
            continue
        count = max(1, round((right - left) / 0.62))
        out += [_seat(map_, flat, left + (right - left) * (k + 0.5) / count, height) for k in range(count)]
    return out


def _seat(map_: Relief, flat: Bools, x: float, height: float) -> tuple[float, float, float, float]:
    """The place to sit on a flat part around x: before the backrest, else in the middle."""
    near = np.abs(map_.x - x) < 0.1
    rows = np.flatnonzero(flat[:, near].mean(1) > 0.5)
    if not len(rows):
        rows = np.flatnonzero(flat.any(1))
    front, back = float(map_.y[rows[0]]), float(map_.y[rows[-1]])
    behind = map_.z[(map_.y > back) & (map_.y < back + 0.25)][:, near]
    leans = bool(behind.size) and float(np.percentile(behind, 90)) > height + 0.12
    y = back - 0.17 if leans else max((front + back) / 2, front + 0.2) if back - front < 0.8 else front + 0.3
    around = (np.abs(map_.y - y) < 0.1)[:, None] & near[None] & flat
    z = float(np.median(map_.z[around])) if around.any() else height
    return x, min(y, back), z, 0.0


def seats_on_sides(map_: Relief) -> list[tuple[float, float, float, float]]:
    """Places to sit on the long sides of a bed, looking away from it: x, y, height in metres, heading in radians."""
    height = level(map_, 0.27, 0.7)
    if height is None:
        return []
    flat = np.abs(map_.z - height) < 0.08
    middle = np.abs(map_.y - float(np.median(map_.y))) < 0.2
    columns = np.flatnonzero(flat[middle].mean(0) > 0.6)
    if not len(columns):
        return []
    left, right, y = float(map_.x[columns[0]]), float(map_.x[columns[-1]]), float(np.median(map_.y))
    reach = 0.12
    out: list[tuple[float, float, float, float]] = []
    if left - float(map_.x[0]) < reach:
        out.append((left + 0.22, y, height, -np.pi / 2))
    if float(map_.x[-1]) - right < reach:
        out.append((right - 0.22, y, height, np.pi / 2))
    return out


def top_of(map_: Relief) -> tuple[float, float, float, float, float] | None:
    """A free rectangle x0, y0, x1, y1 at height z on which things can stand, all in metres; None where there is none.

    It is the largest one around the middle whose cells are nearly all at the level.
    """
    height = level(map_, 0.25, 1.3)
    if height is None:
        return None
    flat = np.abs(map_.z - height) < 0.015
    rows, columns = flat.shape
    best, found = 0.0, None
    for fraction_y in np.linspace(0.3, 1, 15):
        for fraction_x in np.linspace(0.3, 1, 15):
            half_y, half_x = int(rows * fraction_y / 2), int(columns * fraction_x / 2)
            part = flat[rows // 2 - half_y : rows // 2 + half_y, columns // 2 - half_x : columns // 2 + half_x]
            corners = part[np.ix_([0, 1, -2, -1], [0, 1, -2, -1])]
            if part.size > best and part.mean() > 0.96 and corners.mean() > 0.9:
                best, found = float(part.size), (half_x, half_y)
    if found is None:
        return None
    half_x, half_y = found
    x0, x1 = map_.x[columns // 2 - half_x], map_.x[columns // 2 + half_x - 1]
    y0, y1 = map_.y[rows // 2 - half_y], map_.y[rows // 2 + half_y - 1]
    return float(x0), float(y0), float(x1), float(y1), height


def _runs(mask: Bools) -> list[tuple[int, int]]:
    """First and last index of every run of True."""
    padded = np.concatenate([[False], mask, [False]])
    change = np.flatnonzero(padded[1:] != padded[:-1])
    return [(int(a), int(b) - 1) for a, b in change.reshape(-1, 2)]
