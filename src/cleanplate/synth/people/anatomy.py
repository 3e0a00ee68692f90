"""Bodies from the pack: mixed from like people, and moved by their bones.

Axes: metres, x to the figure's left, y back, z up; at rest a body stands on z = 0 and looks toward -y.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleanplate.synth.geometry.vectors import Bools, Floats, Ints

Arrays = Mapping[str, NDArray[Any]]

_NUM_LIKE = 8
"""How many of the most similar bodies somebody may be mixed with."""


@dataclass(frozen=True, eq=False)
class Body:
    """Somebody's body at rest.

    Attributes:
        vertices: (n, 3) of the anatomy's vertices. heads: (num_bones, 3) where each bone begins.
        years, male, weight: as in the pack; weight 0.5 is average. stature_m: height.
        races: (3,) weights of the kinds of faces that it was mixed from.
    """

    vertices: Floats
    heads: Floats
    years: float
    male: float
    weight: float
    stature_m: float
    races: Floats


class Anatomy:
    """What all bodies share.

    Attributes:
        bones: names, parents first. index: of a bone by name. parents: (b,) index of each bone's parent, -1 = none.
        skin: (n, b) how much each bone moves each vertex.
        base: (n, 3) the base mesh that proxies were made for.
        ends: where the body's own vertices, those of the tights, the skirt and the eyes end, in this order.
        triangles, uv: (m, 3) and (m, 3, 2) of the body. part: (n,) the bone that moves a vertex most.
    """

    def __init__(self, arrays: Arrays) -> None:
        self._arrays = arrays
        self.bones = [str(name) for name in arrays["bones"]]
        self.index = {name: i for i, name in enumerate(self.bones)}
        self.parents: list[int] = [int(p) for p in arrays["parents"]]
        self.skin = spread_weights(arrays["skin_bones"], arrays["skin_weights"], len(self.bones))
        self.base: Floats = arrays["base"]
        self.ends: tuple[int, int, int, int] = tuple(int(e) for e in arrays["ends"])  # pyright: ignore[reportAttributeAccessIssue]
        self.triangles: NDArray[np.int64] = arrays["body/triangles"].astype(np.int64)
        self.uv: Floats = unpacked_uv(arrays["body/uv"])
        self.part: Ints = self.skin.argmax(1)
        about: Floats = arrays["about"]
        # years count little among adults, much among children
        grown = np.log2(about[:, 0]) * 2
        self._alike: Floats = np.stack([grown, 4 * about[:, 1], 2 * about[:, 3], 6 * about[:, 4]], -1)

    @cached_property
    def cheeks(self) -> Floats:
        """(k, 2) texture coordinates where a skin's tone is read: below the eyes, beside nose and mouth."""
        part, _ = self.group("eyes")
        eyes: Floats = self.base[part]
        skin = self.base[: self.ends[0]]
        below = (skin[:, 2] - eyes[:, 2].mean()) / np.ptp(eyes[:, 0])
        aside = np.abs(skin[:, 0]) / np.ptp(eyes[:, 0])
        front = skin[:, 1] < eyes[:, 1].max() + 0.5 * np.ptp(eyes[:, 0])
        cheek = (below > -0.7) & (below < -0.25) & (aside > 0.33) & (aside < 0.65) & front
        mine = cheek[self.triangles]
        return self.uv[mine] if mine.any() else self.uv.reshape(-1, 2)

    def group(self, name: str) -> tuple[slice, NDArray[np.int64]]:
        """The vertices of "tights", "skirt" or "eyes", and their triangles (m, 3) counted from the first of them."""
        last = ["tights", "skirt", "eyes"].index(name) + 1
        start, stop = self.ends[last - 1], self.ends[last]
        return slice(start, stop), self._arrays[f"{name}/triangles"].astype(np.int64) - start

    def random_body(self, rng: np.random.Generator) -> Body:
        """Somebody mixed from one body of the pack and two that are like it, a little larger or smaller."""
        about: Floats = self._arrays["about"]
        chosen = int(rng.integers(len(about)))
        distance = ((self._alike - self._alike[chosen]) ** 2).sum(1)
        like = np.argsort(distance, kind="stable")[1 : 1 + _NUM_LIKE]
        rows = np.array([chosen, *rng.choice(like, 2, replace=False)])
        share = rng.dirichlet((1.5, 1, 1)).astype(np.float32)
        scale = np.float32(1e-4 * rng.normal(1, 0.015))
        vertices = np.einsum("k,kni->ni", share, self._arrays["bodies"][rows].astype(np.float32)) * scale
        heads = np.einsum("k,kbi->bi", share, self._arrays["heads"][rows].astype(np.float32)) * scale
        years, male, _, weight, stature, *races = (float(v) for v in share @ about[rows])
        return Body(vertices, heads, years, male, weight, stature * float(scale) * 1e4, np.array(races, np.float32))

    def pose(self, heads: Floats, turns: Floats) -> tuple[Floats, Floats]:
        """Turn the bones of a body.

        Args:
            heads: (b, 3) at rest.
            turns: (b, 3, 3) each bone's rotation against its parent; identity = at rest.

        Returns:
            Rotations (b, 3, 3) and shifts (b, 3): a point p that follows bone k goes to rotation[k] @ p + shift[k].

        """
        rotations = np.empty((len(self.bones), 3, 3), np.float32)
        places = np.empty((len(self.bones), 3), np.float32)
        for bone, parent in enumerate(self.parents):
            if parent < 0:
                rotations[bone], places[bone] = turns[bone], heads[bone]
            else:
                rotations[bone] = rotations[parent] @ turns[bone]
                places[bone] = places[parent] + rotations[parent] @ (heads[bone] - heads[parent])
        return rotations, places - np.einsum("bij,bj->bi", rotations, heads)


def skinned(points: Floats, weights: Floats, rotations: Floats, shifts: Floats) -> Floats:
    """Linear blend skinning: points (n, 3) moved by bones with weights (n, b) that sum to 1."""
    motion = np.concatenate([rotations.reshape(len(rotations), 9), shifts], 1)
    blended = weights @ motion
    turned = np.einsum("nij,nj->ni", blended[:, :9].reshape(-1, 3, 3), points)
    return (turned + blended[:, 9:]).astype(np.float32)


def spread_weights(bones: Ints, weights: Ints, num_bones: int) -> Floats:
    """(n, num_bones) float32 from (n, k) bones and weights in 255ths."""
    out = np.zeros((len(bones), num_bones), np.float32)
    np.add.at(out, (np.arange(len(bones))[:, None], bones.astype(np.int64)), weights.astype(np.float32) / 255)
    return out


def unpacked_uv(packed: Ints) -> Floats:
    """Texture coordinates from 65535ths."""
    return (packed.astype(np.float32) / 65535).astype(np.float32)


def vertex_normals(vertices: Floats, triangles: Ints) -> Floats:
    """(n, 3) unit normals, the area-weighted mean of the triangles' around each vertex."""
    a, b, c = (vertices[triangles[:, i]] for i in range(3))
    cross = np.cross(b - a, c - a)
    total = np.stack([np.bincount(triangles.ravel(), np.repeat(cross[:, i], 3), len(vertices)) for i in range(3)], -1)
    return (total / np.maximum(np.sqrt((total * total).sum(-1)), 1e-12)[:, None]).astype(np.float32)


def without(triangles: Ints, hidden: Bools) -> Bools:
    """(m,) which triangles (m, 3) keep at least one vertex that is not hidden (n,)."""
    return np.asarray(~hidden[triangles].all(1))
