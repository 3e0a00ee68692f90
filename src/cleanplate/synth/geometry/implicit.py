"""Organic shapes: a smooth union of simple solids, polygonised by marching cubes.

The field is sum(exp(-k d_i)) over the signed distances d_i of the solids; its level 1 is their smooth union (the
exponential smooth minimum of I. Quilez, "Smooth minimum", 2013), independent of order and local: a solid is evaluated
only near itself. This is the one file that talks to scikit-image (untyped).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cleanplate.errors import MissingExtraError
from cleanplate.synth.geometry.vectors import Floats, Ints, dot

try:
    _measure: Any = import_module("skimage.measure")
except ImportError as error:
    raise MissingExtraError("cleanplate synth", "synth", "scikit-image") from error

_SHARPNESS = 65.0
"""k: solids nearer than about 1 / k metres melt together."""


@dataclass(frozen=True, eq=False)
class Cone:
    """A capsule from `start` to `end` (3,) whose radius changes linearly."""

    start: Floats
    end: Floats
    start_radius: float
    end_radius: float
    label: str

    def box(self) -> tuple[Floats, Floats]:
        """Lowest and highest corner."""
        r = max(self.start_radius, self.end_radius)
        return np.minimum(self.start, self.end) - r, np.maximum(self.start, self.end) + r

    def distance(self, points: Floats) -> Floats:
        """Signed distance (exact for equal radii) of (..., 3) points."""
        axis = self.end - self.start
        along = np.clip((points - self.start) @ axis / max(float(axis @ axis), 1e-9), 0, 1)
        offset = points - self.start - along[..., None] * axis
        radius = self.start_radius + along * (self.end_radius - self.start_radius)
        return np.sqrt(dot(offset, offset)) - radius


def cone(start: ArrayLike, end: ArrayLike, start_radius: float, end_radius: float, *, label: str) -> Cone:
    """A `Cone` whose ends are given as any three numbers; they become float32."""
    return Cone(np.asarray(start, np.float32), np.asarray(end, np.float32), start_radius, end_radius, label)


@dataclass(frozen=True, eq=False)
class Ellipsoid:
    """An ellipsoid with half-axes `radii` (3,) turned by `rotation` (3, 3)."""

    centre: Floats
    rotation: Floats
    radii: Floats
    label: str

    def box(self) -> tuple[Floats, Floats]:
        """Lowest and highest corner."""
        reach = np.abs(self.rotation) @ self.radii
        return self.centre - reach, self.centre + reach

    def distance(self, points: Floats) -> Floats:
        """Approximate signed distance of (..., 3) points (first order, I. Quilez, "Ellipsoid SDF")."""
        local = (points - self.centre) @ self.rotation
        near, far = local / self.radii, local / self.radii**2
        k0, k1 = np.sqrt(dot(near, near)), np.sqrt(dot(far, far))
        return k0 * (k0 - 1) / np.maximum(k1, 1e-6)


@dataclass(frozen=True, eq=False)
class Block:
    """A box with half-sides `half` (3,), turned by `rotation` (3, 3), its edges rounded by `rounding` metres."""

    centre: Floats
    rotation: Floats
    half: Floats
    rounding: float
    label: str

    def box(self) -> tuple[Floats, Floats]:
        """Lowest and highest corner."""
        reach = np.abs(self.rotation) @ self.half
        return self.centre - reach, self.centre + reach

    def distance(self, points: Floats) -> Floats:
        """Signed distance of (..., 3) points."""
        over = np.abs((points - self.centre) @ self.rotation) - (self.half - self.rounding)
        outside = np.linalg.norm(np.maximum(over, 0), axis=-1)
        return outside + np.minimum(over.max(-1), 0) - self.rounding


Solid = Cone | Ellipsoid | Block
"""What a figure is put together from; `label` names the surface it wears. Places and radii in metres."""


class Skin(NamedTuple):
    """The surface of some solids, and which of them lies under it where.

    Attributes:
        vertices: (n, 3) float32 metres. triangles: (m, 3) indices. owner: (m,) each triangle's index into `labels`.
        labels: the solids' labels in alphabetical order.
    """

    vertices: Floats
    triangles: NDArray[np.int64]
    owner: Ints
    labels: list[str]


def polygonise(solids: Sequence[Solid], step_m: float) -> Skin:
    """Surface of the solids' smooth union on a lattice of `step_m` metres.

    The triangles come from marching cubes (W. E. Lorensen and H. E. Cline, 1987; T. Lewiner et al., 2003).
    """
    margin = 4 / _SHARPNESS
    boxes = [solid.box() for solid in solids]
    low = np.min([b[0] for b in boxes], 0) - margin - step_m
    high = np.max([b[1] for b in boxes], 0) + margin + step_m
    shape = np.ceil((high - low) / step_m).astype(int) + 1
    lattice: list[Floats] = [low[a] + step_m * np.arange(int(shape[a])) for a in range(3)]
    field, strongest = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    owner = np.zeros(shape, np.int32)
    labels = sorted({solid.label for solid in solids})
    for solid, (lo, hi) in zip(solids, boxes, strict=True):
        first = np.maximum(np.floor((lo - margin - low) / step_m).astype(int), 0)
        last = np.minimum(np.ceil((hi + margin - low) / step_m).astype(int) + 1, shape)
        part = tuple(slice(a, b) for a, b in zip(first, last, strict=True))
        axes = np.meshgrid(*(lattice[a][part[a]] for a in range(3)), indexing="ij")
        weight = np.exp(-_SHARPNESS * solid.distance(np.stack(axes, -1).astype(np.float32)))
        field[part] += weight
        stronger = weight > strongest[part]
        strongest[part] = np.where(stronger, weight, strongest[part])
        owner[part] = np.where(stronger, labels.index(solid.label), owner[part])
    # the logarithm is close to a distance, so that the surface is placed well between lattice points
    points, triangles, _, _ = _measure.marching_cubes(np.log(np.maximum(field, 1e-6)), 0.0)
    nearest = np.clip(np.rint(points).astype(int), 0, shape - 1)
    label_of = owner[nearest[:, 0], nearest[:, 1], nearest[:, 2]]
    triangles = triangles.astype(np.int64)
    corners = np.sort(label_of[triangles], axis=1)  # the middle one is the majority where there is one
    return Skin((low + points * step_m).astype(np.float32), triangles, corners[:, 1], labels)
