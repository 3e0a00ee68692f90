"""The one place that talks to embreex (untyped): closest hits and visibility against a triangle soup."""

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleanplate.errors import MissingExtraError
from cleanplate.synth.geometry.vectors import Bools, Floats

try:
    _core: Any = import_module("embreex.rtcore")
    _scene: Any = import_module("embreex.rtcore_scene")
    _mesh: Any = import_module("embreex.mesh_construction")
except ImportError as error:
    raise MissingExtraError("cleanplate synth", "synth", "embreex") from error

_device: Any = None


class TriangleTree:
    """A bounding-volume hierarchy over triangles.

    Args:
        corners: (m, 3, 3) float32, the corners of every triangle in metres.
    """

    def __init__(self, corners: Floats) -> None:
        global _device  # noqa: PLW0603 - Embree wants one device a process, and it cannot cross a spawn
        if _device is None:
            _device = _core.EmbreeDevice()
        self._tree = _scene.EmbreeScene(_device)
        self._corners = _rows(corners)  # Embree may read the array as long as the tree lives
        self._mesh = _mesh.TriangleMesh(self._tree, self._corners)

    def closest(self, origins: Floats, directions: Floats) -> tuple[NDArray[np.int32], Floats, Floats, Floats]:
        """First hit of each ray (n, 3), cast to float32.

        Returns:
            Triangle index (-1 = none), distance in lengths of the direction (1e37 where nothing is hit), and
            barycentric u, v: the hit lies at (1 - u - v, u, v) of the triangle's corners; each (n,).
        """
        hit = self._tree.run(_rows(origins), _rows(directions), output=1)
        return hit["primID"].astype(np.int32), np.array(hit["tfar"]), np.array(hit["u"]), np.array(hit["v"])

    def blocked(self, origins: Floats, directions: Floats, distances: Floats) -> Bools:
        """Whether anything lies on each ray (n, 3) nearer than its distance (n,); (n,)."""
        reach = np.array(distances, np.float32)  # Embree writes into it
        return self._tree.run(_rows(origins), _rows(directions), dists=reach, query="OCCLUDED") != -1


def _rows(vectors: Floats) -> Floats:
    return np.ascontiguousarray(vectors, np.float32)
