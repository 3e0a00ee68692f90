"""What rays see that leave the scene: one colour, or a panorama whose sun is sampled as a light."""

import math

import numpy as np

from cleanplate.synth.geometry.vectors import Bools, Floats
from cleanplate.synth.render.compiled import compiled

_SUN = 30
"""From how many times the mean radiance on a part of the sky is sampled as a light."""


class Sky:
    """The sky of a scene.

    Args:
        radiance: (3,) linear, or (h, w, 3) an equirectangular panorama as `Scene.sky` describes it.

    Attributes:
        sun: None, or of what shines so brightly that it is sampled as a light what `rays.toward_sun` needs: irradiance
            / pi that it brings where it is straight ahead (k, 3), its directions (k, 3), and cumulative shares (k,).
    """

    def __init__(self, radiance: Floats) -> None:
        self._full: Floats = np.ascontiguousarray(radiance if radiance.ndim > 1 else radiance[None, None], np.float32)
        level = self._full.mean(-1)
        bright = level > _SUN * level.mean()
        bright[len(bright) // 2 :] = False
        self._dim = np.where(bright[..., None], level[~bright].mean(), self._full).astype(np.float32)
        self.sun = _sampled(self._full, bright) if bright.any() else None

    def seen(self, directions: Floats) -> Floats:
        """Radiance (n, 3) from where unit directions (n, 3) point."""
        return _looked_up(self._full, directions)

    def seen_without_sun(self, directions: Floats) -> Floats:
        """The same, but what is sampled as a light is like the rest of the sky."""
        return _looked_up(self._dim, directions)


def _sampled(radiance: Floats, bright: Bools) -> tuple[Floats, Floats, Floats]:
    h, w, _ = radiance.shape
    row, column = np.nonzero(bright)
    down, turn = (row + 0.5) * np.pi / h, ((column + 0.5) / w - 0.5) * 2 * np.pi
    directions = np.stack([np.sin(down) * np.sin(turn), np.sin(down) * np.cos(turn), np.cos(down)], -1)
    power = radiance[bright] * (np.sin(down) * 2 * np.pi**2 / (h * w))[:, None]
    share = power.mean(1) / power.mean(1).sum()
    brings = power / share[:, None] / np.pi
    return brings.astype(np.float32), directions.astype(np.float32), np.cumsum(share).astype(np.float32)


@compiled
def _looked_up(radiance: Floats, directions: Floats) -> Floats:
    h, w, _ = radiance.shape
    out = np.empty((len(directions), 3), np.float32)
    for i in range(len(directions)):
        x, y, z = directions[i]
        row = math.acos(min(max(z, -1.0), 1.0)) / math.pi * h - 0.5
        column = (math.atan2(x, y) / (2 * math.pi) + 0.5) * w - 0.5
        top, left = math.floor(row), math.floor(column)
        fy, fx = row - top, column - left
        r0, r1 = min(max(int(top), 0), h - 1), min(max(int(top) + 1, 0), h - 1)
        c0, c1 = int(left) % w, (int(left) + 1) % w
        for c in range(3):
            above = radiance[r0, c0, c] * (1 - fx) + radiance[r0, c1, c] * fx
            below = radiance[r1, c0, c] * (1 - fx) + radiance[r1, c1, c] * fx
            out[i, c] = above * (1 - fy) + below * fy
    return out
