"""Garments cut from the tights and the skirt that every body of the pack has around it: from T-shirt to long coat.

The whole mesh is let out along its normals; a cut is a region of it, whose edges are then drawn to clean hems.
"""

from dataclasses import dataclass

import numpy as np

from cleanplate.synth.geometry.mesh import Surface
from cleanplate.synth.geometry.vectors import Bools, Floats, Ints
from cleanplate.synth.people.anatomy import Anatomy, Body, vertex_normals
from cleanplate.synth.people.wardrobe import Worn


@dataclass(frozen=True)
class Fit:
    """How a garment stands off the body.

    Attributes:
        close_m: everywhere. loose_m: more toward its ends. folds_m: height of its folds.
    """

    close_m: float
    loose_m: float
    folds_m: float


@dataclass(frozen=True)
class Top:
    """What covers the trunk.

    Attributes:
        hem: height of its lower edge: 0 = the crotch, 1 = the base of the neck.
        sleeve: 0 = none, 1 = to the elbow, 2 = to the wrist.
        neck: how much wider than the neck the collar is, metres; negative = it goes up the neck.
        vee: how far it is cut out in front, 0 to 1.
    """

    hem: float
    sleeve: float
    neck: float = 0.0
    vee: float = 0.2


@dataclass(frozen=True)
class Trousers:
    """What covers hips and legs.

    Attributes:
        waist: height of the upper edge as in `Top`. leg: 0 = none, 1 = to the knee, 2 = to the ankle.
    """

    waist: float
    leg: float


