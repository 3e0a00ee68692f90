"""Pictures in and out, and the pure picture operations everything else is built from."""

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
"""A float32 array (h, w) or (h, w, channels); colours are RGB in [0, 1]."""

__all__ = ["Image"]
