"""Textures of any size, kept in one array and looked up for many hits at once."""

import numpy as np

from cleanplate.synth.geometry.mesh import Surface
from cleanplate.synth.geometry.vectors import Bools, Floats, Ints


class Texels:
    """The textures and opacities of numbered surfaces.

    Attributes:
        see_through: (k,) which surfaces have an opacity.
        any_see_through: whether one of them has.
        mean: (3,) albedo, every texture counted once.
    """

    def __init__(self, surfaces: list[Surface]) -> None:
        sizes = np.array([s.texture.shape[:2] for s in surfaces])
        self._height, self._width = sizes.T
        self._start = np.cumsum(sizes.prod(1)) - sizes.prod(1)
        self._albedo = np.concatenate([s.texture.reshape(-1, 3) for s in surfaces]).astype(np.float32)
        self.see_through: Bools = np.array([s.opacity is not None for s in surfaces])
        self.any_see_through = bool(self.see_through.any())
        self.mean: Floats = np.mean([s.texture.mean((0, 1)) for s in surfaces], 0)
        if self.any_see_through:
            every = [np.ones(s.texture.shape[:2], np.float32) if s.opacity is None else s.opacity for s in surfaces]
            self._opacity = np.concatenate([o.reshape(-1) for o in every]).astype(np.float32)

    def albedo(self, surface: Ints, uv: Floats) -> Floats:
        """Albedo (n, 3) of surfaces (n,) at uv (n, 2): bilinear, repeating; v points up."""
        return self._blended(self._albedo, surface, uv)

    def opaque(self, surface: Ints, uv: Floats) -> Bools:
        """Whether surfaces (n,), all of them see-through, stop what is seen at uv (n, 2)."""
        return self._blended(self._opacity[:, None], surface, uv)[:, 0] >= 0.5

    def _blended(self, texels: Floats, surface: Ints, uv: Floats) -> Floats:
        height, width, start = self._height[surface], self._width[surface], self._start[surface]
        x, y = uv[:, 0] * width - 0.5, (1 - uv[:, 1]) * height - 0.5
        left, top = np.floor(x), np.floor(y)
        fx, fy = (x - left)[:, None].astype(np.float32), (y - top)[:, None].astype(np.float32)
        x0, y0 = left.astype(np.int64) % width, top.astype(np.int64) % height
        x1, upper, lower = (x0 + 1) % width, start + y0 * width, start + (y0 + 1) % height * width
        above = texels[upper + x0] * (1 - fx) + texels[upper + x1] * fx
        below = texels[lower + x0] * (1 - fx) + texels[lower + x1] * fx
        return above * (1 - fy) + below * fy
