"""Edge-avoiding smoothing of noisy light (Dammertz et al., "Edge-avoiding a-trous wavelet transform", 2010)."""

import numpy as np

from cleanplate.synth.geometry.vectors import Floats
from cleanplate.synth.render.compiled import compiled


class Smoother:
    """Blends light with its neighbours on the same smooth patch of surface, at growing distances.

    Args:
        normal: (h, w, 3) unit normals, 0 where there is no surface. point: (h, w, 3) positions in metres.
        distance: (h, w) metres from the camera.
    """

    def __init__(self, normal: Floats, point: Floats, distance: Floats) -> None:
        self._normal = np.ascontiguousarray(normal)
        self._point = np.ascontiguousarray(point)
        self._scale = (40 / np.maximum(distance, 0.1)).astype(np.float32)

    def __call__(self, light: Floats, passes: int) -> Floats:
        """(h, w, 3) light, blended over 1, 2, 4... pixels."""
        for k in range(passes if light.any() else 0):
            light = _blended(light, self._normal, self._point, self._scale, 2**k)
        return light


@compiled
def _blended(light: Floats, normal: Floats, point: Floats, scale: Floats, step: int) -> Floats:
    """Means of every pixel and 8 neighbours, `step` pixels away, weighted by how near they lie to its tangent plane."""
    h, w = scale.shape
    out = np.empty((h, w, 3), np.float32)
    softness = np.float32(0.5 / (1 + 0.25 * step))
    for y in range(h):
        for x in range(w):
            r, g, b = light[y, x]
            total = np.float32(1)
            nx, ny, nz = normal[y, x]
            px, py, pz = point[y, x]
            for dy in range(-1, 2):
                j = y + dy * step
                if j < 0 or j >= h:
                    continue
                for dx in range(-1, 2):
                    i = x + dx * step
                    if i < 0 or i >= w or (dx == 0 and dy == 0):
                        continue
                    if nx * normal[j, i, 0] + ny * normal[j, i, 1] + nz * normal[j, i, 2] < np.float32(0.9):
                        continue
                    qx, qy, qz = point[j, i]
                    off = abs(nx * (qx - px) + ny * (qy - py) + nz * (qz - pz))
                    alike = np.float32(1) - off * scale[y, x] * softness
                    if alike > 0:
                        tap = alike * alike * np.float32(0.5 if dx == 0 or dy == 0 else 0.25)
                        r += tap * light[j, i, 0]
                        g += tap * light[j, i, 1]
                        b += tap * light[j, i, 2]
                        total += tap
            out[y, x, 0], out[y, x, 1], out[y, x, 2] = r / total, g / total, b / total
    return out
