"""Textures of any size, each also at half, a quarter... of its size, looked up for many hits at once."""

from weakref import WeakKeyDictionary

import cv2
import numpy as np

from cleanplate.synth.geometry.mesh import Surface
from cleanplate.synth.geometry.vectors import Bools, Floats, Ints
from cleanplate.synth.render.triangles import MOST_LEVELS, grouped, look_up, stopped

_pyramids: WeakKeyDictionary[Surface, list[Floats]] = WeakKeyDictionary()


class Texels:
    """The textures and opacities of numbered surfaces.

    Attributes:
        see_through: (k,) which surfaces have an opacity.
        any_see_through: whether one of them has.
    """

    def __init__(self, surfaces: list[Surface]) -> None:
        self._surfaces = surfaces
        self.see_through: Bools = np.array([s.opacity is not None for s in surfaces])
        self.any_see_through = bool(self.see_through.any())

    def seen(self, level: Ints, uv: Floats) -> Floats:
        """Texture values (n, 3) at uv (n, 2); `level` is that of `triangles.levels_at`, 0 where it is negative."""
        out = np.zeros((len(level), 3), np.float32)
        order, start = grouped(level, len(self._surfaces) * MOST_LEVELS)
        for key in np.flatnonzero(np.diff(start)):
            surface, size = divmod(int(key), MOST_LEVELS)
            look_up(_shrunk(self._surfaces[surface], size), order[start[key] : start[key + 1]], uv, out)
        return out

    def stop(self, surface: Ints, uv: Floats, ray: Ints) -> Bools:
        """Whether surfaces (n,), all of them see-through, stop the rays of these numbers (n,) at uv (n, 2)."""
        out = np.ones(len(surface), np.bool_)
        order, start = grouped(surface, len(self._surfaces))
        for key in np.flatnonzero(np.diff(start)):
            opacity = np.ascontiguousarray(self._surfaces[int(key)].opacity, np.float32)
            stopped(opacity, order[start[key] : start[key + 1]], uv, ray, out)
        return out


def mean_albedo(surface: Surface) -> Floats:
    """(3,) mean of the texture."""
    return _shrunk(surface, MOST_LEVELS - 1).mean((0, 1))


def _shrunk(surface: Surface, level: int) -> Floats:
    """The texture, halved `level` times or until it is one pixel high or wide."""
    pyramid = _pyramids.setdefault(surface, [])
    if not pyramid:
        pyramid.append(np.ascontiguousarray(surface.texture, np.float32))
    while len(pyramid) <= level and min(pyramid[-1].shape[:2]) > 1:
        h, w = pyramid[-1].shape[:2]
        half = cv2.resize(pyramid[-1], (w // 2, h // 2), interpolation=cv2.INTER_AREA)
        pyramid.append(np.asarray(half, np.float32))
    return pyramid[min(level, len(pyramid) - 1)]