class Tailor:
    """Cuts garments for one body."""

    def __init__(self, anatomy: Anatomy, under: Ints, body: Body) -> None:
        self._anatomy, self._body, self._under = anatomy, body, under
        self._slice, self._triangles = anatomy.group("tights")
        self._points: Floats = body.vertices[self._slice]
        self._skin: Floats = anatomy.skin[self._slice]
        self._size = body.stature_m / 1.7
        self._crotch, self._collar = self._head("upperleg01.L")[2] - 0.06 * self._size, self._head("neck01")[2]
        self._arm = _smooth(self._share(("upperarm", "lowerarm", "wrist")), self._triangles, 1) > 0.5
        self._along_arm, self._along_leg = (
            self._along(("upperarm01", "lowerarm01", "wrist")),
            self._along(("upperleg01", "lowerleg01", "foot")),
        )

    def top(self, cut: Top, fit: Fit, surface: Surface, rng: np.random.Generator) -> tuple[Worn, Bools]:
        """A garment, and which of the body's vertices it hides (num_body_vertices,)."""
        hem_z = self._crotch + cut.hem * (self._collar - self._crotch)
        trunk = self._points[:, 2] - hem_z
        sleeve = (cut.sleeve - self._along_arm[0]) * self._along_arm[1]
        within = np.where(self._arm, sleeve if cut.sleeve > 0 else -0.02, trunk)
        within = np.minimum(within, self._outside_collar(cut))
        height = (self._points[:, 2] - self._crotch) / (self._collar - self._crotch)
        ends = np.where(self._arm, self._along_arm[0] / 2, np.clip(1 - height, 0, 1))
        return self._sewn(within, ends, fit, surface, rng)

    def trousers(self, cut: Trousers, fit: Fit, surface: Surface, rng: np.random.Generator) -> tuple[Worn, Bools]:
        """A garment, and which of the body's vertices it hides (num_body_vertices,)."""
        waist_z = self._crotch + cut.waist * (self._collar - self._crotch)
        leg = (cut.leg - self._along_leg[0]) * self._along_leg[1]
        within = np.minimum(waist_z - self._points[:, 2], leg)
        within = np.where(self._arm, np.float32(-1), within)
        return self._sewn(within, np.clip(self._along_leg[0] / 2, 0, 1), fit, surface, rng)

    def skirt(self, length: float, fit: Fit, surface: Surface, rng: np.random.Generator) -> tuple[Worn, Bools]:
        """A skirt of `length`: 1 = to the knee, 2 = to the ankle; it is let out toward its hem by `fit.loose_m`."""
        part, triangles = self._anatomy.group("skirt")
        points: Floats = self._body.vertices[part]
        top = float(points[:, 2].max())
        knee, ankle = self._head("lowerleg01.L")[2], self._head("foot.L")[2]
        hem_z = float(np.interp(length, [0, 1, 2], [self._crotch, knee, ankle]))
        within = points[:, 2] - hem_z
        ends = np.clip((top - points[:, 2]) / (top - ankle), 0, 1)
        rest, uv = _cut(points, triangles, within, _let_out(points, triangles, ends, fit, rng))
        worn = Worn(rest, self._anatomy.skin[part], triangles, uv, surface)
        num = self._anatomy.ends[0]
        body: Floats = self._body.vertices[:num]
        arms = self._anatomy.skin[:num] @ self._bones_of(("upperarm", "lowerarm", "wrist", "finger", "metacarpal"))
        covered = (body[:, 2] > hem_z + 0.1 * self._size) & (body[:, 2] < top - 0.06 * self._size)
        return worn.trimmed(np.asarray((within > 0)[triangles].any(1))), covered & (arms < 0.1)

    def _sewn(
        self, within: Floats, ends: Floats, fit: Fit, surface: Surface, rng: np.random.Generator
    ) -> tuple[Worn, Bools]:
        """The cut, where `within` (n,) metres is positive, let out; without the feet."""
        within = np.where(self._share(("foot",)) > 0.6, np.float32(-0.05), within)
        inside = within > 0
        cloth = _let_out(self._points, self._triangles, ends, fit, rng)
        rest, uv = _cut(self._points, self._triangles, within, cloth)
        worn = Worn(rest, self._skin, self._triangles, uv, surface)
        # a vertex of the body is hidden where the cloth goes on for two rings around
        open_near = _smooth(_smooth(~inside, self._triangles, 1) > 0, self._triangles, 1) > 0
        skin: Floats = self._body.vertices[: len(self._under)]
        close = np.linalg.norm(skin - self._points[self._under], axis=1) < 0.045 * self._size
        return worn.trimmed(np.asarray(inside[self._triangles].any(1))), ~open_near[self._under] & close

    def _outside_collar(self, cut: Top) -> Floats:
        """(n,) metres from the edge of the neck's opening; negative in it."""
        neck, up = self._head("neck01"), self._head("neck03") - self._head("neck01")
        from_neck = self._points - neck
        axis = up / np.linalg.norm(up)
        height = from_neck @ axis
        radial = np.linalg.norm(from_neck - height[:, None] * axis, axis=1)
        front = np.clip(-from_neck[:, 1] / np.maximum(radial, 1e-3), 0, 1)
        # the opening: a cylinder around the neck that ends soon behind, and lower in front
        reach = (0.072 + cut.neck + 0.05 * cut.vee * front) * self._size
        drop = (0.02 + 0.5 * cut.neck + (0.04 + 0.13 * cut.vee) * front**2) * self._size
        return np.maximum(radial - reach, -drop - height)

    def _along(self, bones: tuple[str, str, str]) -> tuple[Floats, Floats, Floats]:
        """How far down the nearer limb each point is (0 to 1 to 2), and length and direction of that half (n, 3)."""
        along = np.empty(len(self._points), np.float32)
        length, direction = np.empty_like(along), np.empty_like(self._points)
        for side, mine in (("L", self._points[:, 0] >= 0), ("R", self._points[:, 0] < 0)):
            start, middle, end = (self._head(f"{bone}.{side}") for bone in bones)
            upper, lower = middle - start, end - middle
            a = (self._points[mine] - start) @ upper / (upper @ upper)
            b = (self._points[mine] - middle) @ lower / (lower @ lower)
            below = a > 1
            along[mine] = np.where(below, 1 + np.maximum(b, 0), a)
            length[mine] = np.where(below, np.linalg.norm(lower), np.linalg.norm(upper))
            direction[mine] = np.where(below[:, None], lower / np.linalg.norm(lower), upper / np.linalg.norm(upper))
        return along, length, direction

    def _head(self, bone: str) -> Floats:
        return self._body.heads[self._anatomy.index[bone]]

    def _share(self, prefixes: tuple[str, ...]) -> Floats:
        return self._skin @ self._bones_of(prefixes)

    def _bones_of(self, prefixes: tuple[str, ...]) -> Floats:
        return np.array([float(name.startswith(prefixes)) for name in self._anatomy.bones], np.float32)


