"""The one place that talks to Embree 4, by its C interface: closest hits and visibility against triangles.

The library is the one inside the package embreex. Its own Python interface copies every triangle in a slow loop.
"""

import ctypes
import weakref
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleanplate.errors import MissingExtraError
from cleanplate.synth.geometry.vectors import Bools, Floats
from cleanplate.synth.render.compiled import compiled, foreign

try:
    _core: Any = import_module("embreex.rtcore")
except ImportError as error:
    raise MissingExtraError("cleanplate synth", "synth", "embreex") from error

_library = ctypes.CDLL(_core.__file__)  # finds the functions of the Embree that it is linked with


def _function(name: str, *arguments: Any, returns: Any = None) -> Any:
    function = getattr(_library, name)
    function.argtypes, function.restype = arguments, returns
    return function


_POINTER, _UINT, _SIZE = ctypes.c_void_p, ctypes.c_uint, ctypes.c_size_t
_new_device = _function("rtcNewDevice", ctypes.c_char_p, returns=_POINTER)
_new_scene = _function("rtcNewScene", _POINTER, returns=_POINTER)
_new_geometry = _function("rtcNewGeometry", _POINTER, _UINT, returns=_POINTER)
_share = _function("rtcSetSharedGeometryBuffer", _POINTER, _UINT, _UINT, _UINT, _POINTER, _SIZE, _SIZE, _SIZE)
_commit_geometry = _function("rtcCommitGeometry", _POINTER)
_attach = _function("rtcAttachGeometry", _POINTER, _POINTER, returns=_UINT)
_release_geometry = _function("rtcReleaseGeometry", _POINTER)
_commit_scene = _function("rtcCommitScene", _POINTER)
_release_scene = _function("rtcReleaseScene", _POINTER)
_TRIANGLES, _INDICES, _VERTICES, _UINT3, _FLOAT3 = 0, 0, 1, 0x5003, 0x9003  # of embree4/rtcore_geometry.h and so on

intersect = foreign("rtcIntersect1", ctypes.cast(_library.rtcIntersect1, _POINTER).value or 0, 3)
"""rtcIntersect1(scene, address of an RTCRayHit, 0) for use inside loops."""

occlude = foreign("rtcOccluded1", ctypes.cast(_library.rtcOccluded1, _POINTER).value or 0, 3)
"""rtcOccluded1(scene, address of an RTCRay, 0) for use inside loops: tfar becomes negative where anything is met."""

_device: Any = None


class TriangleTree:
    """A bounding-volume hierarchy over triangles.

    Args:
        vertices: (n, 3) metres. triangles: (m, 3) indices of their corners.

    Attributes:
        address: what `intersect` and `occlude` know it by; valid as long as the tree lives.
    """

    def __init__(self, vertices: Floats, triangles: NDArray[np.uint32]) -> None:
        global _device  # noqa: PLW0603 - Embree wants one device a process, and it cannot cross a spawn
        if _device is None:
            _device = _new_device(b"threads=1")
        padded = np.zeros((len(vertices) + 1, 3), np.float32)  # Embree reads 16 bytes at a time
        padded[:-1] = vertices
        corners = np.ascontiguousarray(triangles, np.uint32)
        self._kept = padded, corners  # Embree reads them as long as the tree lives
        self.address: int = _new_scene(_device)
        geometry = _new_geometry(_device, _TRIANGLES)
        _share(geometry, _VERTICES, 0, _FLOAT3, padded.ctypes.data, 0, 12, len(vertices))
        _share(geometry, _INDICES, 0, _UINT3, corners.ctypes.data, 0, 12, len(corners))
        _commit_geometry(geometry)
        _attach(self.address, geometry)
        _release_geometry(geometry)
        _commit_scene(self.address)
        weakref.finalize(self, _release_scene, self.address).atexit = False

    def closest(self, origins: Floats, directions: Floats) -> tuple[NDArray[np.int32], Floats, Floats, Floats]:
        """First hit of each float32 ray (n, 3).

        Returns:
            Triangle index (-1 = none), distance in lengths of the direction (inf where nothing is hit), and
            barycentric u, v: the hit lies at (1 - u - v, u, v) of the triangle's corners; each (n,).
        """
        return _closest(self.address, origins, directions)

    def blocked(self, origins: Floats, directions: Floats, distances: Floats) -> Bools:
        """Whether anything lies on each float32 ray (n, 3) nearer than its distance (n,); (n,)."""
        return _blocked(self.address, origins, directions, distances)


@compiled
def _closest(tree: int, origins: Floats, directions: Floats) -> tuple[NDArray[np.int32], Floats, Floats, Floats]:
    n = len(origins)
    triangle, distance = np.empty(n, np.int32), np.empty(n, np.float32)
    u, v = np.empty(n, np.float32), np.empty(n, np.float32)
    ray = np.zeros(24, np.float32)  # RTCRayHit
    bits, address = ray.view(np.int32), ray.ctypes.data
    bits[9] = -1  # mask
    for i in range(n):
        for c in range(3):
            ray[c], ray[4 + c] = origins[i, c], directions[i, c]
        ray[8], bits[17], bits[18] = np.inf, -1, -1  # tfar, primID, geomID
        intersect(tree, address, 0)
        triangle[i], distance[i], u[i], v[i] = bits[17], ray[8], ray[15], ray[16]
    return triangle, distance, u, v


@compiled
def _blocked(tree: int, origins: Floats, directions: Floats, distances: Floats) -> Bools:
    out = np.empty(len(origins), np.bool_)
    ray = np.zeros(12, np.float32)  # RTCRay
    ray.view(np.int32)[9] = -1  # mask
    address = ray.ctypes.data
    for i in range(len(origins)):
        for c in range(3):
            ray[c], ray[4 + c] = origins[i, c], directions[i, c]
        ray[8] = distances[i]
        occlude(tree, address, 0)
        out[i] = ray[8] < 0
    return out
