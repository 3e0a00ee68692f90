"""What the renderer is given: meshes, lights, a camera."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike

from cleanplate.synth.geometry.mesh import Mesh
from cleanplate.synth.geometry.vectors import Floats

Footprint = tuple[float, float, float, float]
"""x0, y0, x1, y1 in metres of the floor that something takes."""


@dataclass(frozen=True, eq=False)
class AreaLight:
    """A parallelogram that shines from its front (side_u x side_v) with a cosine fall-off.

    Attributes:
        origin, side_u, side_v: (3,) metres. radiance: (3,) linear RGB.
    """

    origin: Floats
    side_u: Floats
    side_v: Floats
    radiance: Floats


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole: `axes` columns are right, up and backward in world coordinates; pixels are square.

    Attributes:
        eye: (3,) metres. axes: (3, 3). fov_deg: horizontal field of view. size_hw: picture size in pixels.
    """

    eye: Floats
    axes: Floats
    fov_deg: float
    size_hw: tuple[int, int]

    @property
    def focal_px(self) -> float:
        """Focal length in pixels of `size_hw`."""
        return self.size_hw[1] / 2 / float(np.tan(np.radians(self.fov_deg) / 2))

    def enlarged(self, factor: int) -> "Camera":
        """The same view with `factor` times as many pixels a side."""
        return replace(self, size_hw=(factor * self.size_hw[0], factor * self.size_hw[1]))

    def project(self, points: Floats) -> Floats:
        """World points (n, 3) to columns, rows in pixels and depth in metres along the axis, (n, 3)."""
        local = (points - self.eye) @ self.axes
        depth = -local[:, 2]
        safe = np.where(np.abs(depth) < 1e-6, 1e-6, depth)
        column = self.size_hw[1] / 2 + self.focal_px * local[:, 0] / safe
        row = self.size_hw[0] / 2 - self.focal_px * local[:, 1] / safe
        return np.stack([column, row, depth], -1).astype(np.float32)

    def rays(self, rows: slice, columns: slice) -> tuple[Floats, Floats]:
        """Unit directions (n, 3) through pixel centres, row by row, and their cosines to the optical axis (n,)."""
        row, column = np.mgrid[rows, columns]
        x = (column + 0.5 - self.size_hw[1] / 2) / self.focal_px
        y = (self.size_hw[0] / 2 - row - 0.5) / self.focal_px
        local = np.stack([x, y, -np.ones_like(x)], -1).reshape(-1, 3).astype(np.float32)
        cosine = 1 / np.linalg.norm(local, axis=1)
        return np.ascontiguousarray((local * cosine[:, None]) @ self.axes.T, np.float32), cosine.astype(np.float32)


def look_at(
    eye: ArrayLike, target: ArrayLike, fov_deg: float, size_hw: tuple[int, int], roll_rad: float = 0.0
) -> Camera:
    """The camera at `eye` that has `target` in the middle of its picture, turned by `roll_rad` about its axis."""
    origin = np.asarray(eye, np.float32)
    backward = origin - np.asarray(target, np.float32)
    backward /= np.linalg.norm(backward)
    right = np.cross([0.0, 0.0, 1.0], backward)
    right /= np.linalg.norm(right)
    up = np.cross(backward, right)
    c, s = np.cos(roll_rad), np.sin(roll_rad)
    axes = np.stack([c * right + s * up, c * up - s * right, backward], -1)
    return Camera(origin, axes.astype(np.float32), fov_deg, size_hw)


@dataclass(frozen=True, eq=False)
class Prop:
    """A thing of a scene that can change or go while the scene stays the same.

    Attributes:
        kind: "furniture", "small" (stands on furniture), "screen" (likewise), "lamp", "window" or "curtain".
        meshes, lights: what it consists of, at its place.
        footprint: x0, y0, x1, y1 in metres of the floor it stands on; None where it hangs.
    """

    kind: str
    meshes: list[Mesh]
    lights: list[AreaLight] = field(default_factory=list[AreaLight])
    footprint: Footprint | None = None


@dataclass(frozen=True)
class Road:
    """A rectangle of the ground that vehicles use, along the view (y) or across it (x); metres. Lanes are but drawn."""

    x0: float
    y0: float
    x1: float
    y1: float
    along: bool
    lane_m: float

    @property
    def footprint(self) -> Footprint:
        """x0, y0, x1, y1."""
        return self.x0, self.y0, self.x1, self.y1

    @property
    def heading(self) -> float:
        """Radians about z by which what looks toward -y is turned to drive along it, one way."""
        return 0.0 if self.along else np.pi / 2


@dataclass(frozen=True, eq=False)
class Scene:
    """A static scene, its light and its camera.

    Attributes:
        meshes: everything that is there when nobody is.
        lights: area lights; a lamp is seen only where a glowing mesh is among `meshes`, too.
        sky: linear radiance where a ray leaves the scene: (3,), or (h, w, 3) an equirectangular panorama, whose sun
            is a light then. Its top row is straight up, its middle column toward +y, and right of that comes +x.
        camera: the view.
        floor_m: (2, 2) lowest and highest x, y of the floor that people can stand on.
        obstacles: (k, 4) x0, y0, x1, y1 of what stands on it, metres.
        seats: (k, 4) x, y, height in metres, and heading in radians about z (0 = the sitter looks toward -y).
        props: what of all this can change; their meshes and lights are among `meshes` and `lights`.
        road: where vehicles pass; None where there is none.
    """

    meshes: list[Mesh]
    lights: list[AreaLight]
    sky: Floats
    camera: Camera
    floor_m: Floats
    obstacles: Floats
    seats: Floats
    props: tuple[Prop, ...] = ()
    road: Road | None = None

    def replaced(self, old: Prop, new: Prop | None) -> "Scene":
        """The scene with `new` (None: nothing) where the prop `old` was; lights keep their order, so noise is shared.

        The floor under what is gone stays an obstacle; nobody sits on what is gone.
        """
        gone = {id(part) for part in (*old.meshes, *old.lights)}
        lights: list[AreaLight] = []
        heirs = iter(new.lights if new else [])
        for light in self.lights:
            if id(light) not in gone:
                lights.append(light)
            else:
                lights.append(next(heirs, replace(light, radiance=0 * light.radiance)))
        seats = self.seats
        if new is None and old.footprint is not None:
            x0, y0, x1, y1 = old.footprint
            seats = seats[(seats[:, 0] < x0) | (seats[:, 0] > x1) | (seats[:, 1] < y0) | (seats[:, 1] > y1)]
        return replace(
            self,
            meshes=[m for m in self.meshes if id(m) not in gone] + (new.meshes if new else []),
            lights=[*lights, *heirs],
            seats=seats,
            props=tuple(p for p in (new if p is old else p for p in self.props) if p is not None),
        )


@dataclass(frozen=True, eq=False)
class Actor:
    """Somebody or something that stepped in, at its place in the scene.

    Attributes:
        name: unique among the actors of a shot; a person's is the same in every shot.
        kind: "person", "animal" or "object".
        meshes: in world coordinates.
    """

    name: str
    kind: str
    meshes: list[Mesh]