def _cut(points: Floats, triangles: Ints, within: Floats, cloth: Floats) -> tuple[Floats, Floats]:
    """Cloth let out over points, both (n, 3), with clean hems, and its texture coordinates (m, 3, 2)."""
    return _hemmed(cloth, triangles, within), _cloth_uv(_hemmed(points, triangles, within), triangles)


def _hemmed(points: Floats, triangles: Ints, within: Floats) -> Floats:
    """Points (n, 3), those next to the cut drawn back along their edges to where `within` (n,) is 0."""
    edges = np.concatenate([triangles[:, [a, b]] for a, b in ((0, 1), (1, 0), (1, 2), (2, 1), (2, 0), (0, 2))])
    out, kept = edges[(within[edges[:, 0]] <= 0) & (within[edges[:, 1]] > 0)].T
    share = within[kept] / (within[kept] - within[out])
    crossing = points[kept] + share[:, None] * (points[out] - points[kept])
    count = np.bincount(out, minlength=len(points))
    mean = (
        np.stack([np.bincount(out, crossing[:, i], len(points)) for i in range(3)], -1) / np.maximum(count, 1)[:, None]
    )
    return np.where((count > 0)[:, None], mean, points).astype(np.float32)


def _let_out(points: Floats, triangles: Ints, ends: Floats, fit: Fit, rng: np.random.Generator) -> Floats:
    """Cloth over points (n, 3): farther off toward its `ends` (n,), and folded."""
    normals = vertex_normals(points, triangles)
    for _ in range(3):
        normals = _smooth(normals, triangles, 1)
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
    relaxed = points
    for _ in range(round(fit.loose_m * 150)):
        relaxed = _smooth(relaxed, triangles, 1)
    points = np.where((ends > 0.02)[:, None], 0.5 * points + 0.5 * relaxed, points)
    waves = rng.normal(0, 1, (6, 3)) * rng.uniform(15, 70, (6, 1)) * (1.0, 1.0, 0.5)
    phase = points @ waves.T.astype(np.float32) + rng.uniform(0, 6, 6).astype(np.float32)
    folds = np.sin(phase) @ rng.uniform(0.2, 1, 6).astype(np.float32) / 2
    stand = fit.close_m + fit.loose_m * ends + fit.folds_m * np.maximum(folds, -0.8) * (0.4 + 0.6 * ends)
    return (points + normals * stand[:, None]).astype(np.float32)


def _smooth(values: Floats | Bools, triangles: Ints, times: int) -> Floats:
    """Mean over each vertex's neighbours and itself, (n,) or (n, k)."""
    out = np.asarray(values, np.float32)
    flat = out.reshape(len(out), -1)
    corners = triangles.ravel()
    for _ in range(times):
        sums = flat[triangles].sum(1)
        columns = [np.bincount(corners, np.repeat(sums[:, i], 3), len(flat)) for i in range(flat.shape[1])]
        count = np.bincount(corners, minlength=len(flat))[:, None] * 3
        mean = np.stack(columns, -1) / np.maximum(count, 1)
        flat = np.where(count > 0, mean, flat).astype(np.float32)
    return flat.reshape(out.shape)


def _cloth_uv(points: Floats, triangles: Ints) -> Floats:
    """Texture coordinates (m, 3, 2): the cloth is laid on from the front or the side, 0.6 m a repeat."""
    corners = points[triangles]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    front = np.abs(cross[:, 1]) >= np.abs(cross[:, 0])
    across = np.where(front[:, None], corners[..., 0], corners[..., 1] + np.float32(0.3))
    return (np.stack([across, corners[..., 2]], -1) / np.float32(0.6)).astype(np.float32)
