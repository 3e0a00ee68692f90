"""Coloured points as a PLY file."""

import numpy as np
from numpy.typing import NDArray

from cleanplate.imaging import Image
from cleanplate.imaging.arrays import to_uint

POINT = np.dtype([("place", "<f4", (3,)), ("colour", "u1", (3,))])


def encode_ply(places: NDArray[np.float32], colours: Image, comments: tuple[str, ...] = ()) -> bytes:
    """Points as a binary little-endian PLY: x, y, z float32 and red, green, blue 0..255.

    Args:
        places: (n, 3).
        colours: (n, 3) sRGB in [0, 1].
        comments: lines of ASCII for whoever opens the file.

    Source: G. Turk, "The PLY Polygon File Format", 1994.

    >>> encode_ply(np.zeros((1, 3), np.float32), np.ones((1, 3), np.float32))[-15:].hex()
    '000000000000000000000000ffffff'
    """
    points = np.empty(len(places), POINT)
    points["place"] = places
    points["colour"] = to_uint(colours[None], 8)[0] if len(colours) else 0
    header = [
        "ply",
        "format binary_little_endian 1.0",
        *(f"comment {line}" for line in comments),
        f"element vertex {len(points)}",
        *(f"property float {axis}" for axis in "xyz"),
        *(f"property uchar {colour}" for colour in ("red", "green", "blue")),
        "end_header",
    ]
    return "\n".join(header).encode("ascii") + b"\n" + points.tobytes()
