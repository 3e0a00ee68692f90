"""Pictures in and out, and the pure picture operations everything else is built from."""

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
"""A float32 array (h, w) or (h, w, channels); colours are RGB in [0, 1]."""

Pixels = NDArray[np.float32 | np.uint8]
"""The same, or 8-bit codes of which 255 is 1: a quarter of the memory, which is what pictures at full size wait for."""

__all__ = ["Image", "Pixels"]
