"""Edge-avoiding smoothing of noisy light (Dammertz et al., "Edge-avoiding a-trous wavelet transform", 2010)."""

import numpy as np

from cleanplate.synth.geometry.vectors import Floats, dot

_TAPS = ((0, 1, 0.5), (1, 0, 0.5), (1, 1, 0.25), (1, -1, 0.25))
"""Half of the 8 neighbours with their weights; the other half is the same seen from the other pixel."""


class Smoother:
    """Blends light with its neighbours on the same flat patch of surface, at growing distances.

    Args:
        normal: (h, w, 3) unit normals. point: (h, w, 3) positions in metres. distance: (h, w) metres from the camera.
    """

    def __init__(self, normal: Floats, point: Floats, distance: Floats) -> None:
        self._normal = normal
        self._plane = dot(point, normal)  # distance of each pixel's tangent plane from the origin
        self._scale = 40 / np.maximum(distance, 0.1)
        self._weights: dict[int, list[Floats]] = {}

    def __call__(self, light: Floats, passes: int) -> Floats:
        """(h, w, 3) light, blended over 1, 2, 4... pixels."""
        for k in range(passes if light.any() else 0):
            light = self._blend(light, 2**k)
        return light

    def _blend(self, light: Floats, step: int) -> Floats:
        if step not in self._weights:
            self._weights[step] = [self._alike(dy * step, dx * step, tap, step) for dy, dx, tap in _TAPS]
        total, weight = light.copy(), np.ones((*light.shape[:2], 1), np.float32)
        for (dy, dx, _), same in zip(_TAPS, self._weights[step], strict=True):
            here, there = _pair(light.shape[:2], dy * step, dx * step)
            total[here] += light[there] * same
            total[there] += light[here] * same
            weight[here] += same
            weight[there] += same
        total /= weight
        return total

    def _alike(self, oy: int, ox: int, tap: float, step: int) -> Floats:
        here, there = _pair(self._plane.shape, oy, ox)
        parallel = dot(self._normal[here], self._normal[there]) > 0.9
        apart = np.abs(self._plane[here] - self._plane[there]) * self._scale[here] / np.float32(1 + 0.25 * step)
        return (np.float32(tap) * parallel * np.exp(-apart))[..., None].astype(np.float32)


def _pair(shape: tuple[int, ...], oy: int, ox: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Slices of all pixels that have a neighbour at offset (oy, ox), and of those neighbours."""
    h, w = shape
    here = (slice(max(0, -oy), h - max(0, oy)), slice(max(0, -ox), w - max(0, ox)))
    there = (slice(max(0, oy), h - max(0, -oy)), slice(max(0, ox), w - max(0, -ox)))
    return here, there
