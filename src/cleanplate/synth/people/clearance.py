"""Arms that would pass through the trunk are lifted away from it."""

import numpy as np

from cleanplate.synth.geometry.vectors import Floats, axis_turn
from cleanplate.synth.people.anatomy import Anatomy, Body

_SPINE = ("root", "spine05", "spine04", "spine03", "spine02", "spine01")
_STEP_DEG = 6.0
_MOST_STEPS = 9
_SKIN_M = 0.025
"""Half a forearm's thickness and a layer of cloth."""


class Trunk:
    """A body's trunk as ellipses one above the other, at rest."""

    def __init__(self, anatomy: Anatomy, body: Body) -> None:
        self._anatomy, self._heads = anatomy, body.heads
        self._bones = [anatomy.index[name] for name in _SPINE]
        part, _ = anatomy.group("tights")
        points: Floats = body.vertices[part]
        limbs = np.array([n.startswith(("upperarm", "lowerarm", "wrist", "lowerleg", "foot")) for n in anatomy.bones])
        points = points[anatomy.skin[part] @ limbs.astype(np.float32) < 0.3]
        crotch, neck = (float(body.heads[anatomy.index[name], 2]) for name in ("upperleg01.L", "neck01"))
        self._levels = np.linspace(crotch - 0.12, neck - 0.06, 12)
        height = 0.6 * float(self._levels[1] - self._levels[0])
        rows: list[list[float]] = []
        for level in self._levels:
            near = points[np.abs(points[:, 2] - level) < height]
            low, high = near.min(0), near.max(0)
            rows.append([high[0] - low[0], high[1] - low[1], high[1] + low[1]])
        self._ellipses = np.array(rows, np.float32) / 2

    def cleared(self, turns: Floats) -> Floats:
        """Turns (b, 3, 3) of a pose, the upper arms led outward until elbows and hands are outside the trunk."""
        turns = turns.copy()
        for side, sign in (("R", -1), ("L", 1)):
            upper = self._anatomy.index[f"upperarm01.{side}"]
            arm = [self._anatomy.index[f"{name}.{side}"] for name in ("lowerarm01", "wrist", "finger3-1")]
            for _ in range(_MOST_STEPS):
                if not self._touches(turns, arm):
                    break
                turns[upper] = axis_turn(1, -sign * _STEP_DEG) @ turns[upper]
        return turns

    def _touches(self, turns: Floats, arm: list[int]) -> bool:
        """Whether elbow, forearm or hand are inside."""
        rotations, shifts = self._anatomy.pose(self._heads, turns)
        elbow, wrist, knuckle = (rotations[bone] @ self._heads[bone] + shifts[bone] for bone in arm)
        points = np.stack([elbow, (elbow + wrist) / 2, wrist, knuckle, 2 * knuckle - (wrist + knuckle) / 2])
        # back to the rest pose along the bone of the spine that is nearest
        places = np.einsum("bij,bj->bi", rotations[self._bones], self._heads[self._bones]) + shifts[self._bones]
        nearest = ((points[:, None] - places[None]) ** 2).sum(-1).argmin(1)
        bones = np.array(self._bones)[nearest]
        local = np.einsum("nji,nj->ni", rotations[bones], points - shifts[bones])
        wide, deep, middle = (_between(local[:, 2], self._levels, self._ellipses[:, i]) for i in range(3))
        inside = (local[:, 0] / (wide + _SKIN_M)) ** 2 + ((local[:, 1] - middle) / (deep + _SKIN_M)) ** 2 < 1
        beside = (local[:, 2] > self._levels[0]) & (local[:, 2] < self._levels[-1])
        return bool((inside & beside).any())


def _between(at: Floats, levels: Floats, values: Floats) -> Floats:
    """Linear interpolation of values given at rising levels, constant beyond the ends."""
    return np.asarray(np.interp(at, levels, values), np.float32)
