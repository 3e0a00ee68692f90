"""Pictures in and out, and the pure picture operations everything else is built from."""

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
"""A float32 array (h, w) or (h, w, channels); colours are RGB in [0, 1]."""

Codes = NDArray[np.uint8]
"""The same in 8 bits: 255 is 1."""

Pixels = NDArray[np.float32 | np.uint8]
"""A picture at full size, in codes where it came so: a quarter of the memory, which is what large pictures wait for."""

__all__ = ["Codes", "Image", "Pixels"]
